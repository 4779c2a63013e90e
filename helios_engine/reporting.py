"""What a finished engine has to say of itself, for `run.json` and everything made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from helios_engine.assemble import heads
from helios_engine.bodies import DataIssue, FundingRate
from helios_engine.build import Plan
from helios_engine.engine import Engine
from helios_engine.plugins import Identity
from helios_engine.report.doubt import Doubt, doubt
from helios_engine.report.frames import Frames
from helios_engine.report.measure import measure_run
from helios_engine.report.metrics import Metrics
from helios_engine.report.summary import AccountNote, Counts, PluginNote, Span, Status, Summary
from helios_engine.stage import Pin
from helios_engine.terms import fees_in_words


def summarise(
    plan: Plan,
    engine: Engine,
    place: Path,
    *,
    status: Status,
    error: str,
    started: str,
    finished: str,
    versions: dict[str, str],
    contaminated: str = "",
    notes: Sequence[str] = (),
) -> Summary:
    """Summarise a run whose tables lie in `place`; a failed one is measured as far as it got."""
    account, port = plan.config.account, engine.port
    metrics, parts = measure_run(place, plan.instruments, account.currency, account.rates, _unfunded(plan))
    found = doubt(Frames(place).trades, _issues(plan))
    return Summary(
        name=plan.config.run.name,
        status=status,
        contaminated=contaminated,
        error=error,
        config_digest=plan.config.digest,
        started=started,
        finished=finished,
        span=Span(start=plan.start, stop=plan.stop),
        counts=Counts(
            inputs=sum(engine.timeline.delivered.values()),
            turns=engine.turns,
            outputs={node.name: node.count for node in plan.nodes},
            orders=port.orders,
            fills=port.fills,
            rejects=dict(port.rejects),
            dropped=port.early,
        ),
        heads=heads(plan, engine),
        pins=_pins(plan, engine),
        plugins=[PluginNote(name=i.name, identity=str(i)) for i in _used(plan)],
        versions=versions,
        account=AccountNote(
            currency=account.currency, start_equity=metrics.start_equity, end_equity=metrics.end_equity
        ),
        models=_models(plan, engine),
        metrics=metrics,
        breakdown=parts,
        doubt=found,
        warnings=[*notes, *_warnings(plan, engine, metrics, found)],
    )


def _pins(plan: Plan, engine: Engine) -> dict[str, Pin]:
    """What pins each feed's data; of a live run, how much of it has come."""
    if not plan.is_live:
        return {feed.name: feed.pin for feed in plan.feeds}
    taken = engine.timeline.delivered
    return {
        feed.name: msgspec.structs.replace(feed.pin, rows=taken.get(feed.name, 0), first=plan.begin, last=engine.now)
        for feed in plan.feeds
    }


def _unfunded(plan: Plan) -> tuple[str, ...]:
    """The perpetuals of the run whose funding rates no feed brings."""
    funded = {d.instrument for f in plan.feeds if FundingRate in f.offers for d in f.feed.instruments()}
    perpetuals = {d.instrument for d in plan.instruments if d.contract == "perpetual"}
    return tuple(sorted(perpetuals - funded))


def _used(plan: Plan) -> list[Identity]:
    """The plugins whose recipes this run is made of, not all that are installed."""
    pieces = (("feed", plan.config.feeds), ("stage", plan.config.stages), ("effect", plan.config.effects))
    found: dict[str, Identity] = {}
    for kind, tables in (*pieces, ("venue", (plan.config.venue,))):
        offers = plan.plugins.offers(kind)  # type: ignore[arg-type]
        for piece in tables:
            identity = offers[piece.use].plugin
            found[identity.name] = identity
    return list(found.values())


def _models(plan: Plan, engine: Engine) -> dict[str, str]:
    """What fills, latency, fees and limits were modelled by, in words."""
    told = getattr(engine.port.venue, "models", None)
    limits = [
        f"{k} {v}" for k, v in ((k, getattr(plan.config.gate, k)) for k in plan.config.gate.__struct_fields__) if v
    ]
    return {
        "venue": plan.config.venue.use,
        "fees": fees_in_words(plan.terms),
        **_currency(plan),
        "gate": ", ".join(limits) or "no limits set",
        **(told() if told is not None else {}),
    }


def _currency(plan: Plan) -> dict[str, str]:
    """How other currencies become the report's, if there are any."""
    account = plan.config.account
    used = [f"1 {money} = the last price of {name}" for money, name in sorted(account.rates.items())]
    if not used:
        return {}
    return {"currency": f"all in {account.currency}; {', '.join(used)}, at every mark and fill, without a cost"}


def _issues(plan: Plan) -> Iterator[DataIssue]:
    """Everything known against the data of the run's span."""
    for feed in plan.feeds:
        known = getattr(feed.feed, "issues", None)
        if known is not None:
            yield from (body for _, body in known(plan.begin, plan.stop))


def _warnings(plan: Plan, engine: Engine, metrics: Metrics, found: Doubt) -> list[str]:
    """What a reader should know before believing the figures."""
    told = []
    free = [d.instrument for d in plan.instruments if not d.maker_fee and not d.taker_fee]
    if free:
        told.append(f"no fees are known for {', '.join(free)}: set maker_fee and taker_fee under [[instrument]]")
    if engine.port.early:
        told.append(f"{engine.port.early} intents before the start were turned away")
    issues = sum(feed.pin.issues for feed in plan.feeds)
    if issues:
        told.append(f"the data has {issues} known issues: see `helios-engine data check`")
    if found.trades:
        told.append(
            f"{found.trades} of {found.of} trades, which earned {found.net:,.2f} {plan.config.account.currency}, were"
            " entered, held or left over data that is quarantined or filled: confirm or repair it, then believe them"
        )
    rejected = sum(engine.port.rejects.values()) - engine.port.rejects["gate: warm-up"]
    if rejected:
        told.append(f"{rejected} intents were rejected by gate or venue")
    if metrics.days < 30:
        told.append(f"{metrics.days} daily returns: rates per year say little over so short a span")
    return told
