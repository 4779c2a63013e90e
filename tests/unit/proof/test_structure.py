"""What the source of a part names is found whether or not it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time as ask

import pytest

from helios_engine import node
from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Outcome
from helios_engine.proof.structure.layer import inspect
from tests.unit.proof import fickle, leaky
from tests.unit.proof.trying import case, is_in


class Rarely(leaky.Clean):
    """Reads the clock on a day that has not come."""

    def look(self, event: Event[Bar]) -> None:
        if event.body.close < 0:
            ask()


class Setting(leaky.Clean):
    """Sets a constant of the engine, on that day."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        if event.body.close < 0:
            node.FILTERS = ()  # type: ignore[assignment]
        yield from super().on_event(event)


class Times(leaky.Clean):
    """Honest: names clocks' modules, and asks none."""

    def look(self, event: Event[Bar]) -> None:
        self.at = datetime.fromtimestamp(event.ts / 1e9, tz=UTC)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One reading of parts of every sort."""
    stages = [Rarely, Setting, Times, leaky.Seeded, leaky.Frames, leaky.Asking, fickle.Module, fickle.Memoised]
    (found,) = inspect(case(tmp_path_factory.mktemp("structure"), stages, [leaky.Outside]))
    return found


@pytest.mark.parametrize(
    ("kind", "words"),
    [(Rarely, "time.time"), (Setting, "sets helios_engine.node.FILTERS"), (leaky.Frames, "sys._getframe")],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_code_that_never_ran_is_found(outcome: Outcome, kind: type, words: str) -> None:
    (found,) = [f for f in outcome.findings if f.part.name == f"leaky.{kind.__name__.lower()}" and not f.is_note]

    assert words in found.what
    assert is_in(found.where, kind)


@pytest.mark.parametrize("kind", [Times, leaky.Seeded, fickle.Memoised], ids=lambda kind: kind.__name__)
def test_honest_code_is_left_in_peace(outcome: Outcome, kind: type) -> None:
    assert [f for f in outcome.findings if f.part.name == f"leaky.{kind.__name__.lower()}" and not f.is_note] == []


def test_state_in_a_module_is_told_and_an_effect_may_work_outside(outcome: Outcome) -> None:
    told = {(f.part.name, f.what) for f in outcome.findings if f.is_note}

    assert ("leaky.module", "it keeps state in its module (_HEARD)") in told
    assert ("leaky.outside", "it has code with time.time") in told


def test_a_class_without_a_file_is_said_to_be_unread(tmp_path: Path) -> None:
    made = type("Made", (leaky.Clean,), {"__module__": "nowhere"})
    (found,) = inspect(case(tmp_path, [made]))

    assert any("leaky.made: its source cannot be read" in limit for limit in found.not_covered)
