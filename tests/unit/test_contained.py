"""A contained node: what stands of what a failing stage said, and a second run that comes to the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Bar, Quarantine, Signal
from helios_engine.codec import Codec
from helios_engine.config_containment import ContainmentSection
from helios_engine.contained import Contained
from helios_engine.containment import Containment, Spell
from helios_engine.events import Body, Event
from helios_engine.pace import FIRST, Pace
from helios_engine.provenance import new_run
from tests.stages import bar, event


class Counts:
    """Yields as many signals as it has seen bars, and fails in the middle of bar number `bad`."""

    consumes = Bar

    def __init__(self, bad: int, error: type[BaseException]) -> None:
        self.bad, self.error, self.seen = bad, error, 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        for number in range(self.seen + 1):
            if self.seen == self.bad and number == self.bad:
                raise self.error
            yield Signal(event.body.instrument, number / 100)
        self.seen += 1


class Clock:
    """Times that were laid down beforehand: the seconds that each event takes, and which is interrupted."""

    def __init__(self, spells: list[Spell]) -> None:
        self.spells = iter(spells)
        self.allowed: list[float] = []

    def begin(self, stage: str, seconds: float) -> None:
        self.allowed.append(seconds)

    def end(self) -> Spell:
        return next(self.spells)


def run(
    bad: int,
    error: type[BaseException],
    count: int,
    *,
    most: int = 1000,
    turn: int = 1,
    recorded: dict[str, Quarantine] | None = None,
    spells: list[Spell] | None = None,
) -> tuple[list[list[Body]], list[tuple[int, Quarantine]]]:
    """Deliver bars, `turn` of them in each turn; what came out of each, and who was put out when."""
    shared = Containment(ContainmentSection(max_outputs=most))
    node = Contained("test.counts", lambda: Counts(bad, error), {}, Codec(), containment=shared)
    node.renew()
    held: list[tuple[int, Quarantine]] = []
    shared.begin(recorded, lambda ts: None)
    shared.told.append(lambda ts, found: held.append((ts, found)))
    if spells is not None:
        shared.watch = Clock(spells)
    number, said = new_run(), []
    for i in range(count):
        shared.turn = i // turn
        said.append(node.deliver(event(bar(8.0, i + 1), seq=i), number))
    return said, held


ERRORS = st.sampled_from([ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError, StopIteration])


@given(bad=st.integers(0, 12), count=st.integers(1, 12), error=ERRORS)
def test_of_the_event_at_which_it_fails_nothing_stands_and_of_earlier_ones_everything(
    bad: int, count: int, error: type[BaseException]
) -> None:
    said, held = run(bad, error, count)

    assert [len(bodies) for bodies in said] == [i + 1 if i < bad else 0 for i in range(count)]
    assert [(found.stage, found.delivery) for _, found in held] == ([("test.counts", bad)] if bad < count else [])


@given(bad=st.integers(0, 12), count=st.integers(1, 12), error=ERRORS, most=st.integers(1, 60), turn=st.integers(1, 4))
def test_a_run_that_is_made_again_comes_to_the_same(
    bad: int, count: int, error: type[BaseException], most: int, turn: int
) -> None:
    said, held = run(bad, error, count, most=most, turn=turn)
    recorded = {found.stage: found for _, found in held}

    assert run(bad, error, count, most=most, turn=turn, recorded=recorded) == (said, held)


SPELLS = st.builds(Spell, st.floats(0, 2.5), st.floats(0, 200), st.booleans())


@given(spells=st.lists(SPELLS, min_size=12, max_size=12), turn=st.integers(1, 4))
def test_what_took_too_long_is_taken_from_the_record(spells: list[Spell], turn: int) -> None:
    said, held = run(99, ValueError, 12, turn=turn, spells=spells)
    recorded = {found.stage: found for _, found in held}

    assert run(99, ValueError, 12, turn=turn, recorded=recorded) == (said, held)


def test_a_ctrl_c_that_no_record_knows_ends_a_run_that_is_made_again() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(3, KeyboardInterrupt, 5, recorded={})


@given(most=st.integers(1, 40), turn=st.integers(1, 5))
def test_no_more_is_said_in_a_turn_than_may_be(most: int, turn: int) -> None:
    said, held = run(99, ValueError, 12, most=most, turn=turn)

    sizes = [len(bodies) for bodies in said]
    assert all(sum(sizes[i : i + turn]) <= most for i in range(0, 12, turn))
    assert all(found.kind == "flooded" for _, found in held)
    assert held or sum(sizes) == 78


BOUNDS = ContainmentSection(turn_budget="100ms", slow_turns=3, turn_limit="1s", max_share=0.5)


def faults(*spells: tuple[int, float, float], first: int = 0, is_live: bool = False) -> list[str | None]:
    """What a pace says of events, each `(turn, seconds, at)`."""
    pace, found = Pace(BOUNDS), []
    for number, (turn, seconds, at) in enumerate(spells):
        pace.allowed(turn, is_first=number < first)
        found.append(pace.fault(Spell(seconds, at, False), is_first=number < first, is_live=is_live))
    return found


def test_three_slow_turns_within_a_minute_are_too_many_and_over_a_longer_time_are_not() -> None:
    within, over = faults((1, 0.2, 0), (2, 0.2, 30), (3, 0.2, 60)), faults((1, 0.2, 0), (2, 0.2, 30), (3, 0.2, 61))

    assert within == [None, None, "3 turns of over 100ms within a minute"]
    assert over == [None, None, None]


def test_the_events_of_one_turn_count_together_and_once() -> None:
    assert faults((1, 0.09, 0), (1, 0.09, 1), (1, 0.09, 2), (1, 0.09, 3)) == [None] * 4
    assert faults((1, 0.6, 0), (1, 0.6, 1))[1] == "took 1.2 s in one turn; the limit is 1 s"


def test_the_first_event_of_a_kind_may_take_ten_times_as_long_and_does_not_count() -> None:
    assert faults((1, 9.9, 0), (1, 0.05, 1), first=1) == [None, None]
    assert faults((1, 10.1, 0), first=1) == ["took 10.1 s; the limit is 10 s"]
    assert Pace(BOUNDS).allowed(1, is_first=True) == FIRST


def test_a_stage_that_takes_most_of_a_minute_is_too_slow_though_each_turn_is_quick() -> None:
    busy = [(number, 0.09, number * 0.15) for number in range(1000)]

    assert "took 60% of the last 60 s; max_share is 50%" in faults(*busy, is_live=True)
    assert faults(*busy) == [None] * 1000
