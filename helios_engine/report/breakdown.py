"""Where the gross result went: fees, the way to the fills, funding; and how much of the market it took."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pandas as pd

from helios_engine.report.metrics import Metrics
from helios_engine.report.shortfall import Shortfall, shortfall
from helios_engine.report.valuation import Valuation
from helios_engine.timeframe import DAY


class Breakdown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Costs are positive, in the report currency; what is not known is None, with its reason in `reasons`.

    `net` is the change of the marked equity. `gross` is what the same fills would have come to at the prices of
    their decisions and free of charge: `net` + `fees` + `funding` + delay + execution. `funding` is what was paid
    less what was received. `participation` is the base volume filled over the market's in the UTC days in
    which the instrument was filled, by value over instruments; `busiest` the highest of one instrument in one day,
    on `busiest_day` (ns UTC) in `busiest_instrument`: a run of ten times the size would have been ten times that.
    """

    net: float | None = None
    gross: float | None = None
    fees: float | None = None
    funding: float | None = None
    shortfall: Shortfall = Shortfall()
    participation: float | None = None
    busiest: float | None = None
    busiest_day: int | None = None
    busiest_instrument: str = ""
    reasons: dict[str, str] = {}


def breakdown(
    metrics: Metrics,
    orders: pd.DataFrame,
    funding: pd.DataFrame,
    legs: pd.DataFrame,
    volumes: pd.DataFrame,
    valuation: Valuation,
    unfunded: tuple[str, ...] = (),
) -> Breakdown:
    """Break down a run's result; the frames have the columns of `results` and a UTC index.

    `unfunded` names perpetuals whose funding the run's data does not have, so that it cannot be known.
    """
    found = shortfall(orders, valuation)
    reasons: dict[str, str] = {}
    paid = None if unfunded else _paid(funding, valuation)
    if paid is None:
        missing = f"the data has no funding rates of {', '.join(unfunded)}"
        reasons["funding"] = missing if unfunded else "a payment's currency had no price in the report currency"
    net = None
    if metrics.start_equity is not None and metrics.end_equity is not None:
        net = metrics.end_equity - metrics.start_equity
    else:
        reasons["net"] = metrics.reasons.get("end_equity", "the equity was never marked")
    parts = (net, metrics.costs, paid, *((found.delay, found.execution) if metrics.fills else (0.0, 0.0)))
    gross = math.fsum(p for p in parts if p is not None) if None not in parts else None
    if gross is None:
        reasons["gross"] = "a part of it is not known"
    if metrics.costs is None:
        reasons["fees"] = metrics.reasons["costs"]
    use = _participation(legs, volumes)
    if use[0] is None:
        reasons["participation"] = use[4]
    return Breakdown(
        net=net,
        gross=gross,
        fees=metrics.costs,
        funding=paid,
        shortfall=found,
        participation=use[0],
        busiest=use[1],
        busiest_day=use[2],
        busiest_instrument=use[3],
        reasons=reasons,
    )


def _paid(funding: pd.DataFrame, valuation: Valuation) -> float | None:
    times = pd.DatetimeIndex(funding.index).asi8.tolist()
    rows = zip(times, funding["amount"].tolist(), funding["currency"].astype(str).tolist(), strict=True)
    total = -math.fsum(amount * valuation.rate(currency, ts) for ts, amount, currency in rows)
    return total + 0.0 if math.isfinite(total) else None


def _participation(
    legs: pd.DataFrame, volumes: pd.DataFrame
) -> tuple[float | None, float | None, int | None, str, str]:
    """Participation over all, the busiest day's, that day and instrument, and the reason if there is none."""
    if legs.empty:
        return None, None, None, "", "nothing was filled"
    days = pd.DatetimeIndex(legs.index).asi8 // DAY * DAY
    mine = legs.assign(day=days, instrument=legs["instrument"].astype(str)).groupby(["day", "instrument"])
    market = volumes.assign(day=pd.DatetimeIndex(volumes.index).asi8, instrument=volumes["instrument"].astype(str))
    # A sum over an unpriced fill must stay unknown.
    joined = mine[["quantity", "value"]].sum(min_count=1).join(market.set_index(["day", "instrument"])["volume"])
    if not (joined["volume"] > 0).all():
        return None, None, None, "", "the data has no traded volume for a day with fills"
    shares = joined["quantity"] / joined["volume"]
    busiest = joined.index[int(np.argmax(shares.to_numpy()))]
    # Value over the value that the market traded at our own average price.
    whole = math.fsum((joined["value"] / shares).tolist())
    share = math.fsum(joined["value"].tolist()) / whole if whole and np.isfinite(whole) else None
    return (
        share,
        float(shares.max()),
        int(busiest[0]),
        str(busiest[1]),
        "a fill's currency had no price in the report currency",
    )
