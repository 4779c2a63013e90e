"""The sets of assumptions that a run is made again under. This table is the one place to change them.

A set changes settings of the venue, the path inside bars, fees, or the delay of decisions. A setting that
the venue does not have is left out, and the report names what was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from helios_engine.bodies import Signal, Trade
from helios_engine.build import Plan
from helios_engine.timeframe import duration_text, nanoseconds, timeframe_ns

Settings = Mapping[str, Any]


class Changes(NamedTuple):
    """What a set changes: settings of the venue, of each feed by its place, and of instruments by name."""

    venue: Settings = MappingProxyType({})
    feeds: Mapping[int, Settings] = MappingProxyType({})
    instruments: Mapping[str, Settings] = MappingProxyType({})


class Set(NamedTuple):
    """A name, what it asks, why it may have nothing to change, and its changes for a plan and its venue's settings."""

    name: str
    asks: str
    otherwise: str
    changes: Callable[[Plan, Settings], Changes]


def optimistic(plan: Plan, venue: Settings) -> Changes:
    """Limit orders are filled as soon as the market touches them, and commands take no time."""
    return Changes({"fill_model": "touch", "latency": "1ns"})


def pessimistic(plan: Plan, venue: Settings) -> Changes:
    """Limit orders are filled only beyond their price, and commands take a second, or four times as long as now."""
    now = nanoseconds(str(venue.get("latency", "0s")))
    return Changes({"fill_model": "through", "latency": duration_text(max(nanoseconds("1s"), 4 * now))})


def other_path(plan: Plan, venue: Settings) -> Changes:
    """Bars reach their extremes in the other order; where trades move the venue, nobody sees a path."""
    from helios_engine.recipe import settings_struct

    other = {"nearer_first": "farther_first", "farther_first": "nearer_first"}
    traded = {d.instrument for feed in plan.feeds if Trade in feed.offers for d in feed.feed.instruments()}
    found: dict[int, Settings] = {}
    for place, (piece, feed) in enumerate(zip(plan.config.feeds, plan.feeds, strict=True)):
        if any(d.instrument in traded for d in feed.feed.instruments()):
            continue
        if "path" in settings_struct(piece.use, plan.plugins.offers("feed")[piece.use].spec.factory).__struct_fields__:
            found[place] = {"path": other[piece.settings.get("path", "nearer_first")]}
    return Changes(feeds=found)


def double_cost(plan: Plan, venue: Settings) -> Changes:
    """Fees are twice as high and nothing is paid back to makers; stated slippage is twice as large."""
    fees: dict[str, Settings] = {
        d.instrument: {name: str(max(Decimal(0), 2 * getattr(d, name))) for name in ("maker_fee", "taker_fee")}
        for d in plan.instruments
    }
    slippage = {name: 2 * venue[name] for name in ("slippage_ticks", "slippage_bps") if venue.get(name)}
    return Changes(slippage, instruments=fees)


def one_bar_later(plan: Plan, venue: Settings) -> Changes:
    """Every decision sets out one bar later: of the smallest timeframe that a signal is made on."""
    frames = [
        frame
        for node in plan.nodes
        if Signal in node.emits
        for frame in node.on.get("timeframe", frozenset({plan.tick}))
    ]
    bar = min(map(timeframe_ns, frames or [plan.tick]))
    return Changes({"delay": duration_text(nanoseconds(str(venue.get("delay", "0s"))) + bar)})


SETS = (
    Set(
        "optimistic",
        "what if fills came as easily as most backtests let them",
        "the run is as optimistic as its venue can be",
        optimistic,
    ),
    Set(
        "pessimistic",
        "what if they came hard and late",
        "the run is as pessimistic as its venue can be",
        pessimistic,
    ),
    Set(
        "other path",
        "what if bars had reached their extremes in the other order",
        "the venue sees no path of bars in this run",
        other_path,
    ),
    Set("double cost", "what if trading cost twice as much", "no cost is stated in this run", double_cost),
    Set("one bar later", "what if every decision came one bar late", "the venue has no `delay`", one_bar_later),
)
