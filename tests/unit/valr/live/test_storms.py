"""Faults of every kind at random for a long time: in the end all is true and complete, or was told to be missing.

Longer, and with other seeds: `python -m tests.unit.valr.live.test_storms 10 6 2.0` (seeds, hours, faults a minute).
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helios_engine.bodies import Bar, DataIssue, Health, Quote, Ticker, Trade
from helios_engine.recorder.connection import Wanted
from helios_valr.simulator import Faults
from tests.unit.valr.live.market import MINUTE, NAME, START, Table, play

WANTED = [Wanted(Bar, NAME, "1m"), Wanted(Trade, NAME), Wanted(Quote, NAME), Wanted(Ticker, NAME)]


def weather(folder: Path, seed: int, hours: float, per_minute: float) -> str:
    """One run; a line that says what it had to stand. AssertionError if something is silently wrong."""
    faults = Faults.seeded(seed, per_minute, minutes=int(hours * 60))
    for fault in faults.all:
        fault.seconds = min(fault.seconds, 60.0)

    async def work(table: Table) -> None:
        seconds = hours * 3600 + 60
        await table.until(lambda: table.simulator.elapsed > seconds, 2 * seconds)
        await table.until(lambda: all(fault.ended is not None for fault in table.simulator.faults.settle(1e9)), 600)
        await table.until(lambda: table.simulator.elapsed > seconds + 400, 1000)
        await table.until(lambda: table.heard.gap_of() == 0)
        await table.until(lambda: table.valr.parser.trades.missing_since("BTCZAR") is None)
        await table.quiet()
        await table.until(lambda: len(table.heard.of(Trade)) >= len(table.made()), 60)
        assert table.heard.gap_of() == 0
        assert table.heard.book() == table.truth()
        told = [one.trade_id for one in table.heard.of(Trade)]
        assert len(set(told)) == len(told)
        assert sorted(told) == sorted(table.made())
        bars = table.heard.of(Bar)
        assert bars == table.bars(START, bars[-1].ts_open)
        assert bars[-1].ts_close >= START + int(seconds / 60) * MINUTE

    heard, rebuilt = play(folder, WANTED, work, *faults.all, rate=3.0, seed=seed)

    assert [one.differs for one in rebuilt] == [""]
    kinds = sorted({issue.kind for issue in heard.of(DataIssue)})
    touched = len([fault for fault in faults.all if fault.times])
    return (
        f"seed {seed}: {touched} faults touched something, {len(heard.gaps)} lines lost, "
        f"{len(heard.of(DataIssue, kind='book_lost'))} books lost, doubts {', '.join(kinds)}; "
        f"{len(heard.of(Trade))} trades and {len(heard.of(Bar))} bars, all there; "
        f"{len(heard.of(Health))} measurements"
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_after_twenty_minutes_of_faults_all_is_there(tmp_path: Path, seed: int) -> None:
    assert "all there" in weather(tmp_path, seed, 1 / 3, 3.0)


if __name__ == "__main__":
    count, hours, often = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    for number in range(count):
        with TemporaryDirectory() as place:
            print(weather(Path(place), number, hours, often), flush=True)
