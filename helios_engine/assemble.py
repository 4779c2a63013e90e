"""From a plan to a running engine: sources in the timeline, stages in the pipeline, venue in the port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

from helios_engine.bodies import Features, Instrument, Quarantine, Trade
from helios_engine.build import Plan, leaves
from helios_engine.driving.ahead import Ahead
from helios_engine.driving.market_only import run_ahead
from helios_engine.driving.stretch import Part
from helios_engine.driving.timeline import BlockTimeline
from helios_engine.engine import Ask, ContainedEngine, Engine
from helios_engine.errors import ConfigError
from helios_engine.feature_ear import FeatureEar
from helios_engine.gate import Gate
from helios_engine.journal import Journal
from helios_engine.ledger import Ledger
from helios_engine.node import Node
from helios_engine.pipeline import Pipeline
from helios_engine.port import Port
from helios_engine.recording import RecordedVenue, Recording
from helios_engine.results import Results
from helios_engine.soundness import moving
from helios_engine.stage import Venue, in_columns
from helios_engine.timeframe import nanoseconds, timeframe_ns
from helios_engine.timeline import TICK, Source, Timeline, ticks

FIRST, DOUBTS = 0, 10
"""Ranks of instrument definitions, which precede the data that needs them, and of what is known against data."""
DEFINITIONS = "instruments"
"""The source of instrument definitions."""


def assemble(
    plan: Plan,
    *,
    journal: Path | None = None,
    results: Path | None = None,
    recording: Recording | None = None,
    venue: Venue | None = None,
    streams: Sequence[Source] | None = None,
    timeline: Timeline | None = None,
    ask: Ask | None = None,
    mark: str = "",
    resumes: bool = False,
    since: int = 0,
    driver: str | None = None,
    sizes: Iterator[int] | None = None,
    quarantined: Mapping[str, Quarantine] | None = None,
) -> Engine:
    """Make an engine that is ready to run, with stages and effects that have seen nothing yet.

    A `venue` that was made already is used. With a `recording` the venue's answers and the effects'
    replies come from there: a replay. `streams` take the place of the plan's own sources.
    With `resumes` the journal is that of a killed run, which is gone on with: from its byte `since` on, if the engine
    will be given what it knew there. `mark` is written into every table of
    the results: what a reader must not miss. `driver` takes the place of the config's; a plan with streams or nodes of
    another make is driven by events. `sizes` yields the most inputs of each stretch that is read ahead. `quarantined`
    are the stages that a live run put out, when it is made again.
    """
    for node in plan.nodes:
        node.renew()
    effects = tuple(running._replace(effect=running.make()) for running in plan.effects) if recording is None else ()
    names = [node.name for node in plan.nodes]
    memory = Journal(journal, names, plan.codec, resumes=resumes, since=since)
    by_blocks = streams is None and timeline is None and (driver or plan.config.run.driver) == "blocks"
    ahead = _ahead(plan) if by_blocks else frozenset()
    ear = FeatureEar(memory, plan.nodes) if results is not None and _makes_features(plan) else None
    pipeline = Pipeline(plan.nodes, memory if ear is None else ear, leaves(plan.effects), ahead)
    ledger = Ledger(plan.config.account.currency, balances(plan), plan.config.account.rates)
    engine: Engine
    if recording is not None and venue is None:
        venue = RecordedVenue(recording, lambda: engine.turns)
    port = Port(Gate(plan.config.gate, ledger), ledger, venue or plan.make_venue(), plan.start)
    known = [d for d in plan.instruments if d.valid_from <= plan.begin]
    port.open(plan.begin, known)
    if timeline is None and by_blocks:
        timeline = _by_blocks(plan, pipeline, ahead, sizes)
    engine = (Engine if plan.containment is None else ContainedEngine)(
        timeline=timeline or Timeline(sources(plan) if streams is None else streams),
        pipeline=pipeline,
        port=port,
        journal=memory,
        effects=effects,
        results=Results(results, plan.start, mark, ear) if results is not None else None,
        recording=recording,
        pinned=pinned(plan),
        ask=ask,
        until=plan.stop,
    )
    if plan.containment is not None and isinstance(engine, ContainedEngine):
        engine.containment = plan.containment
        plan.containment.begin(quarantined, port.gate.hold)
    return engine


def _makes_features(plan: Plan) -> bool:
    return any(Features in node.emits for node in plan.nodes)


def sources(plan: Plan) -> list[Source]:
    """Instruments first, then doubts, feeds in the config's order, the venue's prints, and the tick last."""
    begin, stop = plan.begin, plan.stop
    found = [Source(DEFINITIONS, FIRST, _definitions(plan))]
    for feed in plan.feeds:
        doubts = getattr(feed.feed, "issues", None)
        if doubts is not None:
            found.append(Source(f"{feed.name}.issues", DOUBTS, doubts(begin, stop)))
    for feed in plan.feeds:
        blocks = in_columns(feed.feed, "blocks", "inputs")
        opened = None if blocks is None else partial(blocks, begin, stop)
        found.append(Source(feed.name, feed.rank, feed.feed.inputs(begin, stop), opened))
    # Where trades, quotes or books are at hand they move the venue, and a bar's path would be a second tape.
    moves = moving(plan.config)
    traded = {d.instrument for f in plan.feeds if moves & set(f.offers) for d in f.feed.instruments()}
    for feed in plan.feeds:
        prints = getattr(feed.feed, "prints", None)
        if prints is not None and not any(d.instrument in traded for d in feed.feed.instruments()):
            found.append(Source(f"{feed.name}.prints", feed.rank, prints(begin, stop)))
    grace = nanoseconds(plan.config.run.grace)
    length = timeframe_ns(plan.tick)
    # The tick that closes the last bar may be told after the last row, unless the run ended before it.
    told = stop - 1 if plan.is_cut else stop + grace
    found.append(Source("tick", TICK, ticks(plan.tick, length, grace, begin - 1, told)))
    return found


def _ahead(plan: Plan) -> frozenset[int]:
    """Stages that run ahead of the clock: none where somebody listens between the pipeline and them."""
    if any(type(node) is not Node for node in plan.nodes):
        return frozenset()
    specs = plan.plugins.offers("effect")
    return run_ahead(plan.nodes, [kind for piece in plan.config.effects for kind in specs[piece.use].spec.emits])


def _by_blocks(plan: Plan, pipeline: Pipeline, ahead: frozenset[int], sizes: Iterator[int] | None) -> Timeline:
    known = pinned(plan)

    def wants(part: Part) -> bool:
        kind = part.rows.kind
        passes = kind is Trade and part.source in known
        return not passes or pipeline.wanted(kind, part.instrument, part.timeframe, part.source)

    return BlockTimeline(sources(plan), Ahead(plan.nodes, ahead, pipeline.run), wants, sizes)


def pinned(plan: Plan) -> dict[str, str]:
    """The sources that a manifest or the config pins, with their digests; of a live run none."""
    if plan.is_live:
        return {}
    digests = {DEFINITIONS: "config", "tick": "config"}
    for feed in plan.feeds:
        for name in (feed.name, f"{feed.name}.prints", f"{feed.name}.issues"):
            digests[name] = feed.pin.digest
    return digests


def balances(plan: Plan) -> dict[str, Decimal]:
    """Starting balances as exact numbers; ConfigError if one is none."""
    found: dict[str, Decimal] = {}
    for currency, text in plan.config.account.balances.items():
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            raise ConfigError(
                f"{plan.config.path}: [account] balances: {currency} = {text!r} is not an amount of money"
            )
        found[currency] = amount
    return found


def heads(plan: Plan, engine: Engine) -> dict[str, str]:
    """The heads of a run, the inputs' included."""
    digests = pinned(plan)
    delivered = engine.timeline.delivered
    return engine.journal.heads({name: (digests[name], delivered[name]) for name in delivered if name in digests})


def _definitions(plan: Plan) -> Iterator[tuple[int, Instrument]]:
    for definition in plan.instruments:
        if definition.valid_from < plan.stop:
            yield max(definition.valid_from, plan.begin), definition
