"""The layers that audit one run as it is: availability and fills, by what was given and what was said."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from helios_engine import recipe
from helios_engine.bodies import Bar
from helios_engine.build import Plan, build
from helios_engine.proof.audits import availability, tapped
from helios_engine.proof.audits.availability import Availability
from helios_engine.proof.audits.fills import Fills
from helios_engine.proof.audits.standing import Words
from helios_engine.proof.case import Case, parts_of
from helios_engine.proof.findings import Outcome, Part
from helios_engine.proof.forks import answer_of
from helios_engine.proof.rehearsals.watching import defined_at
from helios_engine.timeframe import nanoseconds, timeframe_ns
from helios_engine.timeline import Source

NOT_COVERED = (
    "fills: a place in a queue, and what our own orders would have changed in the market, cannot be seen in the data",
)
_LATENCIES = "latency_ns"


def audit(case: Case) -> tuple[Outcome, Outcome]:
    """Run a case once in a child and audit it; returns the outcomes of availability and fills. Raises HeliosError."""
    case.progress("auditing", 0.0)
    found = answer_of(partial(_audited, case))
    first, second = (msgspec.convert(outcome, Outcome) for outcome in found)
    return first, second


def words_of(plan: Plan) -> Words:
    """What a run's config says of its venue, with the venue's own defaults; one that says nothing has no latency."""
    piece = plan.config.venue
    offer = plan.plugins.offers("venue")[piece.use]
    struct = recipe.settings_struct(piece.use, offer.spec.factory)
    defaults = {f.name: f.default for f in msgspec.structs.fields(struct) if f.default is not msgspec.NODEFAULT}
    said = {**defaults, **piece.settings}
    least = 0 if "latency" not in struct.__struct_fields__ else nanoseconds(str(said["latency"] or "1ns"))
    if said.get("latency_file"):
        least = _least(plan.config.path.parent / str(said["latency_file"]))
    is_exact = bool(least) and not said.get("latency_file") and not said.get("latency_jitter")
    delay = nanoseconds(str(said.get("delay") or "0s"))
    return Words(least, delay, is_exact, str(said.get("fill_model") or ""), dict(plan.terms.fees_in))


def _audited(case: Case) -> Any:
    begin = time.monotonic()
    plan = build(case.config, case.plugins)
    parts = parts_of(plan)
    venue = next(p for p in parts if p.kind == "venue")
    fills = Fills(venue, words_of(plan), where=defined_at(plan.make_venue(), "market"))
    ears = tapped.run(plan, partial(_availability, plan, parts), fills)
    seconds = time.monotonic() - begin
    spoke = ears.availability.spoke
    silent = {p.name: "it said nothing in the whole run" for p in parts if p.name not in spoke and p != venue}
    filled = {} if fills.tally.coverage.get("fills") else {venue.name: "it filled nothing"}
    outcomes = (
        Outcome(
            layer="availability",
            findings=ears.availability.tally.findings(),
            coverage=ears.availability.tally.coverage,
            not_covered=availability.NOT_COVERED,
            not_provable=silent,
            seconds=seconds,
        ),
        Outcome(
            layer="fills",
            findings=fills.tally.findings(),
            coverage=fills.tally.coverage,
            not_covered=NOT_COVERED,
            not_provable=filled,
        ),
    )
    return cast(Any, msgspec.to_builtins(outcomes))


def _availability(plan: Plan, parts: Sequence[Part], sources: Sequence[Source]) -> Availability:
    feeds = {p.name: p for p in parts if p.kind == "feed"}
    by_source = {f"{name}{of}": part for name, part in feeds.items() for of in ("", ".issues", ".prints")}
    return Availability(
        sources=sources,
        delays={running.name: running.delay for running in plan.effects},
        parts=by_source,
        places={feed.name: defined_at(feed.feed, "inputs") for feed in plan.feeds},
        stages=[p for p in parts if p.kind == "stage"],
        builders=[number for number, node in enumerate(plan.nodes) if Bar in node.emits],
        start=plan.start,
        stop=plan.stop,
        tick=timeframe_ns(plan.tick),
    )


def _least(path: Path) -> int:
    """The least of measured latencies (ns), a column of Parquet or CSV."""
    from pyarrow import compute, csv, parquet

    table = csv.read_csv(path) if path.suffix == ".csv" else parquet.read_table(path, columns=[_LATENCIES])
    return int(compute.min(table[_LATENCIES]).as_py())
