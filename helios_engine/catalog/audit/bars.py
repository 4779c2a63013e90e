"""Bars: gaps, order, prices that cannot stand together, jumps, silence, and volumes that stick out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from helios_engine.catalog import decimals
from helios_engine.catalog.audit.measures import JUMP, WINDOW, far_above, moves
from helios_engine.catalog.audit.scan import Span, gap_issues, joined, per_day, runs, scan
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.catalog.truths import outside
from helios_engine.timeframe import iso, timeframe_ns

_COLUMNS = ("ts_open", "ts_close", "open", "high", "low", "close", "volume")
_SILENT = 10
"""So many bars in a row without volume are a finding."""


def gaps(dataset: Dataset) -> list[Span]:
    """Every hole between bars, with the number of bars that are missing."""
    length = timeframe_ns(dataset.manifest.timeframe)
    found = []
    for block in scan(dataset, ("ts_open", "ts_close")):
        begin, end = block.columns["ts_close"][:-1], block.columns["ts_open"][1:]
        for at in np.flatnonzero(end > begin).tolist():
            if at + 1 >= block.pairs:
                found.append(Span(int(begin[at]), int(end[at]), int(end[at] - begin[at]) // length))
    return found


def check_bars(dataset: Dataset) -> Iterator[Issue]:
    """Every finding in a set of bars."""
    spans: dict[str, list[Span]] = {
        k: [] for k in ("order", "early", "inconsistent", "ohlc", "jump", "silent", "volume", "large", "future")
    }
    now = time.time_ns()
    for block in scan(dataset, _COLUMNS, memory=2 * WINDOW + 1):
        c, new = block.columns, block.old
        begin, end = c["ts_open"], c["ts_close"]
        falls = np.concatenate([[False], begin[1:] < end[:-1]])
        before = np.concatenate([c["close"][:1], c["close"][:-1]])
        top, bottom = np.maximum(c["open"], c["close"]), np.minimum(c["open"], c["close"])
        move = np.maximum.reduce([moves(c["close"], before), moves(c["high"], top), moves(c["low"], bottom)])
        lowest = np.minimum.reduce([c["open"], c["high"], c["low"], c["close"]])
        found = {
            "order": falls,
            "early": c["ts"] < end,
            "inconsistent": (c["low"] > c["high"]) | (lowest <= 0) | (c["volume"] < 0),
            "ohlc": outside(c),
            "jump": move > JUMP,
            "silent": c["volume"] == 0,
            "volume": far_above(c["volume"]),
            "large": c["volume"] > decimals.EXACT,
            "future": end > now,
        }
        for kind, bad in found.items():
            spans[kind] += runs(bad, begin, end, new, move if kind == "jump" else None)
    yield from _issues(spans)
    yield from gap_issues(gaps(dataset), "bars")


def _issues(spans: dict[str, list[Span]]) -> Iterator[Issue]:
    yield from per_day(joined(spans["order"]), "order", "error", "bars open before the one before them closes")
    yield from per_day(joined(spans["early"]), "look_ahead", "error", "bars are known before they close")
    yield from per_day(joined(spans["inconsistent"]), "ohlc", "error", "bars cannot be: low over high, or not positive")
    yield from per_day(joined(spans["future"]), "future", "error", "bars close after the time of this check")
    yield from per_day(spans["ohlc"], "ohlc", "info", "bars whose open or close lies outside [low, high]")
    yield from per_day(spans["volume"], "volume_outlier", "info", "bars with a volume far above those before")
    yield from per_day(
        spans["large"], "inexact", "info", "bars with a volume over 2^53 units, which a float only comes near"
    )
    for span in joined(spans["silent"]):
        if span.count >= _SILENT:
            detail = f"{span.count:,} bars in a row without volume"
            yield Issue(kind="zero_volume", severity="info", ts_from=span.begin, ts_to=span.end, detail=detail)
    for span in spans["jump"]:
        detail = f"the price moves by {span.worst:.1%} at {iso(span.begin)}; confirm it, or repair it"
        yield Issue(
            kind="jump", severity="warn", ts_from=span.begin, ts_to=span.end, detail=detail, state="quarantined"
        )
