"""What must hold before a run may start: every stage fed, every request taken, every currency priced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from helios_engine.bodies import (
    Account,
    BookSnapshot,
    Control,
    DataIssue,
    Fill,
    FundingPayment,
    Health,
    Instrument,
    OrderAccepted,
    OrderCanceled,
    OrderModified,
    OrderTriggered,
    OrderUnknown,
    Position,
    Print,
    Quarantine,
    Quote,
    Reject,
    Tick,
    Trade,
)
from helios_engine.codec import Codec
from helios_engine.config import Config
from helios_engine.effects import RunningEffect
from helios_engine.errors import BuildError, ConfigError
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.plugins import Plugins
from helios_engine.stage import Feed, Pin
from helios_engine.timeframe import timeframe_ns
from helios_engine.toml_place import nearest

ENGINE_INPUTS: tuple[type[Body], ...] = (
    Instrument,
    Tick,
    Control,
    Health,
    Quarantine,
    DataIssue,
    OrderAccepted,
    OrderModified,
    OrderTriggered,
    OrderCanceled,
    Fill,
    FundingPayment,
    Reject,
    OrderUnknown,
    Position,
    Account,
)
"""Bodies that every run may bring without a stage or feed that offers them."""


MOVING: frozenset[type[Body]] = frozenset({Trade, Quote, BookSnapshot})
"""What moves a venue as it happens; a bar tells of it when it is over."""


def moving(config: Config) -> frozenset[type[Body]]:
    """What moves the venue of a config: trades alone, where it is told to match on nothing else."""
    on_trades: frozenset[type[Body]] = frozenset({Trade})
    return on_trades if config.venue.settings.get("book") == "trades" else MOVING


class RunningFeed(NamedTuple):
    """A feed under its name in the run."""

    name: str
    feed: Feed
    rank: int
    pin: Pin
    offers: tuple[type[Body], ...]


def smallest_timeframe(config: Config) -> str:
    """The smallest timeframe of the bar feeds; one minute where trades are at hand."""
    frames = [str(p.settings["timeframe"]) for p in config.feeds if "timeframe" in p.settings]
    trades = [p for p in config.feeds if "timeframe" not in p.settings]
    return "1m" if trades or not frames else min(frames, key=timeframe_ns)


def check_fed(
    config: Config,
    nodes: Sequence[Node],
    feeds: Sequence[RunningFeed],
    effects: Sequence[RunningEffect],
    plugins: Plugins,
) -> None:
    """Every kind a stage consumes must come from somewhere before it, unless the stage says `optional`."""
    offered: set[type[Body]] = {*ENGINE_INPUTS, *(kind for feed in feeds for kind in feed.offers)}
    specs = plugins.offers("effect")
    for piece in config.effects:
        offered.update(specs[piece.use].spec.emits)
    for number, node in enumerate(nodes, 1):
        optional = getattr(node.stage, "optional", ())
        for kind in node.consumes:
            if kind in optional or any(issubclass(o, kind) for o in offered):
                continue
            later = next((other.name for other in nodes[number - 1 :] if kind in other.emits), None)
            hint = (
                f"stage {later!r} offers it, but stands at or after it: move it before"
                if later
                else "add the stage, feed or effect that does"
            )
            raise BuildError(
                f"{config.stages[number - 1].where}: stage {number} {node.name!r} consumes "
                f"{kind.__name__}, but no earlier stage offers it; {hint}"
            )
        offered |= node.emits


def check_answered(config: Config, nodes: Sequence[Node], effects: Sequence[RunningEffect], codec: Codec) -> None:
    """Every body must have a tag, and every request somebody who takes it."""
    taken = {kind for running in effects for kind in running.handles}
    for piece, node in zip(config.stages, nodes, strict=True):
        for kind in node.emits:
            if codec.tag(kind) is None:
                raise BuildError(
                    f"{piece.where}: stage {node.name!r} yields {kind.__name__}, which no plugin registers; return "
                    f'BodySpec({kind.__name__}, "plugin.{kind.__name__}/1") from helios_bodies'
                )
            if kind is Print:
                raise BuildError(f"{piece.where}: stage {node.name!r} yields Print, which is for feeds alone")
            if kind.__name__.endswith("Request") and kind not in taken:
                raise BuildError(
                    f"{piece.where}: stage {node.name!r} yields {kind.__name__}, but no [[effect]] takes it; "
                    "add one, see `helios-engine plugin list`"
                )


def check_delays(config: Config, feeds: Sequence[RunningFeed], effects: Sequence[RunningEffect]) -> None:
    """With bars only, nothing between two bars can be told apart: a delay must be whole bars."""
    if any(MOVING & set(feed.offers) for feed in feeds):
        return
    length = timeframe_ns(smallest_timeframe(config))
    for piece, running in zip(config.effects, effects, strict=True):
        if running.delay % length:
            raise ConfigError(
                f"{piece.where}: effect {piece.name!r} has a delay inside a bar, which bars alone cannot resolve; "
                f"write 0s or a multiple of {smallest_timeframe(config)}, or use trades"
            )


def check_currencies(config: Config, instruments: Sequence[Instrument]) -> None:
    """Every currency of the account and of a quote must have a price in the report currency."""
    report, rates = config.account.currency, config.account.rates
    names = {definition.instrument for definition in instruments}
    for currency, name in rates.items():
        if name not in names:
            raise ConfigError(
                f"{config.path}: [account] rates: {currency} is priced by {name!r}, "
                f"which is in no feed; {nearest(name, names)}"
            )
    wanted = {d.quote for d in instruments} | set(config.account.balances)
    missing = sorted(wanted - {report} - set(rates))
    if missing:
        raise ConfigError(
            f"{config.path}: [account] reports in {report}, but {missing[0]} has no rate; "
            f'add it under [account.rates], e.g. {missing[0]} = "{missing[0]}{report}.VENUE", and feed that instrument'
        )
