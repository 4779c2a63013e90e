"""The checks of a stage beside the prover's: contract, repeating itself, saved state, edge values."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from helios_engine import recipe, state
from helios_engine.bodies import Bar, Features
from helios_engine.codec import Codec
from helios_engine.errors import StageError
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.plugins import Offer
from helios_engine.proof.rehearsals.columns import difference_of
from helios_engine.provenance import new_run
from helios_engine.testing.check import UnjudgedError
from helios_engine.testing.hearing import Heard, hear_stage, outputs_of
from helios_engine.testing.subject import Subject, made_by
from helios_engine.timeframe import iso

POINTS = 8
"""At so many random events is the state saved and given to a fresh stage."""


def run_stage(
    stage: Callable[[], Any], events: Iterable[Event[Body]], *, on: Mapping[str, Any] | None = None
) -> list[Body]:
    """What a stage that `stage()` makes says to these events, vetted as in a run; raises StageError, BuildError."""
    node = Node(getattr(stage, "__name__", "stage"), stage, on or {}, Codec())
    run = new_run()
    return [body for event in events for body in node.deliver(event, run)]


def contract(subject: Subject) -> Sequence[str]:
    """Name, words, typed settings and annotations, and a run in which it speaks and changes none of its events."""
    found = list(recipe_problems(subject.offer, subject.name))
    node = Node(subject.name, made_by(subject), {}, Codec(subject.plugins.bodies))
    if not node.emits and subject.config is None:
        raise UnjudgedError(f"{subject.name} yields nothing (`-> None`), so nothing that it does can be compared")
    heard = hear_stage(subject)
    if not any(heard.said):
        found.append(
            f"stage {subject.name!r} said nothing to {len(heard.events)} events; set it so that it speaks within six "
            "days of hourly bars, or give a `config` in which it does"
        )
    return found


def recipe_problems(offer: Offer, name: str) -> Iterator[str]:
    """What is wrong with a recipe whatever its kind."""
    if "." not in name or name != name.lower():
        yield f"{offer.plugin}: the name {name!r} should read `kind.what`, in lower case"
    doc = inspect.getdoc(offer.spec.factory) or ""
    if len(doc.split("\n")[0].split()) < 3:
        yield f"{offer.plugin}: {name!r} says nothing of itself; begin its docstring with a sentence"
    recipe.settings_struct(name, offer.spec.factory)
    recipe.schema(name, offer.spec.factory)


def repeats(subject: Subject) -> Sequence[str]:
    """A second stage of the same process, given the same events, says the same."""
    heard = hear_stage(subject)
    return _compare(subject, heard, outputs_of(heard.node, heard.events), _SECOND)


def restores(subject: Subject) -> Sequence[str]:
    """A stage that was saved and loaded at random events goes on as if nothing had been."""
    heard = hear_stage(subject)
    node, draw = heard.node, random.Random(0)
    points = set(draw.sample(range(len(heard.events)), min(POINTS, len(heard.events))))
    node.renew()
    run = new_run()
    said: list[list[Body]] = []
    for number, event in enumerate(heard.events):
        if number in points:
            saved = state.dump(node.stage)
            node.stage = node.make()
            state.load(node.stage, saved)
        said.append(node.deliver(event, run))
    return _compare(subject, heard, said, _RESTORED)


def bears_edges(subject: Subject) -> Sequence[str]:
    """Flat prices without volume, prices a million times larger, and rows all masked break nothing.

    Neither NaN nor infinity may come out, which the pipeline refuses, and no exception other than a DataError.
    """
    heard = hear_stage(subject)
    found = []
    for what, change in EDGES.items():
        events = [
            msgspec.structs.replace(event, body=change(number, event.body)) for number, event in enumerate(heard.events)
        ]
        try:
            outputs_of(heard.node, events)
        except StageError as error:
            found.append(f"with {what}: {error}")
        except Exception as error:
            if type(error).__name__ != "DataError":
                raise
    return found


def _flat(number: int, body: Body) -> Body:
    if isinstance(body, Bar):
        return msgspec.structs.replace(body, open=100.0, high=100.0, low=100.0, close=100.0, volume=0.0)
    return body


def _huge(number: int, body: Body) -> Body:
    """Every other bar's prices a million times larger: the bar stays one."""
    if isinstance(body, Bar) and number % 2:
        prices = {name: getattr(body, name) * 1e6 for name in ("open", "high", "low", "close")}
        return msgspec.structs.replace(body, **prices)
    return body


def _masked(number: int, body: Body) -> Body:
    if isinstance(body, Features):
        nan = b"\x00\x00\x00\x00\x00\x00\xf8\x7f"
        return msgspec.structs.replace(body, values=nan * len(body.mask), mask=bytes(len(body.mask)))
    return body


EDGES: dict[str, Callable[[int, Body], Body]] = {
    "flat bars without volume": _flat,
    "every other bar a million times larger": _huge,
    "rows of features that are all masked": _masked,
}
_SECOND = "keep state in attributes set in __init__, draw from random.Random(seed) of your own, and read no clock"
_RESTORED = "save all that later outputs depend on: as plain attributes, or in dump and load"


def _compare(subject: Subject, heard: Heard, found: Sequence[list[Body]], remedy: str) -> Sequence[str]:
    for event, before, after in zip(heard.events, heard.said, found, strict=True):
        if before != after:
            _, column, text = difference_of(tuple(before), tuple(after))
            where = f"stage {subject.name!r} at {iso(event.ts)} ({event.source}#{event.seq})"
            return [f"{where}: {column} {text}; {remedy}"]
    return []
