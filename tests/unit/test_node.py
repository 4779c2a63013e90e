from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Bar, Features, Schema, Signal, Target
from helios_engine.errors import BuildError, StageError
from helios_engine.events import Body, Event
from helios_engine.provenance import new_run
from tests.stages import MINUTE, Follow, bar, event, node


def deliver(stage: type[Any], body: Body | None = None, run: int | None = None) -> list[Body]:
    return node(stage).deliver(event(body or bar(8.0)), run or new_run())


class Raises:
    """Divides by zero."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal(event.body.instrument, 1 / 0)


class Undeclared(Follow):
    """Yields a kind that its annotation does not name."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Target(event.body.instrument, 1.0)  # type: ignore[misc]


class Text(Follow):
    """Yields something that is no body."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield "buy"  # type: ignore[misc]


class DatesItself(Follow):
    """Yields an event with a time of its own."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Event(event.ts - 1, 0, "me", Signal("X", 1.0))  # type: ignore[misc]


class DatesAhead:
    """Yields a bar that closes after now."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Bar]:
        yield bar(1.0, number=2)


class Mutates(Follow):
    """Writes into the event that all stages share."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        msgspec.structs.force_setattr(event.body, "close", 99.0)
        yield Signal("X", 1.0)


class MutatesTime(Follow):
    """Moves the event in time."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        msgspec.structs.force_setattr(event, "ts", 1)
        yield Signal("X", 1.0)


class NotANumber(Follow):
    """Yields NaN."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal("X", float("nan"))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Raises, r"ZeroDivisionError at test_node.py:\d+: .*the run stopped at this event"),
        (Undeclared, "yielded Target, but its on_event is annotated to yield Signal; add it to the return annotation"),
        (Text, "it yielded 'buy', which is no Body"),
        (DatesItself, "it yielded an Event; only the pipeline dates things: yield the body alone"),
        (DatesAhead, "Bar.ts_close is 1970-01-01T00:02:00Z, after now, 1970-01-01T00:01:00Z"),
        (Mutates, "the stage changed the event it was given"),
        (MutatesTime, "the stage changed the event it was given"),
        (NotANumber, "Signal.value is nan; yield nothing until there is a number"),
    ],
)
def test_a_broken_contract_names_stage_event_and_remedy(stage: type[Any], said: str) -> None:
    with pytest.raises(StageError, match=said) as caught:
        deliver(stage)

    assert str(caught.value).startswith("stage 'test.stage' on Bar feed#0 at 1970-01-01T00:01:00Z")


KEPT: list[Signal] = []


class Keeps(Follow):
    """Yields a body that it made in the first run it was ever in."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        if not KEPT:
            KEPT.append(Signal("X", 1.0))
        yield KEPT[0]


def test_a_body_made_in_another_run_is_refused() -> None:
    KEPT.clear()
    deliver(Keeps, run=new_run())

    with pytest.raises(
        StageError, match="a Signal that was made in another run; .*keep it in attributes set in __init__"
    ):
        deliver(Keeps, run=new_run())


def test_a_body_may_be_yielded_twice_in_its_own_run() -> None:
    KEPT.clear()
    run = new_run()

    assert deliver(Keeps, run=run) == deliver(Keeps, run=run)


class NoAnnotation:
    """Does not say what it yields."""

    consumes = Bar

    def on_event(self, event):  # type: ignore[no-untyped-def]
        return []


class NoConsumes:
    """Does not say what it wants."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal("X", 1.0)


class SharedState(Follow):
    """Keeps its state on the class."""

    seen: list[float] = []  # noqa: RUF012


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (NoAnnotation, "annotate on_event with what it yields"),
        (NoConsumes, "`consumes` must be a Body class or a tuple of them, found None"),
        (SharedState, "SharedState.seen is a list on the class"),
    ],
)
def test_a_class_that_cannot_keep_the_contract_is_refused_at_build_time(stage: type[Any], said: str) -> None:
    with pytest.raises(BuildError, match=said):
        node(stage)


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ({}, True),
        ({"timeframe": "1m"}, True),
        ({"timeframe": ("5m", "1h")}, False),
        ({"instrument": "ETHZAR.VALR"}, False),
        ({"source": "feed", "timeframe": "1m"}, True),
    ],
)
def test_the_filter_decides_what_a_stage_sees(on: dict[str, Any], wanted: bool) -> None:
    assert node(Follow, on=on).wants(Bar, "BTCZAR.VALR", "1m", "feed") is wanted


def test_an_unknown_filter_key_is_refused() -> None:
    with pytest.raises(BuildError, match="`on` filters by instrument, timeframe, source; found 'symbol'"):
        node(Follow, on={"symbol": "BTCZAR.VALR"})


def test_features_cannot_carry_infinity_and_mask_what_is_missing() -> None:
    schema = Schema("two/1", ("a", "b"))

    row = Features.of("X", schema, [1.5, None])

    assert (row.array[0], row.mask, row.is_complete) == (1.5, b"\x01\x00", False)
    with pytest.raises(ValueError, match="infinity"):
        Features.of("X", schema, [1.0, float("inf")])
    assert MINUTE == 60_000_000_000
