"""The layer drivers: the run by events, by blocks, and by blocks of drawn sizes; whoever says otherwise looked ahead.

Event by event a stage cannot reach what comes later but through a catalog or a module, which other layers attack. In a
block later rows are at hand: a stage that reads them says something else than its `on_event`, or dates it earlier. In a
block of another size other rows are at hand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np

from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.proof.case import Case, parts_in
from helios_engine.proof.drivers.telling import BLOCKS, BYTES, EVENTS, MIXED, Looked, Told, look, tell, words
from helios_engine.proof.findings import Finding, Outcome, Part
from helios_engine.proof.forks import answer_of
from helios_engine.proof.rehearsals.columns import difference_of

ENGINE = Part("engine", "engine")
NOT_COVERED = ("drivers: sizes of blocks other than those drawn; another seed draws others",)
_REMEDY = (
    "say of row n what follows from rows up to n alone, at the index of n, with the calculation of on_event; "
    "`block.ts[-1]` is not now"
)


class _Apart(NamedTuple):
    """The first output in which a stage differs between two drivers: its number, its time and its turn."""

    stage: str
    number: int
    ts: int
    turn: int


def compare(case: Case) -> tuple[Outcome]:
    """Run the case by each driver in a process of its own; returns the outcome of the layer drivers."""
    begin = time.monotonic()
    case.progress("running by blocks and by events", 0.0)
    looked = msgspec.convert(answer_of(partial(look, case)), Looked)
    parts = {part.name: part for part in parts_in(case.config, case.plugins)}
    findings = list(_feeds(parts, looked))
    expected = _told(case, EVENTS)
    coverage = {"stages by blocks": len(looked.stages), "feeds in columns": len(looked.feeds)}
    for share, driver in enumerate((MIXED, BLOCKS), 1):
        found = _told(case, driver)
        case.progress("running by blocks and by events", (1 + share) / 3)
        coverage[f"outputs of the run by {driver}"] = len(b"".join(found.outputs.values())) // BYTES
        if not findings:
            findings += _differences(case, parts, looked, expected, found, driver)
    return (
        Outcome(
            layer="drivers",
            findings=tuple(findings),
            coverage=coverage,
            not_covered=NOT_COVERED,
            looked_at=(*looked.ahead, *looked.feeds, ENGINE.name),
            seconds=time.monotonic() - begin,
        ),
    )


def _told(case: Case, driver: str) -> Told:
    return msgspec.convert(answer_of(partial(tell, case, driver)), Told)


def _feeds(parts: dict[str, Part], looked: Looked) -> Iterator[Finding]:
    for name, text in looked.feeds.items():
        if text:
            remedy = "blocks() and inputs() must have the same rows: make one of the other"
            yield Finding(layer="drivers", part=parts[name], what=text, remedy=remedy)


def _differences(
    case: Case, parts: dict[str, Part], looked: Looked, expected: Told, found: Told, driver: str
) -> Iterator[Finding]:
    """The stages that differ of themselves: not because somebody whom they hear does."""
    if found.error:
        named = next((name for name in looked.ahead if f"stage {name!r}" in found.error), "")
        yield Finding(layer="drivers", part=parts.get(named, ENGINE), what=f"by blocks it fails: {found.error}")
        return
    apart = [a for name in expected.outputs | found.outputs if (a := _apart(name, expected, found)) is not None]
    names = {a.stage for a in apart}
    guilty = [a for a in apart if a.stage in looked.ahead and not names & set(looked.hears[a.stage])]
    # Where no stage that runs ahead differs of itself, the engine has delivered something else.
    for a in guilty or sorted(apart, key=lambda a: a.turn)[:1]:
        column, text = _words(case, a, driver)
        yield Finding(
            layer="drivers",
            part=parts[a.stage] if guilty else ENGINE,
            what=f"by blocks {a.stage} says otherwise than event by event: {text}",
            column=column,
            first=a.ts,
            remedy=_REMEDY if guilty else "",
            reproduction=f"blocks of drawn sizes, seed {case.seed}" if driver == MIXED else 'driver = "blocks"',
        )
    if not apart and (wrong := [name for name in expected.heads if expected.heads[name] != found.heads.get(name)]):
        what = f"stages say the same by blocks and by events, but the heads of {', '.join(wrong)} differ"
        yield Finding(layer="drivers", part=ENGINE, what=what)


def _apart(name: str, expected: Told, found: Told) -> _Apart | None:
    one, two = (np.frombuffer(told.outputs.get(name, b""), f"V{BYTES}") for told in (expected, found))
    common = min(len(one), len(two))
    wrong = np.flatnonzero(one[:common] != two[:common])
    if not len(wrong) and len(one) == len(two):
        return None
    number = int(wrong[0]) if len(wrong) else common
    longer = [told for told in (expected, found) if len(told.times.get(name, ())) > number]
    return _Apart(name, number, min(t.times[name][number] for t in longer), min(t.turns[name][number] for t in longer))


def _words(case: Case, apart: _Apart, driver: str) -> tuple[str, str]:
    codec = Codec(case.plugins.bodies)

    def said(by: str) -> tuple[Body, ...]:
        raw = answer_of(partial(words, case, by, apart.stage, apart.number))
        if raw is None:
            return ()
        tag, fields = msgspec.msgpack.decode(raw, type=tuple[str, msgspec.Raw])
        return (codec.decode(tag, fields),)

    before, after = said(EVENTS), said(driver)
    if before == after:
        return type(after[0]).__name__, "the same, at another time or from another input"
    _, column, text = difference_of(before, after)
    return column, text
