"""Which stages may run ahead of the clock: those that hear of nothing but the market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helios_engine.bodies import (
    Account,
    Control,
    Fill,
    FundingPayment,
    Health,
    Label,
    LlmReply,
    OrderAccepted,
    OrderCanceled,
    OrderModified,
    OrderTriggered,
    OrderUnknown,
    Position,
    Prediction,
    Reject,
)
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.stage import in_columns

REACTIVE: frozenset[type[Body]] = frozenset(
    (
        *(Account, Control, Fill, FundingPayment, Health, Label, LlmReply, OrderAccepted, OrderCanceled),
        *(OrderModified, OrderTriggered, OrderUnknown, Position, Prediction, Reject),
    )
)
"""Bodies that follow from what a run decides, or that somebody decides while it runs."""


def run_ahead(nodes: Sequence[Node], replies: Iterable[type[Body]]) -> frozenset[int]:
    """Positions of the stages that run ahead; `replies` are the bodies that the run's effects answer with.

    These are the market-only stages that offer `on_columns`, and the market-only stages without it whose outputs one
    of those consumes: they are given one event at a time, so that they cost only themselves their block.
    """
    reactive = {*REACTIVE, *replies}
    market: list[int] = []
    for position, node in enumerate(nodes):
        if any(_touches(kind, node) for kind in reactive):
            reactive |= node.emits
        else:
            market.append(position)
    chosen: set[int] = set()
    for position in reversed(market):
        feeds_one = any(_touches(kind, nodes[later]) for kind in nodes[position].emits for later in chosen)
        if takes_blocks(nodes[position]) or feeds_one:
            chosen.add(position)
    return frozenset(chosen)


def takes_blocks(node: Node) -> bool:
    """Whether a stage offers `on_columns`."""
    return callable(in_columns(node.stage, "on_columns", "on_event"))


def _touches(kind: type[Body], node: Node) -> bool:
    return any(issubclass(kind, wanted) or issubclass(wanted, kind) for wanted in node.consumes)
