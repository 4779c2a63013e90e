"""Trades, quotes and funding: order, repeats, silence, latency sign, crossed quotes, jumps and outliers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.audit.measures import JUMP, WINDOW, far_above, moves
from helios_engine.catalog.audit.scan import Block, Span, gap_issues, joined, per_day, runs, scan
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.timeframe import UNITS, iso

QUIET = 10 * UNITS["m"]
"""So long without an event is told as a gap."""
_RATE = 0.05
"""A funding rate beyond this fraction is worth a look."""


def check_trades(dataset: Dataset) -> Iterator[Issue]:
    """Every finding in a set of trades."""
    scale = 10**dataset.manifest.price_scale
    spans = _spans("repeated", "missing", "jump", "volume")
    for block in scan(dataset, ("ts_event", "price", "quantity", "side", "trade_id"), memory=2 * WINDOW + 1):
        c = block.columns
        _common(block, spans)
        ids = _numbers(c["trade_id"])
        step = np.diff(ids, prepend=ids[:1])
        same = (step == 0) & (ids > 0)
        same[: block.pairs] = False
        move = moves(c["price"], _before(c["price"]))
        spans["repeated"] += runs(same, c["ts"], c["ts"] + 1, block.old)
        for at in np.flatnonzero((step > 1) & (ids > 0) & (_before(ids) > 0)).tolist():
            if at >= block.pairs:
                spans["missing"].append(Span(int(c["ts"][at - 1]), int(c["ts"][at]), int(step[at]) - 1))
        spans["jump"] += runs(move > JUMP, c["ts"], c["ts"] + 1, block.pairs, move)
        spans["volume"] += runs(far_above(c["quantity"]), c["ts"], c["ts"] + 1, block.old)
    yield from _common_issues(spans, "trades")
    yield from per_day(spans["repeated"], "duplicate", "warn", "trades bear the id of the one before")
    yield from per_day(spans["volume"], "volume_outlier", "info", "trades far larger than those before")
    yield from _jumps(spans["jump"], "the trade price", scale)
    for span in spans["missing"]:
        detail = f"{span.count:,} trades are missing, by their ids"
        yield Issue(kind="missing_trades", severity="warn", ts_from=span.begin, ts_to=span.end + 1, detail=detail)


def check_quotes(dataset: Dataset) -> Iterator[Issue]:
    """Every finding in a set of quotes."""
    spans = _spans("crossed", "locked", "jump")
    for block in scan(dataset, ("ts_event", "bid", "ask")):
        c = block.columns
        _common(block, spans)
        middle = c["bid"] + c["ask"]
        move = moves(middle, _before(middle))
        spans["crossed"] += runs(c["bid"] > c["ask"], c["ts"], c["ts"] + 1, block.old)
        spans["locked"] += runs(c["bid"] == c["ask"], c["ts"], c["ts"] + 1, block.old)
        spans["jump"] += runs(move > JUMP, c["ts"], c["ts"] + 1, block.pairs, move)
    yield from _common_issues(spans, "quotes")
    yield from per_day(spans["crossed"], "crossed", "error", "quotes whose bid is above the ask")
    yield from per_day(spans["locked"], "locked", "info", "quotes whose bid equals the ask")
    yield from _jumps(spans["jump"], "the middle of the quote", 1)


def check_funding(dataset: Dataset) -> Iterator[Issue]:
    """Every finding in a set of funding rates."""
    limit = _RATE * 10**dataset.manifest.price_scale
    spans = _spans("rate")
    for block in scan(dataset, ("ts_event", "rate")):
        _common(block, spans)
        spans["rate"] += runs(
            np.abs(block.columns["rate"]) > limit, block.columns["ts"], block.columns["ts"] + 1, block.old
        )
    yield from _common_issues({**spans, "quiet": []}, "rates")
    yield from per_day(spans["rate"], "rate", "warn", f"rates beyond {_RATE:.0%}")


def _spans(*names: str) -> dict[str, list[Span]]:
    return {name: [] for name in ("order", "early", "future", "quiet", *names)}


def _before(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values[:1], values[:-1]])


def _common(block: Block, spans: dict[str, list[Span]]) -> None:
    """What every kind of tick is checked for."""
    ts, event = block.columns["ts"], block.columns["ts_event"]
    falls, silence = np.diff(ts, prepend=ts[:1]) < 0, np.diff(ts, prepend=ts[:1])
    spans["order"] += runs(falls, ts, ts + 1, block.pairs)
    spans["early"] += runs(ts < event, ts, ts + 1, block.old, event - ts)
    spans["future"] += runs(ts > time.time_ns(), ts, ts + 1, block.old)
    for at in np.flatnonzero(silence > QUIET).tolist():
        if at >= block.pairs:
            spans["quiet"].append(Span(int(ts[at - 1]), int(ts[at]), 1))


def _common_issues(spans: dict[str, list[Span]], what: str) -> Iterator[Issue]:
    yield from per_day(spans["order"], "order", "error", f"{what} are older than the one before")
    yield from per_day(joined(spans["future"]), "future", "error", f"{what} are later than the time of this check")
    if spans["early"]:
        worst = max(span.worst for span in spans["early"]) / 1e6
        yield from per_day(
            spans["early"],
            "latency",
            "error",
            f"{what} were received before the venue made them (by up to {worst:,.0f} ms): "
            "import again with --clock-offset",
        )
    yield from gap_issues(spans["quiet"], f"span of more than 10 minutes without {what},")


def _jumps(spans: list[Span], what: str, scale: int) -> Iterator[Issue]:
    for span in spans:
        detail = f"{what} moves by {span.worst:.1%} at {iso(span.begin)}; confirm it, or repair it"
        yield Issue(
            kind="jump", severity="warn", ts_from=span.begin, ts_to=span.end, detail=detail, state="quarantined"
        )


def _numbers(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Trade ids as numbers; 0 for those that are none, so that nothing is read into them."""
    found = np.zeros(len(ids), np.int64)
    for at, text in enumerate(ids.tolist()):
        if text and text.isdigit() and len(text) < 18:
            found[at] = int(text)
    return found
