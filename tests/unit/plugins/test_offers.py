"""What every offer of these plugins keeps: words, typed settings with defaults, a return annotation, plain state."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from helios_engine import recipe, state
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.plugins import Plugins
from helios_engine.stage import EffectSpec, StageSpec

OURS = ("aggregation", "features", "ml", "risk", "llm", "portfolio", "execution", "strategy")
FOUND = Plugins()
STAGES: list[StageSpec] = [o.spec for n, o in sorted(FOUND.offers("stage").items()) if n.partition(".")[0] in OURS]
EFFECTS: list[EffectSpec] = [o.spec for n, o in sorted(FOUND.offers("effect").items()) if n.partition(".")[0] in OURS]


def names(specs: list[Any]) -> list[str]:
    return [spec.name for spec in specs]


def test_the_six_kinds_and_the_strategies_are_offered() -> None:
    assert names(STAGES) == [
        "aggregation.larger_bars",
        "aggregation.time_bars",
        "execution.bracket",
        "execution.limit",
        "execution.market",
        "execution.twap",
        "features.basic",
        "features.technical",
        "llm.strategist",
        "ml.predictor",
        "portfolio.weights",
        "risk.drawdown",
        "risk.vol_target",
        "strategy.buy_and_hold",
        "strategy.cross",
        "strategy.mean_reversion",
        "strategy.model",
    ]
    assert names(EFFECTS) == ["llm.cassette", "llm.rules", "ml.online_linear"]


@pytest.mark.parametrize("spec", [*STAGES, *EFFECTS], ids=lambda s: s.name)
def test_it_says_what_it_does_in_words(spec: StageSpec | EffectSpec) -> None:
    first = (inspect.getdoc(spec.factory) or "").split("\n")[0]

    assert len(first.split()) >= 5


@pytest.mark.parametrize("spec", [*STAGES, *EFFECTS], ids=lambda s: s.name)
def test_its_settings_are_typed_and_have_a_schema(spec: StageSpec | EffectSpec) -> None:
    fields = recipe.settings_struct(spec.name, spec.factory).__struct_fields__

    described = recipe.schema(spec.name, spec.factory)

    own = described["$defs"][described["$ref"].rpartition("/")[2]]  # settings may have settings of their own
    assert set(fields) == set(own.get("properties", {}))


@pytest.mark.parametrize("spec", STAGES, ids=lambda s: s.name)
def test_a_stage_runs_with_its_defaults_and_declares_bodies_in_and_out(spec: StageSpec) -> None:
    node = Node(spec.name, lambda: spec.factory(**recipe.convert(spec.name, spec.factory, {})), {}, Codec())

    assert all(issubclass(kind, Body) for kind in (*node.consumes, *node.emits))
    assert node.emits


@pytest.mark.parametrize("spec", EFFECTS, ids=lambda s: s.name)
def test_an_effect_declares_what_it_takes_and_gives(spec: EffectSpec) -> None:
    handles: Any = getattr(spec.factory, "handles", None)

    assert all(issubclass(kind, Body) for kind in (handles if isinstance(handles, tuple) else (handles,)))
    assert all(issubclass(kind, Body) for kind in spec.emits)
    assert "Raises" in (inspect.getdoc(spec.factory) or "") or spec.name == "llm.rules"


@pytest.mark.parametrize("spec", STAGES, ids=lambda s: s.name)
def test_the_state_of_a_fresh_stage_can_be_saved_and_is_its_own(spec: StageSpec) -> None:
    first, second = spec.factory(), spec.factory()

    state.load(second, state.dump(first))

    assert state.dump(second) == state.dump(first)
