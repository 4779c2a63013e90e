"""The end of a paper run: what it leaves in its folder, and what it failed with, if so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helios_engine import runner
from helios_engine.build import Plan
from helios_engine.engine import Engine
from helios_engine.live.tables import made_again
from helios_engine.report.page import write_page
from helios_engine.report.summary import Status, Summary

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper


async def written(
    run: Paper,
    plan: Plan,
    engine: Engine,
    failure: BaseException | None,
    started: float,
    contaminated: str,
    notes: list[str],
) -> Summary:
    """Write tables, the end of the journal, summary and page; `notes` of the run itself follow those given.

    Raises `failure` once that is done; if it cannot be done, `failure` all the same, with the reason as its cause.
    """
    assert run.place is not None
    status: Status = "complete" if failure is None else "failed"
    results = engine.results
    try:
        if results is None:
            results = await made_again(run, engine, failure is None, contaminated)
        notes = [*notes, *run.notes()]
        summary = runner.close(plan, engine, results, run.place, status, failure, started, contaminated, notes)
        write_page(run.place)
    except Exception as error:
        if results is not None:
            results.discard()
        if failure is None:
            raise
        raise failure from error
    if failure is not None:
        raise failure
    return summary
