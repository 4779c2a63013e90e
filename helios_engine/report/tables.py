"""The tables of a report's page, as text ready to be set."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

from helios_engine.report import wording
from helios_engine.report.calendar_returns import monthly_returns
from helios_engine.report.metrics import Metrics

LAST_TRIPS = 200
_SHADE = 0.10
"""The monthly return that gets the full shade."""


class Cell(NamedTuple):
    """A return as text, and how strongly to shade it, from −1 to 1."""

    text: str
    shade: float


def tiles(m: Metrics, currency: str) -> list[tuple[str, str, str]]:
    """The numbers that come first, as (label, value, what belongs to it)."""
    length = wording.duration(m.max_drawdown_duration)
    return [
        (
            "Total return",
            wording.percent(m.total_return, signed=True),
            f"{wording.money(m.end_equity, currency)} at end",
        ),
        ("Deepest drawdown", wording.percent(m.max_drawdown), f"{length} to recovery or end"),
        ("Sharpe", wording.ratio(m.sharpe), m.reasons.get("sharpe", f"{m.days:,} daily returns, 365 d a year")),
        ("Round trips", f"{m.trades:,}", f"{wording.percent(m.hit_rate)} won after fees"),
        ("Fees", wording.money(m.costs, currency), f"{wording.percent(m.costs_fraction)} of starting equity"),
        ("In the market", wording.percent(m.exposure_time), f"{wording.percent(m.exposure_mean)} mean exposure"),
    ]


def months(equity: pd.Series[float]) -> list[tuple[int, list[Cell | None], Cell]]:
    """Year, its twelve months (None where the run has none), and the year's return; newest first."""
    found: dict[int, list[Cell | None]] = {}
    growth: dict[int, float] = {}
    returns = monthly_returns(equity)
    for month, value in zip(pd.DatetimeIndex(returns.index), returns.tolist(), strict=True):
        found.setdefault(month.year, [None] * 12)[month.month - 1] = _cell(value)
        growth[month.year] = growth.get(month.year, 1.0) * (1 + value)
    return [(year, found[year], _cell(growth[year] - 1)) for year in sorted(found, reverse=True)]


def costs(legs: pd.DataFrame, currency: str) -> list[tuple[str, str, str, str, str]]:
    """By instrument and in all: fills, traded value, fees, and fees over traded value."""
    rows = [(str(name), part) for name, part in legs.groupby("instrument", observed=True)] if len(legs) else []
    if len(rows) > 1:
        rows.append(("All", legs))
    return [_cost(name, part, currency) for name, part in rows]


def trips(trades: pd.DataFrame) -> list[dict[str, str]]:
    """The last round trips, newest first, as the columns of the page."""
    rows: list[dict[str, Any]] = trades.iloc[::-1].head(LAST_TRIPS).reset_index().to_dict("records")  # type: ignore[assignment]
    return [_trip(row) for row in rows]


def _trip(row: dict[str, Any]) -> dict[str, str]:
    sign = "up" if row["net"] > 0 else "down" if row["net"] < 0 else ""
    return {
        "entry": _minute(row["entry_ts"]),
        "exit": "open" if row["is_open"] else _minute(row["exit_ts"]),
        "instrument": row["instrument"],
        "side": row["side"],
        "quantity": wording.quantity(row["quantity"]),
        "entry_price": wording.quantity(row["entry_price"]),
        "exit_price": wording.quantity(_known(row["exit_price"])),
        "gross": wording.money(_known(row["gross"]), ""),
        "fees": wording.money(_known(row["fees"]), ""),
        "net": wording.money(_known(row["net"]), row["currency"]),
        "sign": "" if row["is_open"] else sign,
        "mae": wording.percent(_known(row.get("mae", math.nan))),
        "mfe": wording.percent(_known(row.get("mfe", math.nan)), signed=True),
        "duration": wording.duration(row["duration"].value),
    }


def _cost(name: str, part: pd.DataFrame, currency: str) -> tuple[str, str, str, str, str]:
    value, fee = float(part["value"].sum(skipna=False)), float(part["fee"].sum(skipna=False))
    share = fee / value if value else math.nan
    worth, paid = wording.money(_known(value), currency), wording.money(_known(fee), currency)
    return name, f"{len(part):,}", worth, paid, wording.percent(_known(share))


def _cell(value: float) -> Cell:
    if not math.isfinite(value):
        return Cell(wording.NONE, 0.0)
    return Cell(f"{value:+.1%}", round(max(-1.0, min(1.0, value / _SHADE)), 2))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _minute(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
