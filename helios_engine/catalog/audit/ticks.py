"""Trades, quotes and funding: order, repeats, silence, latency sign, crossed quotes, jumps and outliers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from helios_engine.catalog.audit.bars import Gap
from helios_engine.catalog.audit.findings import Findings, Sort, Stretch
from helios_engine.catalog.audit.measures import MEMORY, Silence, counted, far_above, highest, returns
from helios_engine.catalog.audit.scan import Block, before, scan
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.timeframe import UNITS, iso

QUIET = 10 * UNITS["m"]
"""So long without an event, and ten times as long as is usual here, is told as a gap."""
_LATE = UNITS["h"]
"""Received so long after the venue made it is another unit of time, or data that was filled in later."""
_RATE = 0.05
"""A funding rate beyond this fraction is worth a look."""
_GAP = Sort("gap", "warn", "gaps")
_ORDER = Sort("order", "error", "rows older than the one before")
_EARLY = Sort("latency", "error", "rows received before the venue made them")
_STALE = Sort("late", "warn", "rows received an hour or more after the venue made them")
_FUTURE = Sort("future", "error", "rows later than the time of the check")
_FALSE = Sort("impossible", "error", "rows with a price or a quantity that cannot be")
_JUMP = Sort("jump", "warn", "jumps", "quarantined", singly=50)
_AGAIN = Sort("duplicate", "warn", "trades whose id was there before")
_ALIKE = Sort("duplicate", "info", "trades without an id that are the same as the one before")
_LOST = Sort("missing_trades", "warn", "spans with trades missing, by their ids")
_OUTLIER = Sort("volume_outlier", "info", "trades far larger than those before")
_CROSSED = Sort("crossed", "error", "stretches with the bid above the ask")
_LOCKED = Sort("locked", "info", "stretches with the bid at the ask")
_STRANGE = Sort("rate", "warn", f"rates beyond {_RATE:.0%}")


def silence(kind: str) -> Silence:
    """What is too quiet for a kind of data."""
    return Silence(UNITS["h"], 1.5) if kind == "funding" else Silence(QUIET, 10.0)


def tick_gaps(dataset: Dataset) -> Iterator[Gap]:
    """Every silence that counts as a gap, from the last row before to the first after it."""
    quiet = silence(dataset.manifest.kind)
    for block in scan(dataset, ()):
        ts = block.columns["ts"]
        for at in quiet.feed(block).tolist():
            yield Gap(int(ts[at - 1]), int(ts[at]), 0)


def check_trades(dataset: Dataset, now: int) -> Iterator[Issue]:
    """Every finding in a set of trades; `now` (ns UTC) is when the check is made."""
    findings, unit = Findings(), 10**dataset.manifest.price_scale
    quiet = silence("trades")
    for block in scan(dataset, ("ts_event", "price", "quantity", "side", "trade_id"), memory=MEMORY):
        c, ts = block.columns, block.columns["ts"]
        common(findings, block, quiet, now)
        false = block.new((c["price"] <= 0) | (c["quantity"] <= 0))
        findings.rows(_FALSE, false, ts, ts + 1, lambda i: "price or quantity is not positive")
        _ids(findings, block)
        _jumps(findings, block, c["price"], unit, "the price")
        large = block.new(far_above(c["quantity"], block.start))
        findings.rows(_OUTLIER, large, ts, ts + 1, lambda i: "a quantity far above that of the 200 trades before")
    yield from findings.issues()


def check_quotes(dataset: Dataset, now: int) -> Iterator[Issue]:
    """Every finding in a set of quotes; `now` (ns UTC) is when the check is made."""
    findings, unit = Findings(), 2 * 10**dataset.manifest.price_scale
    quiet = silence("quotes")
    crossed = Stretch(findings, _CROSSED, 1, "{count} quotes with the bid above the ask")
    locked = Stretch(findings, _LOCKED, 1, "{count} quotes with the bid at the ask")
    for block in scan(dataset, ("ts_event", "bid", "ask", "bid_quantity", "ask_quantity"), memory=MEMORY):
        c, ts = block.columns, block.columns["ts"]
        common(findings, block, quiet, now)
        lowest = np.minimum(c["bid_quantity"], c["ask_quantity"])
        false = block.new((np.minimum(c["bid"], c["ask"]) <= 0) | (lowest < 0))
        findings.rows(_FALSE, false, ts, ts + 1, lambda i: "a price is not positive, or a quantity is negative")
        new = ts[block.old :]
        crossed.feed((c["bid"] > c["ask"])[block.old :], new, new + 1, new + 1)
        locked.feed((c["bid"] == c["ask"])[block.old :], new, new + 1, new + 1)
        _jumps(findings, block, c["bid"] + c["ask"], unit, "the middle of the quote")
    yield from findings.issues()


def check_funding(dataset: Dataset, now: int) -> Iterator[Issue]:
    """Every finding in a set of funding rates; `now` (ns UTC) is when the check is made."""
    findings, unit = Findings(), 10**dataset.manifest.price_scale
    quiet = silence("funding")
    for block in scan(dataset, ("ts_event", "rate")):
        common(findings, block, quiet, now)
        _rates(findings, block, unit)
    yield from findings.issues()


def check_times(dataset: Dataset, now: int) -> Iterator[Issue]:
    """What can be said of rows of any kind: their order."""
    findings = Findings()
    for block in scan(dataset, ()):
        _order(findings, block)
    yield from findings.issues()


def common(findings: Findings, block: Block, quiet: Silence, now: int) -> None:
    """What every kind of tick is checked for: order, latency, silence."""
    ts, event = block.columns["ts"], block.columns["ts_event"]
    late, begin = ts - event, before(ts)
    _order(findings, block)

    def early(row: int) -> str:
        return f"received {-late[row] / 1e6:,.3f} ms before the venue made it; import again with --clock-offset"

    findings.rows(_EARLY, block.new(late < 0), ts, ts + 1, early)
    stale = block.new(late >= _LATE)
    findings.rows(_STALE, stale, ts, ts + 1, lambda i: f"received {late[i] / 1e9:,.0f} s after the venue made it")
    future = block.new(ts > now)
    findings.rows(_FUTURE, future, ts, ts + 1, lambda i: f"{iso(int(ts[i]))} is after the time of the check")
    gap = quiet.feed(block)
    findings.rows(_GAP, gap, begin, ts, lambda i: f"no rows from {iso(int(begin[i]))} to {iso(int(ts[i]))}", ts - begin)


def _order(findings: Findings, block: Block) -> None:
    ts = block.columns["ts"]
    above = before(ts)
    falls = block.pairs(ts < above)
    findings.rows(_ORDER, falls, ts, above + 1, lambda i: f"{iso(int(ts[i]))} comes after {iso(int(above[i]))}")


def _ids(findings: Findings, block: Block) -> None:
    """Trades that are there twice, and ids that are missing where they are numbers in a row."""
    c, ts = block.columns, block.columns["ts"]
    ids, above, so_far = c["trade_id"], before(c["trade_id"]), highest(c["trade_id"])
    in_row = counted(ids)
    again = block.pairs(((ids != 0) & (ids == above)) | (in_row & (ids > 0) & (ids <= so_far)))
    findings.rows(_AGAIN, again, ts, ts + 1, lambda i: "the trade id was there before")
    lost = ids - so_far - 1
    missing = block.pairs(in_row & (lost > 0) & (so_far > 0))
    findings.rows(_LOST, missing, before(ts), ts + 1, lambda i: f"{lost[i]:,} trades missing before id {ids[i]}")
    same = ids == 0
    for name in ("ts_event", "price", "quantity", "side", "trade_id", "ts"):
        same &= c[name] == before(c[name])
    findings.rows(_ALIKE, block.pairs(same), ts, ts + 1, lambda i: "the same as the one before, and without an id")


def _rates(findings: Findings, block: Block, unit: int) -> None:
    ts, rate = block.columns["ts"], block.columns["rate"]
    findings.rows(_STRANGE, block.new(np.abs(rate) > _RATE * unit), ts, ts + 1, lambda i: f"rate {rate[i] / unit:.2%}")


def _jumps(findings: Findings, block: Block, price: Any, unit: int, what: str) -> None:
    move, jumps, back = returns(price)
    ts, start = block.columns["ts"], before(price)

    def say(row: int) -> str:
        said = f"{what} moves by {move[row]:+.1%} from {start[row] / unit:.12g} to {price[row] / unit:.12g}"
        said += f" at {iso(int(ts[row]))}" + (", straight back: the row before is a spike" if back[row] else "")
        return said + "; confirm it, or repair it"

    findings.rows(_JUMP, block.pairs(jumps), ts, ts + 1, say)
