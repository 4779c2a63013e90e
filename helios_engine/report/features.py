"""The features of a run, column by column, from a sample of their rows: `features.json` and its place in the page."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from helios_engine.errors import JournalError
from helios_engine.feature_ear import Sampled
from helios_engine.files import write_whole

FILE = "features.json"
POINTS = 48
"""Bins of a sparkline; each is the mean of its sampled values."""
_WIDTH, _HEIGHT = 120.0, 22.0


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column over the sampled rows; None where no value is there.

    `masked` is a fraction. `drift` is the mean of the second half of the rows less that of the first, over the
    pooled standard deviation of both (Cohen's d, 1988); None if a half has under two values or nothing varies.
    `last` is the value of the last row of all. `spark` are means of equal bins of rows.
    """

    name: str
    masked: float
    low: float | None
    median: float | None
    high: float | None
    last: float | None
    drift: float | None
    spark: list[float | None]


class FeatureSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage yielded for one instrument and timeframe: `rows` in all, every `every`-th of them sampled."""

    stage: str
    instrument: str
    timeframe: str
    schema: str
    rows: int
    every: int
    sampled: int
    columns: list[Column]


class FeatureNote(msgspec.Struct, frozen=True, kw_only=True):
    """Every set of a run; `left_out` rows were of sets beyond those that are sampled."""

    sets: list[FeatureSet]
    left_out: int = 0


def described(given: Sampled) -> FeatureSet:
    """A set in figures."""
    width = len(given.columns)
    values = np.frombuffer(b"".join(body.values for _, body in given.rows), "<f8").reshape(-1, width)
    there = np.frombuffer(b"".join(body.mask for _, body in given.rows), np.uint8).reshape(-1, width) != 0
    there &= np.isfinite(values)
    end, has_end = given.last.array, given.last.mask
    columns = [
        _column(name, values[:, n], there[:, n], float(end[n]) if has_end[n] else math.nan)
        for n, name in enumerate(given.columns)
    ]
    return FeatureSet(
        stage=given.stage,
        instrument=given.instrument,
        timeframe=given.timeframe,
        schema=given.schema,
        rows=given.total,
        every=given.every,
        sampled=len(given.rows),
        columns=columns,
    )


def write_features(folder: Path, sets: Iterable[Sampled], left_out: int) -> None:
    """Write `features.json` into a run folder, if there are any; StorageError if the disk refuses."""
    found = [described(given) for given in sets]
    if found:
        write_whole(folder / FILE, msgspec.json.encode(FeatureNote(sets=found, left_out=left_out)) + b"\n")


def read_features(folder: Path) -> FeatureNote | None:
    """What `write_features` wrote; None if the run had no features. JournalError if it cannot be read."""
    path = Path(folder) / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=FeatureNote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: cannot be read: {error}; run the backtest again") from error


def cells(column: Column) -> tuple[str, ...]:
    """A column's figures as the page shows them: masked, min, median, max, last, drift."""
    figures = (column.low, column.median, column.high, column.last)
    drift = "–" if column.drift is None else f"{column.drift:+.2f}"
    return (f"{column.masked:.1%}", *("–" if v is None else f"{v:.4g}" for v in figures), drift)


def sparkline(column: Column) -> str:
    """The path of an SVG of 120 × 22; a gap where every sampled value of a bin is masked."""
    known = [v for v in column.spark if v is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    parts, pen = [], "M"
    for n, value in enumerate(column.spark):
        if value is None:
            pen = "M"
            continue
        x = _WIDTH * n / max(1, len(column.spark) - 1)
        y = _HEIGHT / 2 if span == 0 else 1 + (_HEIGHT - 2) * (1 - (value - low) / span)
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)


def _column(name: str, values: NDArray[np.float64], there: NDArray[np.bool_], last: float) -> Column:
    known = values[there]
    middle = len(values) // 2
    return Column(
        name=name,
        masked=1 - known.size / len(values),
        low=float(known.min()) if known.size else None,
        median=float(np.median(known)) if known.size else None,
        high=float(known.max()) if known.size else None,
        last=last if math.isfinite(last) else None,
        drift=_drift(values[:middle][there[:middle]], values[middle:][there[middle:]]),
        spark=[_mean(v[t]) for v, t in zip(_bins(values), _bins(there), strict=True)],
    )


def _bins(rows: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    return np.array_split(rows, min(POINTS, len(rows)))


def _mean(values: NDArray[np.float64]) -> float | None:
    return _finite(math.fsum((values / values.size).tolist())) if values.size else None


def _drift(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    if first.size < 2 or second.size < 2:
        return None
    # Scaled first: values near the largest float would overflow when squared.
    unit = max(float(np.abs(first).max()), float(np.abs(second).max()))
    if unit == 0:
        return None
    a, b = first / unit, second / unit
    freedom = a.size + b.size - 2
    pooled = math.sqrt((a.var(ddof=1) * (a.size - 1) + b.var(ddof=1) * (b.size - 1)) / freedom)
    # What rounding leaves of a constant is no spread.
    return _finite((b.mean() - a.mean()) / pooled) if pooled > 1e-12 else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
