"""Declared inputs: what a stage says it depends on is held against what its outputs do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Bar, Features, Schema, Signal
from helios_engine.config import parse_config
from helios_engine.events import Event
from helios_engine.plugins import Plugins
from helios_engine.proof.declared.perturbing import VARIANTS, changed, columns, inputs
from helios_engine.proof.findings import Outcome
from helios_engine.proof.prover import Proof, prove
from helios_engine.stage import Depends, StageSpec
from tests import stages
from tests.stages import bar
from tests.unit.test_cli import EMA, ROOT

PAIR = Schema("pair/1", ("level", "width"))
SCHEMAS = {"pair/1": ("level", "width")}


class Rising:
    """A signal that follows the close and says so."""

    consumes = Bar
    depends = Depends({"Signal.value": ("Bar.close",)})

    def __init__(self) -> None:
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        before, self.last = self.last, event.body.close
        yield Signal(event.body.instrument, self.value(event.body, before))

    def value(self, body: Bar, before: float) -> float:
        return float(body.close > before)


class Sneaky(Rising):
    """It looks at the volume as well, and only seldom."""

    def value(self, body: Bar, before: float) -> float:
        return float(body.close > before) if body.volume < 2 else 0.5


class Idle(Rising):
    """It was meant to look at the high."""

    depends = Depends({"Signal.value": ("Bar.close", "Bar.high")})


class Silent(Rising):
    """It speaks or not by the volume: that it comes is an output too."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        if event.body.volume < 2:
            yield from super().on_event(event)


class Misspelt(Rising):
    """It names what there is not."""

    depends = Depends({"Signal.value": ("Bar.close", "Bar.clsoe", "Prediction.value"), "Target.quantity": ()})


class Chancy(Rising):
    """It says something else each time."""

    def value(self, body: Bar, before: float) -> float:
        return random.random()


class Pair:
    """Two features of different inputs, one of them declared wrongly."""

    consumes = Bar

    def __init__(self, first: str = "Bar.close") -> None:
        self.first = first

    @property
    def depends(self) -> Depends:
        return Depends({"Features.values[level]": (self.first,), "Features.values[w*]": ("Bar.high", "Bar.low")})

    def on_event(self, event: Event[Bar]) -> Iterator[Features]:
        b = event.body
        yield Features.of(b.instrument, PAIR, [b.close, b.high - b.low], b.timeframe)


def proof_of(stage: type[Any], settings: str = "") -> Proof:
    """A trial of the sample's hourly bars with one stage beside the cross that trades."""
    plugins = Plugins()
    plugins.register(stages.plugin(StageSpec("test.stage", stage)), "test")
    text = EMA.replace("[[stage]]", f'[[stage]]\nuse = "test.stage"\n{settings}\n\n[[stage]]', 1)
    return prove(parse_config(text, ROOT / "configs/x.toml"), plugins, layers=["declared"])


def outcome_of(proof: Proof) -> Outcome:
    return proof.outcomes[0]


def said(proof: Proof) -> list[tuple[str, str]]:
    return [(f.column, f.what.partition(":")[0].partition(" in ")[0]) for f in proof.findings]


@pytest.mark.parametrize(
    ("stage", "found"),
    [
        (Rising, []),
        (Sneaky, [("Signal.value", "depends on Bar.volume, which its declaration does not name")]),
        (Silent, [("Signal.value", "depends on Bar.volume, which its declaration does not name")]),
        (Idle, [("Signal.value", "declared to depend on Bar.high, which never mattered")]),
        (Misspelt, [("Signal.value", "declared to depend on Bar.clsoe, but the events it hears have no such number")]),
    ],
)
def test_a_declaration_is_held_against_what_the_outputs_do(stage: type[Any], found: list[tuple[str, str]]) -> None:
    proof = proof_of(stage)

    assert said(proof) == found
    assert proof.exit_code == (1 if found else 0)  # that other stages declare nothing is no failure
    verdicts = {row.part.name: row.verdict for row in proof.rows}
    assert verdicts["test.stage"] == ("violation" if found else "no violation found")
    assert verdicts["strategy.cross"] == "no violation found"
    assert verdicts["portfolio.weights"] == "not provable"
    for finding in proof.findings:
        assert finding.where.startswith(__file__)
        assert finding.remedy
        assert bool(finding.first) == finding.what.startswith("depends on")


def test_what_never_came_is_a_note_and_no_fault() -> None:
    notes = [f.what for f in outcome_of(proof_of(Misspelt)).findings if f.is_note]

    assert notes == [
        "declared to depend on Prediction.value, which never came in this run",
        "declares Target.quantity, which it never said in this run",
    ]


def test_the_matrix_says_for_every_output_and_input_whether_it_reacted() -> None:
    right, wrong = proof_of(Pair), proof_of(Pair, 'first = "Bar.open"')
    reacted = {
        output: {column for column, moved in row.items() if moved}
        for output, row in outcome_of(right).matrix["test.stage"].items()
    }

    assert right.findings == ()
    assert reacted == {"Features.values[level]": {"Bar.close"}, "Features.values[width]": {"Bar.high", "Bar.low"}}
    assert said(wrong) == [
        ("Features.values[level]", "depends on Bar.close, which its declaration does not name"),
        ("Features.values[level]", "declared to depend on Bar.open, which never mattered"),
    ]


def test_a_stage_that_does_not_repeat_itself_cannot_be_judged() -> None:
    row = next(row for row in proof_of(Chancy).rows if row.part.name == "test.stage")

    assert (row.verdict, "says otherwise when it is given the same events again" in row.reason) == (
        "not provable",
        True,
    )


def test_the_features_keep_their_own_declaration() -> None:
    text = (ROOT / "configs/six_kinds_bars.toml").read_text()
    proof = prove(parse_config(text, ROOT / "configs/x.toml"), layers=["declared"])

    assert proof.findings == ()
    matrix = outcome_of(proof).matrix["features.basic"]
    assert len(matrix) == 9
    assert {c for c, moved in matrix["Features.values[atr_14]"].items() if moved} == {
        "Bar.high",
        "Bar.low",
        "Bar.close",
    }


@pytest.mark.parametrize("name", ["close", "Bar.", "Bar.close[1]", "Features.values[]", "Bar close"])
def test_a_name_that_is_no_column_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected `Body.field`"):
        Depends({"Signal.value": (name,)})


@given(st.lists(st.sampled_from(["close", "high", "low"]), unique=True), st.sampled_from(["a", "ab", "b", "b.c"]))
def test_an_output_depends_on_what_all_matching_entries_name(named: list[str], column: str) -> None:
    output = f"Features.values[{column}]"
    entries = {f"Features.values[{p}]": (f"Bar.{n}",) for p, n in zip(("a*", "*b", "*.c"), named, strict=False)}
    depends = Depends(entries)
    fits = {"a*": column.startswith("a"), "*b": column.endswith("b"), "*.c": column.endswith(".c")}
    expected = {n for p, n in zip(("a*", "*b", "*.c"), named, strict=False) if fits[p]}

    assert {n for n in ("close", "high", "low") if depends.allows(output, f"Bar.{n}")} == expected
    assert depends.speaks_of(output) == bool(expected)


@given(st.floats(1, 1e6), st.sampled_from(VARIANTS), st.integers(0, 2**32))
def test_only_the_column_that_is_meant_is_changed(close: float, variant: str, seed: int) -> None:
    for body in (bar(close), Features.of("A", PAIR, [close, None])):
        for column in inputs(body, SCHEMAS):
            before = columns(body, SCHEMAS)
            after = columns(changed(body, column, variant, np.random.default_rng(seed), SCHEMAS), SCHEMAS)
            assert {name for name in before if before[name] != after[name]} <= {column}
    assert changed(bar(close), "Bar.close", "all alike", np.random.default_rng(seed), {}) != bar(close)
