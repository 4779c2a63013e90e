"""The checks of a venue beside the prover's: that it has the methods, takes orders and answers them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from helios_engine.assemble import assemble, heads
from helios_engine.bodies import Fill, OrderIntent
from helios_engine.build import build
from helios_engine.testing.stages import recipe_problems
from helios_engine.testing.subject import Subject

METHODS = ("open", "instrument", "market", "send", "settle", "finish")


class _Heard:
    """A venue that notes what is sent to it and what it answers."""

    def __init__(self, venue: object) -> None:
        self.venue = venue
        self.sent: dict[str, OrderIntent] = {}
        self.fills: list[Fill] = []

    def __getattr__(self, name: str) -> object:
        found = getattr(self.venue, name)
        if name not in METHODS:
            return found

        def call(*given: object) -> object:
            for body in given:
                if name == "send" and isinstance(body, OrderIntent):
                    self.sent[body.id] = body
            answers = found(*given)
            if answers is not None and name in ("market", "settle", "finish"):
                answers = list(answers)
                self.fills += [body for body in answers if isinstance(body, Fill)]
            return answers

        return call


def contract(subject: Subject) -> Sequence[str]:
    """Name, words, typed settings, and every method of `helios_engine.stage.Venue`."""
    found = list(recipe_problems(subject.offer, subject.name))
    venue = build(subject.run(), subject.plugins).make_venue()
    lacking = [name for name in METHODS if not callable(getattr(venue, name, None))]
    if lacking:
        found.append(f"venue {subject.name!r} has no {', '.join(lacking)}; see helios_engine.stage.Venue")
    return found


def answers(subject: Subject) -> Sequence[str]:
    """Orders are filled, none beyond its quantity, each by its own instrument and side."""
    heard = _run(subject)[0]
    found = []
    filled: dict[str, Decimal] = {}
    for fill in heard.fills:
        order = heard.sent.get(fill.id)
        if order is None or (order.instrument, order.side) != (fill.instrument, fill.side):
            found.append(f"venue {subject.name!r}: {fill} answers no order of that id, instrument and side")
            continue
        filled[fill.id] = filled.get(fill.id, Decimal(0)) + fill.quantity
        if fill.quantity <= 0 or fill.price <= 0 or filled[fill.id] > order.quantity:
            found.append(f"venue {subject.name!r}: {fill} fills more than {order.quantity}, or nothing, or for nothing")
    if not heard.sent:
        found.append(f"venue {subject.name!r}: no order came to it; give a `config` that trades")
    elif not heard.fills:
        found.append(f"venue {subject.name!r}: {len(heard.sent)} market orders and no fill in six days of trading")
    return found[:3]


def repeats(subject: Subject) -> Sequence[str]:
    """Two runs of one process come to the same heads."""
    first, second = _run(subject)[1], _run(subject)[1]
    differing = [name for name in first if first[name] != second.get(name)]
    if differing:
        return [
            f"venue {subject.name!r}: a second run of one process differs in {', '.join(differing)}; "
            "keep state in attributes set in __init__, and draw from random.Random(seed)"
        ]
    return []


def _run(subject: Subject) -> tuple[_Heard, dict[str, str]]:
    plan = build(subject.run(), subject.plugins)
    venue = _Heard(plan.make_venue())
    engine = assemble(plan, venue=venue)  # type: ignore[arg-type]
    last = 0
    for ts, *_ in engine.run():
        last = ts
    engine.finish(last)
    return venue, heads(plan, engine)
