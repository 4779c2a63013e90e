"""A warm-up: of the catalog and of history, each trade once, in the place in which a backtest has it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import time_ns

import pytest

from helios_engine.bodies import OrderIntent, Trade
from helios_engine.codec import Codec
from helios_engine.errors import DataError, NotAvailableError
from helios_engine.folder import JOURNAL
from helios_engine.journal import JournalReader
from helios_engine.live.checks import check_run
from helios_engine.live.starting import paper_run
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.runner import Result
from tests.unit.live.acme import COIN, Server
from tests.unit.live.remembering import SECOND, Remembering, catalog, config, plugins, tell


async def warmed(folder: Path, warmup: str, pieces: str = "") -> tuple[Result, Remembering]:
    """A run of two seconds behind its warm-up, with more `pieces` than its config has."""
    async with Server() as server:
        server.say(COIN)
        run = paper_run(config(folder, warmup, pieces), {"port": server.port}, plugins=plugins())
        telling = asyncio.create_task(tell(server, time_ns, 5 * SECOND))
        running = asyncio.create_task(run.run(folder / "runs"))
        while run.phase != "trading" and not running.done():
            await asyncio.sleep(0.02)
        await asyncio.sleep(2.0)
        run.stop.set()
        result = await running
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    connection = run.made.connection
    assert isinstance(connection, Remembering)
    return result, connection


def numbers(result: Result) -> list[int]:
    """The numbers of the trades that the run was told, in its order."""
    inputs = JournalReader(result.folder / JOURNAL, Codec()).inputs()
    return [int(given.body.trade_id) for given in inputs if isinstance(given.body, Trade)]


@pytest.mark.parametrize("stored", [False, True])
def test_a_warmed_run_is_its_backtest(tmp_path: Path, stored: bool) -> None:
    now = time_ns()
    if stored:
        catalog(tmp_path, now - 200 * SECOND, now - 80 * SECOND)

    result, connection = asyncio.run(warmed(tmp_path, "4m"))
    checked = check_run(result.folder, plugins())

    told = numbers(result)
    assert sorted(told) == list(range(min(told), max(told) + 1))
    assert 2400 < len(told) < 3200
    assert (checked.differences, checked.why_not) == ([], "")
    assert checked.fills > 0
    record = JournalReader(result.folder / JOURNAL, Codec()).header()
    assert record["start"] - record["begin"] == 240 * SECOND
    spans = [(start, stop) for kind, start, stop in connection.asked if kind is Trade]
    assert len(spans) == (2 if stored else 1)
    assert (spans[0][0], spans[-1][1]) == (record["begin"], record["start"])


def test_nothing_is_ordered_before_it_is_warm_and_the_summary_says_where_it_is_from(tmp_path: Path) -> None:
    now = time_ns()
    catalog(tmp_path, now - 200 * SECOND, now - 80 * SECOND)

    result, _ = asyncio.run(warmed(tmp_path, "4m"))

    reader = JournalReader(result.folder / JOURNAL, Codec())
    sent = [out.ts for out in reader.outputs() if isinstance(out.body, OrderIntent)]
    assert any(ts < reader.header()["start"] for ts in sent)
    assert result.summary.counts.rejects["gate: warm-up"] > 0
    notes = [note for note in result.summary.warnings if note.startswith("warm-up: ")]
    assert ["of the catalog" in note for note in notes].count(True) == 1
    assert ["Trade" in note and "of the connection's history" in note for note in notes].count(True) == 2
    assert [note.split(" from ")[0] for note in notes if note.endswith("is missing")] == [
        "warm-up: quotes: Quote of 240 s"
    ]


def test_a_damaged_data_set_is_an_error_and_no_hole(tmp_path: Path) -> None:
    now = time_ns()
    catalog(tmp_path, now - 200 * SECOND, now - 80 * SECOND)
    part = next((tmp_path / "data_catalog").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])

    with pytest.raises(DataError, match=r"parquet"):
        asyncio.run(warmed(tmp_path, "4m"))


def asks(how: str) -> str:
    return (
        '[containment]\neffect_patience = "400ms"\n[[stage]]\nuse = "zoo.asks"\n'
        f'[[effect]]\nuse = "zoo.oracle"\nname = "oracle"\nhow = "{how}"\ndelay = "300ms"\n'
    )


def test_effects_are_asked_in_a_warm_up_as_in_its_backtest(tmp_path: Path) -> None:
    result, _ = asyncio.run(warmed(tmp_path, "20s", asks("")))

    checked = check_run(result.folder, plugins())
    assert (checked.differences, checked.why_not) == ([], "")
    reader = JournalReader(result.folder / JOURNAL, Codec())
    replies = [given.ts for given in reader.inputs() if given.source == "oracle"]
    assert sum(ts < reader.header()["start"] for ts in replies) > 90


@pytest.mark.parametrize(("how", "what"), [("raise", "ConnectionError: no route"), ("hang", "no reply after 0.4 s")])
def test_an_effect_that_fails_in_a_warm_up_is_named_and_holds_nothing_up(tmp_path: Path, how: str, what: str) -> None:
    result, _ = asyncio.run(warmed(tmp_path, "20s", asks(how)))

    assert result.summary.status == "complete"
    assert any(text.startswith(f"effect oracle: {what}") for text in result.summary.warnings)
    assert result.summary.counts.fills == 0
    assert result.summary.counts.rejects["gate: pause"] > 0
    assert replay(result.folder, plugins=plugins()).differences == []
    assert reconcile(result.folder, plugins=plugins()).differences == []


def test_a_run_is_stopped_while_history_is_asked_for(tmp_path: Path) -> None:
    async def stopped() -> None:
        async with Server() as server:
            server.say(COIN)
            run = paper_run(config(tmp_path, "4m"), {"port": server.port}, plugins=plugins())
            connection = run.made.connection
            assert isinstance(connection, Remembering)
            connection.never = True
            telling = asyncio.create_task(tell(server, time_ns, SECOND))
            running = asyncio.create_task(run.run(tmp_path / "runs"))
            async with asyncio.timeout(20):
                while not connection.asked:
                    await asyncio.sleep(0.02)
                run.stop.set()
                with pytest.raises(NotAvailableError, match="stopped while history was asked for"):
                    await running
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    asyncio.run(stopped())
