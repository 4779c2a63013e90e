"""The equity of a report at every tick, worked out again from nothing but fills, balances and the catalog's rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from helios_engine.catalog.store import Catalog
from helios_engine.config import parse_config
from helios_engine.runner import run
from tests.unit.test_cli import ROOT

D = Decimal
NAMES = ("BTCZAR.VALR", "ETHZAR.VALR")


def closes(timeframe: str) -> pd.DataFrame:
    """The last close or trade price of each instrument, by when it may be known (ns UTC)."""
    kind, column = ("bars", "close") if timeframe else ("trades", "price")
    found = []
    for name in NAMES:
        data = Catalog(str(ROOT / "data_catalog/sample")).dataset(kind, name, timeframe)
        table = pd.concat([batch.to_pandas() for batch in data.blocks(0, 2**62)])
        table["value"] = table[column] / 10**data.manifest.price_scale
        found.append(table.assign(instrument=name)[["ts", "instrument", "value"]])
    return pd.concat(found)


@pytest.mark.parametrize("fees", ["", 'fees = "valr-tier1-2026"'], ids=["fees in ZAR", "fees as VALR takes them"])
@pytest.mark.parametrize(("name", "timeframe"), [("ema_cross", "1h"), ("six_kinds", "")])
def test_the_marked_equity_is_cash_and_coins_at_the_last_price_at_every_tick(
    tmp_path: Path, name: str, timeframe: str, fees: str
) -> None:
    path = ROOT / f"configs/{name}.toml"
    text = path.read_text().replace('use = "nautilus.sim"', f'use = "nautilus.sim"\n{fees}')
    result = run(parse_config(text, path), runs=tmp_path)
    frames, market = result.frames, closes(timeframe)

    cash, held = D(1_000_000), dict.fromkeys(NAMES, D(0))
    events = [(row.ts, 0, row) for row in market.itertuples()]
    fills = frames.fills.assign(at=pd.DatetimeIndex(frames.fills.index).asi8)
    events += [(row.at, 1, row) for row in fills.itertuples()]
    ticks = pd.DatetimeIndex(frames.equity.index).asi8.tolist()
    events += [(ts, 2, None) for ts in ticks]
    last: dict[str, D] = {}
    expected = []
    for _, kind, row in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            last[row.instrument] = D(repr(float(row.value)))
        elif kind == 1:
            sign = 1 if row.side == "BUY" else -1
            quantity, price, fee = (D(repr(x)) for x in (row.quantity, row.price, row.fee))
            cash -= sign * quantity * price + (fee if row.fee_currency == "ZAR" else 0)
            held[row.instrument] += sign * quantity - (0 if row.fee_currency == "ZAR" else fee)
            # On bars a fill is the newest price there is; the bar's close follows it.
            last[row.instrument] = price
        else:
            expected.append(float(cash + sum(held[n] * last[n] for n in NAMES if held[n])))

    assert len(ticks) > 200
    assert len(fills) > 20
    assert frames.equity["equity"].tolist() == expected
