"""How much of a result rests on data that nobody has confirmed, or that a repair made up."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pandas as pd

from helios_engine.bodies import DataIssue

DOUBTED = ("quarantined", "filled")


class Doubt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of `of` round trips, `trades` were entered, held or left over doubted data; `net` is what those earned.

    `net` is in the report currency, at the rate of each trip's end, with open trips' realised part.
    """

    trades: int = 0
    of: int = 0
    net: float = 0.0


def doubt(trades: pd.DataFrame, issues: Iterable[DataIssue]) -> Doubt:
    """Count the trips of `trades` (see `Frames.trades`) whose span touches doubted data of their instrument."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for issue in issues:
        if issue.state in DOUBTED:
            spans.setdefault(issue.instrument, []).append((issue.ts_from, issue.ts_to))
    begins = pd.DatetimeIndex(trades.index).asi8.tolist()
    ends = trades["exit_ts"].fillna(pd.Timestamp.max.tz_localize("UTC")).astype("int64").tolist()
    names = trades["instrument"].astype(str).tolist()
    touched = [
        any(begin < to and since <= end for since, to in spans.get(name, ()))
        for name, begin, end in zip(names, begins, ends, strict=True)
    ]
    net = (trades["net"] * trades["rate"])[touched]
    return Doubt(trades=len(net), of=len(trades), net=float(net.sum()))
