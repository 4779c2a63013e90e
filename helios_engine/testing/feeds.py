"""The checks of a feed beside the prover's: order, stamps, spans, and a pin that stands for the rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from helios_engine.build import build
from helios_engine.events import Body
from helios_engine.testing.check import UnjudgedError
from helios_engine.testing.market import SEED, write_small_market
from helios_engine.testing.stages import recipe_problems
from helios_engine.testing.subject import Subject
from helios_engine.timeframe import iso

_ALL = (0, 2**63 - 1)
_TIMES = ("ts_event", "ts_close", "ts_open")


def contract(subject: Subject) -> Sequence[str]:
    """Name, words, typed settings, annotated inputs, and rows within what the run's build accepts."""
    found = list(recipe_problems(subject.offer, subject.name))
    feed = _made(subject)
    kinds = _offered(subject)
    for number, (_, body) in enumerate(feed.inputs(*_ALL), 1):
        if not isinstance(body, kinds):
            names = ", ".join(kind.__name__ for kind in kinds)
            found.append(
                f"feed {subject.name!r}: row {number} is a {type(body).__name__}, but `inputs` is annotated to yield "
                f"{names}; add it to the annotation"
            )
            break
    return found


def order(subject: Subject) -> Sequence[str]:
    """Inputs are oldest first, and any span [start, stop) of them is the same rows of the whole."""
    rows = _rows(_made(subject))
    for number, ((before, _), (ts, _)) in enumerate(pairwise(rows), 2):
        if ts < before:
            return [f"feed {subject.name!r}: row {number} is of {iso(ts)}, after one of {iso(before)}; sort by time"]
    middle, last = rows[len(rows) // 2][0], rows[-1][0]
    for start, stop in ((0, middle), (middle, last), (last, _ALL[1])):
        expected = [row for row in rows if start <= row[0] < stop]
        if list(_made(subject).inputs(start, stop)) != expected:
            return [
                f"feed {subject.name!r}: inputs({start}, {stop}) are not the rows of that span; "
                "yield those with start <= ts < stop, all of them and no others"
            ]
    return []


def stamps(subject: Subject) -> Sequence[str]:
    """No row is known before what it speaks of, and none without a time after 1970."""
    for number, (ts, body) in enumerate(_rows(_made(subject)), 1):
        for name in _TIMES:
            about = getattr(body, name, None)
            if about is not None and about > ts:
                return [
                    f"feed {subject.name!r}: row {number} is known at {iso(ts)}, before its {name} {iso(about)}; "
                    "stamp a row with when it could first be known: a bar's close, a report's publication"
                ]
        if ts <= 0:
            return [f"feed {subject.name!r}: row {number} has ts {ts}; times are ns UTC since 1970"]
    return []


def pin(subject: Subject) -> Sequence[str]:
    """The pin is the same each time, agrees with the rows, and is another when the data are."""
    first, second = _made(subject).pin(), _made(subject).pin()
    if first != second:
        return [f"feed {subject.name!r}: two pins over the same data differ: {first} and {second}; hash the rows alone"]
    rows = _rows(_made(subject))
    said, found = (first.rows, first.first, first.last), (len(rows), rows[0][0], rows[-1][0])
    # One input may be several rows of the data, as a snapshot of a book is, and never the other way round.
    if said[1:] != found[1:] or first.rows < len(rows):
        return [f"feed {subject.name!r}: the pin says rows, first, last {said}; its inputs are {found}"]
    other = _altered(subject)
    if _rows(_made(other)) == rows:
        raise UnjudgedError(f"{subject.name}: the altered data yield the same rows; name other data in `altered`")
    if _made(other).pin().digest == first.digest:
        return [f"feed {subject.name!r}: other rows, and the same pin {first.digest!r}; make the digest of the rows"]
    return []


def _altered(subject: Subject) -> Subject:
    if isinstance(subject.altered, Path):
        return subject._replace(config=subject.altered)
    if subject.altered is not None:
        return subject._replace(settings={**subject.settings, **subject.altered})
    if "catalog" in subject.settings or subject.config is not None:
        raise UnjudgedError(f"{subject.name}: say in `altered` which settings give other data")
    other = write_small_market(subject.folder / "another", SEED + 1)
    found = subject._replace(catalog=other)
    if _rows(_made(found)) != _rows(_made(subject)):
        return found
    raise UnjudgedError(f"{subject.name} does not read the catalog; say in `altered` which settings give other data")


def _made(subject: Subject) -> Any:
    plan = build(subject.run(), subject.plugins)
    name = subject.part(plan.config)
    return next(running.feed for running in plan.feeds if running.name == name)


def _offered(subject: Subject) -> tuple[type[Body], ...]:
    plan = build(subject.run(), subject.plugins)
    name = subject.part(plan.config)
    return next(running.offers for running in plan.feeds if running.name == name)


def _rows(feed: Any) -> list[tuple[int, Body]]:
    rows = list(feed.inputs(*_ALL))
    if not rows:
        raise UnjudgedError("the feed yields no rows at all")
    return rows
