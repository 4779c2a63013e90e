"""Bars: gaps, repeats, order, prices that cannot stand together, jumps, silence, and volumes that stick out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from helios_engine.catalog import decimals
from helios_engine.catalog.audit.findings import Findings, Sort, Stretch
from helios_engine.catalog.audit.measures import JUMP, MEMORY, far_above, moves, returns
from helios_engine.catalog.audit.scan import Block, before, scan
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.catalog.truths import outside
from helios_engine.timeframe import iso, timeframe_ns

_COLUMNS = ("ts_open", "ts_close", "open", "high", "low", "close", "volume")
_SILENT = 10
"""So many bars in a row without volume are a finding."""
_ORDER = Sort("order", "error", "bars older than the one before, or opening before it closes")
_TWICE = Sort("duplicate", "error", "bars that open when the one before does")
_GRID = Sort("grid", "error", "bars off the grid of their timeframe")
_EARLY = Sort("look_ahead", "error", "bars known before they close")
_FALSE = Sort("ohlc", "error", "bars that cannot be: low above high, or a price or volume that cannot be")
_LOOSE = Sort("ohlc", "info", "bars whose open or close lies outside [low, high]")
_FUTURE = Sort("future", "error", "bars that close after the time of the check")
_GAP = Sort("gap", "warn", "gaps")
_JUMP = Sort("jump", "warn", "jumps", "quarantined", singly=50)
_OUTLIER = Sort("volume_outlier", "info", "bars with a volume far above those before")
_LARGE = Sort("inexact", "info", "bars with a volume over 2^53 units, which a float only comes near")
_NOTHING = Sort("zero_volume", "info", "stretches without volume")


class Gap(NamedTuple):
    """A span (ns UTC) without rows; `bars` is how many are missing, 0 for what has no fixed number."""

    begin: int
    end: int
    bars: int


def gaps(dataset: Dataset) -> Iterator[Gap]:
    """Every hole between bars, with its exact span and the number of bars that are missing."""
    length = timeframe_ns(dataset.manifest.timeframe)
    for block in scan(dataset, ("ts_open", "ts_close")):
        begin, end = before(block.columns["ts_close"]), block.columns["ts_open"]
        for at in block.pairs(end > begin).tolist():
            yield Gap(int(begin[at]), int(end[at]), int(end[at] - begin[at]) // length)


def check_bars(dataset: Dataset, now: int) -> Iterator[Issue]:
    """Every finding in a set of bars; `now` (ns UTC) is when the check is made."""
    findings = Findings()
    silent = Stretch(findings, _NOTHING, _SILENT, "{count} bars in a row without volume")
    length, unit = timeframe_ns(dataset.manifest.timeframe), 10**dataset.manifest.price_scale
    for block in scan(dataset, _COLUMNS, memory=MEMORY):
        c = block.columns
        known = np.maximum(c["ts"], c["ts_close"])
        _truths(findings, block, known, length, now)
        _gaps(findings, block, known, length)
        _jumps(findings, block, known, unit)
        new = block.new(far_above(c["volume"], block.start))
        findings.rows(_OUTLIER, new, c["ts_open"], known, lambda i: "volume far above that of the 200 bars before")
        fresh = slice(block.old, None)
        silent.feed(c["volume"][fresh] == 0, c["ts_open"][fresh], c["ts_close"][fresh], known[fresh])
    yield from findings.issues()


def _truths(findings: Findings, block: Block, known: Any, length: int, now: int) -> None:
    """What must hold in every bar and from one to the next."""
    c = block.columns
    begin, end, ts = c["ts_open"], c["ts_close"], c["ts"]
    above = before(begin)
    late = np.maximum(known, before(known))

    def rows(sort: Sort, bad: Any, say: Callable[[int], str]) -> None:
        findings.rows(sort, block.new(bad), begin, known, say)

    same = begin == above
    again = block.pairs(same)
    findings.rows(_TWICE, again, begin, late, lambda i: f"a second bar opens at {iso(int(begin[i]))}")
    falls = block.pairs(((begin < before(end)) & ~same) | (ts < before(ts)))
    findings.rows(
        _ORDER,
        falls,
        begin,
        late,
        lambda i: f"the bar that opens at {iso(int(begin[i]))} comes after one that opens at {iso(int(above[i]))}",
    )
    rows(
        _GRID,
        (begin % length != 0) | (end - begin != length),
        lambda i: f"a bar from {iso(int(begin[i]))} to {iso(int(end[i]))} is not on the grid",
    )
    rows(_EARLY, ts < end, lambda i: f"known at {iso(int(ts[i]))}, before it closes at {iso(int(end[i]))}")
    rows(_FUTURE, end > now, lambda i: f"closes at {iso(int(end[i]))}, after the time of the check")
    lowest = np.minimum.reduce([c["open"], c["high"], c["low"], c["close"]])
    false = (c["low"] > c["high"]) | (lowest <= 0) | (c["volume"] < 0)
    rows(_FALSE, false, lambda i: "low is above high, a price is not positive, or the volume is negative")
    rows(_LOOSE, outside(c) & ~false, lambda i: "open or close lies outside [low, high]")
    rows(_LARGE, c["volume"] > decimals.EXACT, lambda i: "a volume over 2^53 units, which a float only comes near")


def _gaps(findings: Findings, block: Block, known: Any, length: int) -> None:
    begin, end = before(block.columns["ts_close"]), block.columns["ts_open"]
    missing = end - begin

    def say(row: int) -> str:
        bars = int(missing[row]) // length
        count = f"{bars:,} bars" if bars > 1 else "1 bar"
        return f"{count} missing from {iso(int(begin[row]))} to {iso(int(end[row]))}"

    findings.rows(_GAP, block.pairs(missing > 0), begin, known, say, missing)


def _jumps(findings: Findings, block: Block, known: Any, unit: int) -> None:
    """Jumps from close to close, of the open, and of a high or low that stands alone within its bar."""
    c = block.columns
    close, last = c["close"], before(c["close"])
    move, jumps, back = returns(close)
    opened = moves(c["open"], last)
    opened[: block.start == 0] = 0.0  # nothing is known before the first bar
    up = moves(c["high"], np.maximum(c["open"], c["close"]))
    down = moves(c["low"], np.minimum(c["open"], c["close"]))

    def say(row: int) -> str:
        at, start = iso(int(c["ts_open"][row])), f"{last[row] / unit:.12g}"
        if jumps[row]:
            said = f"the close moves by {move[row]:+.1%} from {start} to {close[row] / unit:.12g} at {at}"
            said += ", straight back: the bar before is a spike" if back[row] else ""
        elif abs(opened[row]) > JUMP:
            said = (
                f"the open at {at} is {c['open'][row] / unit:.12g}, {opened[row]:+.1%} from the close before, {start}"
            )
            said += ", and the close is back: a spike" if abs(move[row]) <= JUMP / 4 else ""
        else:
            name, share = ("high", up[row]) if up[row] > -down[row] else ("low", down[row])
            said = f"the {name} at {at}, {c[name][row] / unit:.12g}, stands {share:+.1%} off open and close: a spike"
        return said + "; confirm it, or repair it"

    moved = jumps | (np.abs(opened) > JUMP) | (up > JUMP) | (down < -JUMP)
    findings.rows(_JUMP, block.new(moved), c["ts_open"], known, say)
