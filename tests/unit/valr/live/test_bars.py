"""Official buckets become bars, each once; what VALR changes, leaves out or says otherwise than its trades is told."""

from __future__ import annotations

from pathlib import Path

from helios_engine.bodies import Bar, DataIssue, Health, MarkPrice, Quote, Ticker, Trade
from helios_engine.recorder.connection import Wanted
from tests.unit.valr.live.market import MINUTE, NAME, NORMAL, Table, play, quick

PERPETUAL = "BTCUSDTPERP.VALR"
BARS = [Wanted(Bar, NAME, "1m")]


def test_minutes_of_everything_at_the_usual_pace(tmp_path: Path) -> None:
    world = quick(30.0, 30.0)
    wanted = [*BARS, Wanted(Trade, NAME), Wanted(Quote, NAME), Wanted(Ticker, NAME), Wanted(MarkPrice, PERPETUAL)]

    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Bar)) == 3)
        await table.quiet()
        found = table.heard.of(Bar)
        assert found == table.bars(found[0].ts_open, found[-1].ts_open)
        assert [bar.ts_open for bar in found] == [found[0].ts_open + n * MINUTE for n in range(3)]
        assert [one.trade_id for one in table.heard.of(Trade)] == table.made()
        assert table.heard.book() == table.truth()
        assert table.valr.parser.tally.compared == 1

    heard, rebuilt = play(tmp_path, wanted, work, world=world, of_valr=NORMAL, rate=10.0)

    times = [(ts, body) for ts, body in heard.inputs if isinstance(body, Bar)]
    assert all(2 <= (ts - bar.ts_close) / 1e9 < 30 for ts, bar in times)
    assert heard.of(Ticker, instrument=NAME)
    assert heard.of(MarkPrice, instrument=PERPETUAL)
    assert heard.of(DataIssue) == []
    # Rarely: a few minutes bring a few measurements of each.
    assert len(heard.of(Health, kind="staleness")) <= 10
    assert [one.differs for one in rebuilt] == [""]
