"""A paper run over a TCP exchange: it trades, and what it did replays, reconciles, and equals a backtest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helios_engine.bodies import Health, Quote, Trade, VenueStatus
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.journal import JournalReader
from helios_engine.live.checks import check_run
from helios_engine.live.rerun import rerun
from helios_engine.live.starting import paper_run
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.runner import Result
from tests.unit.live.acme import COIN, Server
from tests.unit.live.runs import config, plugins, swing


async def traded(folder: Path, seconds: float = 4.0, fills: int = 4, *before: Body) -> Result:
    """A run of so many seconds, or until there are so many fills; `before` is told when it connects."""
    async with Server() as server:
        server.say(COIN, *before)
        run = paper_run(config(folder), {"port": server.port}, plugins=plugins())
        running = asyncio.create_task(run.run(folder / "runs"))
        over = asyncio.Event()
        prices = asyncio.create_task(swing(server, over.is_set))
        clock = asyncio.get_running_loop().time
        begun = clock()
        while clock() - begun < seconds or (run.session.engine.port.fills < fills and clock() - begun < 20):  # type: ignore[union-attr]
            if run.session.engine is None:  # stages are still made, which may take seconds where kernels compile
                begun = clock()
            await asyncio.sleep(0.05)
        run.stop.set()
        over.set()
        await prices
        return await running


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return asyncio.run(traded(tmp_path_factory.mktemp("paper")))


def test_it_trades(result: Result) -> None:
    assert result.summary.status == "complete"
    assert result.summary.counts.fills > 2
    assert result.report.is_file()


def test_a_backtest_over_its_recording_comes_to_the_same_heads(result: Result) -> None:
    again = rerun(result.folder, plugins())
    assert again.summary.counts.fills == result.summary.counts.fills
    assert {name: head for name, head in again.heads.items() if name != "inputs"} == {
        name: head for name, head in result.heads.items() if name != "inputs"
    }


def test_how_the_venue_is_before_the_first_price_counts(tmp_path: Path) -> None:
    edge = (VenueStatus("ACME", 1, "online"), Health("acme", "link", 1.0), VenueStatus("ACME", 2, "read-only"))
    result = asyncio.run(traded(tmp_path, 2.0, 0, *edge))

    inputs = list(JournalReader(result.folder / "journal.hlj", Codec()).inputs())
    first = next(number for number, given in enumerate(inputs) if isinstance(given.body, Quote | Trade))
    told = inputs[first + 1 : first + 3]
    assert [(given.body, given.ts) for given in told] == [(body, inputs[first].ts) for body in (edge[2], edge[1])]
    assert result.summary.counts.fills == 0
    assert any(reason.startswith("gate: venue") for reason in result.summary.counts.rejects)
    checked = check_run(result.folder, plugins())
    assert (checked.differences, checked.why_not) == ([], "")


def test_a_replay_comes_to_the_same_heads(result: Result) -> None:
    assert replay(result.folder, plugins=plugins()).differences == []


def test_a_reconciliation_comes_to_the_same_fills(result: Result) -> None:
    found = reconcile(result.folder, plugins=plugins())
    assert found.differences == []
    assert (found.recorded, found.again) == (None, None)
    assert found.fills == result.summary.counts.fills
