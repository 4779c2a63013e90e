"""The sets of assumptions that a run is made again under. This table is the one place to change them.

A set changes settings of the venue, the path inside bars, fees, or the delay of decisions. A setting that
the venue does not have is left out, and the report names what was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Never

import msgspec

from helios_engine.bodies import Signal
from helios_engine.build import Plan
from helios_engine.soundness import moving
from helios_engine.timeframe import duration_text, nanoseconds, timeframe_ns

Settings = Mapping[str, Any]
BELONGING = ("participation", "queue_trades", "fill_probability")
"""Numbers of one fill model or another: they go when the model changes."""
SLIPPING = ("slippage_bps", "slippage_ticks", "impact_y", "impact_sigma", "impact_volume")
"""Numbers of one slippage or another."""


class Changes(NamedTuple):
    """What a set changes: settings of the venue, of each feed by its place, and of instruments by name.

    None takes a setting out of the config.
    """

    venue: Settings = MappingProxyType({})
    feeds: Mapping[int, Settings] = MappingProxyType({})
    instruments: Mapping[str, Settings] = MappingProxyType({})


class VenueSettings(NamedTuple):
    """The settings of a run's venue as they hold, defaults included, and the type of each."""

    values: Settings
    types: Settings

    def takes(self, key: str, value: Any) -> bool:
        """Whether the venue has such a setting and would accept the value."""
        try:
            msgspec.convert(value, self.types.get(key, Never))
        except (msgspec.ValidationError, TypeError):
            return False
        return True

    def duration(self, key: str) -> int:
        """A setting that is a duration, in ns; 0 if it is not set."""
        return nanoseconds(str(self.values.get(key) or "0s"))


class Set(NamedTuple):
    """A name, what it asks, why it may have nothing to change, and its changes for a plan and its venue's settings."""

    name: str
    asks: str
    otherwise: str
    changes: Callable[[Plan, VenueSettings], Changes]


def optimistic(plan: Plan, venue: VenueSettings) -> Changes:
    """Limit orders are filled as soon as the market touches them, market orders do not slip, commands take no time."""
    gone = dict.fromkeys((*BELONGING, *SLIPPING, "latency_jitter", "latency_file"))
    return Changes({"fill_model": "touch", "slippage": "none", "latency": "1ns", **gone})


def pessimistic(plan: Plan, venue: VenueSettings) -> Changes:
    """Limit orders are filled late, market orders slip, and commands take longer.

    Limit orders wait until the market is beyond their price. A share of the volume is no harder for a small order,
    since it fills at the price itself, so a run that states a share keeps that model with half of it, and one that
    states a queue with twice as many before it. A market order pays 5 bp more where there are no quotes, unless the
    run says what it pays. The way takes a second, or four times as long as now; a measured one stays.
    """
    v = venue.values
    changes: dict[str, Any] = {}
    match v.get("fill_model"):
        case "participation":
            changes["participation"] = v["participation"] / 2
        case "queue":
            changes["queue_trades"] = 2 * v["queue_trades"] if v.get("queue_trades") else 20.0
        case "touch" | "probabilistic":
            changes |= {**dict.fromkeys(BELONGING), "fill_model": "through"}
    if v.get("slippage") == "none":
        changes |= {"slippage": "half_spread", "slippage_bps": 5.0}
    if not v.get("latency_file"):
        changes |= {"latency": duration_text(max(nanoseconds("1s"), 4 * venue.duration("latency")))}
    return Changes(changes)


def other_path(plan: Plan, venue: VenueSettings) -> Changes:
    """Bars reach their extremes in the other order; where trades move the venue, nobody sees a path."""
    from helios_engine.recipe import settings_struct

    other = {"nearer_first": "farther_first", "farther_first": "nearer_first"}
    moves = moving(plan.config)
    traded = {d.instrument for feed in plan.feeds if moves & set(feed.offers) for d in feed.feed.instruments()}
    found: dict[int, Settings] = {}
    for place, (piece, feed) in enumerate(zip(plan.config.feeds, plan.feeds, strict=True)):
        if any(d.instrument in traded for d in feed.feed.instruments()):
            continue
        if "path" in settings_struct(piece.use, plan.plugins.offers("feed")[piece.use].spec.factory).__struct_fields__:
            found[place] = {"path": other[piece.settings.get("path", "nearer_first")]}
    return Changes(feeds=found)


def double_cost(plan: Plan, venue: VenueSettings) -> Changes:
    """Fees are twice as high and nothing is paid back to makers; stated slippage is twice as large."""
    fees: dict[str, Settings] = {
        d.instrument: {name: str(max(Decimal(0), 2 * getattr(d, name))) for name in ("maker_fee", "taker_fee")}
        for d in plan.instruments
    }
    slippage = {name: 2 * venue.values[name] for name in ("slippage_ticks", "slippage_bps") if venue.values.get(name)}
    if venue.values.get("slippage") == "sqrt_impact":
        slippage["impact_y"] = 2 * (venue.values.get("impact_y") or 1.0)
    return Changes(slippage, instruments=fees)


def one_bar_later(plan: Plan, venue: VenueSettings) -> Changes:
    """Every decision sets out one bar later: of the smallest timeframe that a signal is made on."""
    frames = [
        frame
        for node in plan.nodes
        if Signal in node.emits
        for frame in node.on.get("timeframe", frozenset({plan.tick}))
    ]
    bar = min(map(timeframe_ns, frames or [plan.tick]))
    return Changes({"delay": duration_text(venue.duration("delay") + bar)})


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
