"""The engine of a paper run: new, or as far as a killed one had come, from its newest sound snapshot or its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from helios_engine import folder as folders
from helios_engine import runner
from helios_engine.assemble import assemble
from helios_engine.bodies import Bar, Instrument, Trade
from helios_engine.build import Plan
from helios_engine.engine import Ask, Engine
from helios_engine.live.beginning import Began, begun
from helios_engine.live.killed import Killed
from helios_engine.live.latest import Latest
from helios_engine.live.timeline import LiveTimeline, Stored
from helios_engine.live.trading import warm
from helios_engine.timeframe import iso

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper


WHOLE = "the whole journal"


async def engine_of(
    run: Paper, began: Began, killed: Killed | None, ask: Ask, mark: str
) -> tuple[Engine, LiveTimeline, str]:
    """The engine, its timeline, and from what a killed run goes on.

    From a snapshot the past is over already, since what follows it has to prove it; else it lies ahead.
    """
    snapshots = run.snapshots
    assert snapshots is not None
    if killed is not None:
        snapshots.belong_to(killed.header)
        for path, saved in snapshots.sound(killed):
            engine, timeline = _made(run, began, killed, ask, mark, saved)
            run.session.latest = Latest()
            try:
                snapshots.give(engine, saved, run.session.latest)
                now = engine.now
                await warm(run, engine, timeline)
                engine.journal.caught_up()
            except Exception as error:  # whatever it is, the journal is there without this snapshot
                engine.journal.leave()
                if run.stop.is_set():
                    raise
                snapshots.refuse(path, error)
                continue
            return engine, timeline, f"the snapshot of {iso(now)}"
    snapshots.begin()
    run.session.latest = Latest()
    engine, timeline = _made(run, began, killed, ask, mark, None)
    about = run.session.definitions, run.made.parser, run.settings
    written = engine.journal.header(header(began.plan, engine.port.venue, mark, *about))
    if killed is None:
        snapshots.belong_to(written)
    return engine, timeline, WHOLE


def go_on(run: Paper, last: int, source: str) -> None:
    """A killed run, whose last input was of `last` (ns UTC), goes on from `source`: say so, to the connection too."""
    assert run.snapshots is not None
    seconds = (run.world.monotonic() - run.started) / 1e9
    inputs = f"{source}, {run.behind:,} inputs" if source == WHOLE else f"{source} and {run.behind:,} inputs behind it"
    run.session.resumed(last)
    for text in (*run.snapshots.refused, f"gone on from {inputs}, in {seconds:.1f} s"):
        run.session.warn(text)
    tell = getattr(run.made.connection, "go_on", None)
    if tell is not None:
        assert run.plan is not None
        for want in run.wanted:
            if want.kind is Trade or want.kind is Bar:
                tell(want, run.session.latest.until.get(want, begun(want, run.plan.start)))


def _made(
    run: Paper, began: Began, killed: Killed | None, ask: Ask, mark: str, saved: dict[str, Any] | None
) -> tuple[Engine, LiveTimeline]:
    plan, place = began.plan, run.place
    assert place is not None and run.snapshots is not None
    since, past, ticks = 0, began.past, began.ticks
    if killed is not None and saved is not None:
        since, ticks = saved["journal"], ticks._replace(first=saved["boundary"])
        past = Stored(killed.inputs(plan.codec, since), saved["taken"])
    timeline = LiveTimeline(past, run.clock, ticks, plan.start if killed is None else None)
    out = None if killed is None else killed.quarantines(plan.codec)
    run.session.out_before = frozenset(out or ())
    engine = assemble(
        plan, journal=place / folders.JOURNAL, results=place if killed is None else None,
        venue=run.snapshots.logged(runner.check_money(plan)), timeline=timeline, ask=ask, mark=mark,
        resumes=killed is not None, since=since, quarantined=out,
    )  # fmt: skip
    return engine, timeline


def header(
    plan: Plan,
    venue: Any,
    contaminated: str,
    definitions: Mapping[str, Instrument],
    parser: str,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What identifies the run, with all that a plan needs to be made again without a connection.

    `settings` went before those of the config; a run that is gone on with needs them again.
    """
    return {
        **runner.header(plan, venue, contaminated),
        "mode": "paper",
        "parser": parser,
        "settings": msgspec.to_builtins(settings, enc_hook=repr),
        "definitions": [
            msgspec.to_builtins(definitions[name]) for name in sorted({d.instrument for d in plan.instruments})
        ],
    }
