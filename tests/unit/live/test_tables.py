"""The tables that are made from a journal are those that were made live."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import pyarrow.parquet as pq

from helios_engine.live.tables import tables
from tests.unit.live.acme import COIN, Server
from tests.unit.live.killing import has_filled, live
from tests.unit.live.runs import plugins, swing


async def ended(folder: Path) -> Path:
    """The folder of a run that was never killed."""
    over = asyncio.Event()
    async with Server() as server:
        server.say(COIN)
        prices = asyncio.create_task(swing(server, over.is_set))
        await live(folder, server, None, signal.SIGINT, 0.5, has_filled)
        over.set()
        await prices
    return next((folder / "runs").iterdir())


def test_tables_from_the_journal_are_those_of_the_run(tmp_path: Path) -> None:
    place = asyncio.run(ended(tmp_path))
    again = tmp_path / "again" / place.name
    shutil.copytree(place, again)
    names = sorted(path.name for path in place.glob("*.parquet") if "feature" not in path.name)

    made, problem = asyncio.run(tables(again, plugins(), "", True, lambda number: None))
    made.close()

    assert problem == ""
    assert {"equity.parquet", "fills.parquet", "orders.parquet"} <= set(names)
    for name in names:
        assert pq.read_table(again / name).equals(pq.read_table(place / name)), name
    assert pq.read_table(place / "fills.parquet").num_rows > 0
