"""CryptoDataDownload's CSV files of bars: several headers, newest row first, open stamps in UTC.

What these files get wrong is checked against the rows themselves: the two volumes may stand exchanged, some hours
are there twice under two times, and the newest bar was still running when the file was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import reading, rows, tails
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source
from helios_engine.catalog.importers.cryptodatadownload_layouts import Layout, layout, symbol_of
from helios_engine.catalog.importers.cryptodatadownload_volumes import placed
from helios_engine.catalog.importers.cryptodatadownload_wide import read_wide, wide_names
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.times import Times, written
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import iso, timeframe_ns


def recognise(source: Source) -> Guess | None:
    """The vendor's banner, or one of its headers."""
    if wide_names(tuple(reading.fields(source))):
        return Guess(0.9, "a header of several instruments side by side, BTC:open, BTC:high and so on")
    found = layout(source)
    if found is None:
        return None
    if found.skip:
        return Guess(0.97, "the banner of CryptoDataDownload above its header")
    if found.volumes is None:
        return Guess(0.9, "date, open, high, low, close, and times such as 03-AM")
    return Guess(0.95, "the header of CryptoDataDownload, with the volumes in both currencies")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars, with an issue for everything that was put right or is in doubt."""
    for source in sources:
        if wide_names(tuple(reading.fields(source))):
            yield from read_wide(source, ask)
            continue
        found = layout(source)
        if found is None:
            raise DataError(f"{source.name}:1: no header of CryptoDataDownload; use --format generic with --map")
        yield _bars(source, found, ask)


def _bars(source: Source, found: Layout, ask: Ask) -> Rows:
    _volume_is_known(source, found, ask)
    table, where = reading.whole(source, None, skip=found.skip)
    opened = _times(table, found, where)
    timeframe = settled(ask.timeframe, named_timeframe(source.stem), opened, where)
    length = timeframe_ns(timeframe)
    symbol = symbol_of(source, found, table, where, ask)
    newest = len(opened) == 1 or bool(opened[0] > opened[-1])
    if ask.drop_incomplete:
        table, opened, where, issues = _without_newest(table, opened, length, where)
    else:
        issues = [_issue("unfinished", "warn", opened, opened == opened.max(), length, _UNFINISHED)]
    values = rows.numbers(table, found.prices, where, allow_exponent=ask.allow_exponent)
    values["volume"], said = _volume(table, found, values, opened, length, where, ask)
    issues += said + _twice(values, opened, length, newest=newest)
    order: rows.Order = "newest" if newest else "oldest"
    return rows.bars(source, symbol, timeframe, opened, length, values, where, order=order, issues=issues)


_UNFINISHED = (
    "the newest bar may have been running when the vendor wrote the file; import with --drop-incomplete to leave it out"
)


def _volume_is_known(source: Source, found: Layout, ask: Ask) -> None:
    if found.volumes is None and ask.columns.get("volume") != "none":
        raise ConfigError(
            f"{source.name}: bars need a volume and the file has none; a volume of 0 would say that nobody traded. "
            "Take a file with volumes, from the exchange or this vendor's later ones; or add --map volume=none to "
            "keep 0 in its place, with an issue over all bars that says so"
        )


def _times(table: pa.Table, found: Layout, where: Where) -> Times:
    """The written dates; where the file has epochs too (s or ms), both must say the same."""
    opened = written(table[found.date], where, time_format=found.time_format)
    if not found.unix:
        return opened
    units, scale = decimals.parse(table[found.unix], found.unix, where, limit=decimals.WHOLE)
    if scale:
        raise DataError(f"{where(0)}: {found.unix} has fractions, expected whole seconds or milliseconds")
    agree = (units == opened // 10**9) | (units == opened // 10**6)
    agree &= opened % 10**9 == 0
    if not agree.all():
        row = int(np.argmin(agree))
        raise DataError(
            f"{where(row)}: {found.unix} {units[row]} and {found.date} {table[found.date][row].as_py()!r} are two "
            f"different times ({int((~agree).sum()):,} such rows); choose one: --format generic --map ts={found.unix},…"
        )
    return opened


def _without_newest(
    table: pa.Table, opened: Times, length: int, where: Where
) -> tuple[pa.Table, Times, Where, list[Issue]]:
    keep = opened != opened.max()
    if not keep.any():
        raise DataError(f"{where(0)}: the only bar is the newest one, which --drop-incomplete leaves out")
    detail = f"the newest bar, of {iso(int(opened.max()))}, was left out: it may have been running"
    said = _issue("unfinished", "info", opened, ~keep, length, detail)
    kept = np.flatnonzero(keep)
    return table.filter(pa.array(keep)), opened[keep], lambda row: where(int(kept[row])), [said]


def _volume(
    table: pa.Table, found: Layout, values: dict[str, Number], opened: Times, length: int, where: Where, ask: Ask
) -> tuple[Number, list[Issue]]:
    if found.volumes is None:
        everything = np.ones(len(opened), dtype=bool)
        detail = f"the file has no volume: the 0 of all {len(opened):,} bars stands for unknown"
        nothing = Number(np.zeros(len(opened), np.int64), 0)
        return nothing, [_issue("no_volume", "warn", opened, everything, length, detail)]
    base, exchanged, unclear = placed(table, found.volumes, values["low"], values["high"], where)
    names = " and ".join(found.volumes)
    issues = []
    if exchanged.any():
        stretches = int(exchanged[0]) + int((exchanged[1:] & ~exchanged[:-1]).sum())
        detail = (
            f"{names} stood exchanged in {int(exchanged.sum()):,} bars ({stretches:,} stretches) and were put right"
        )
        issues.append(_issue("volumes_exchanged", "info", opened, exchanged, length, detail))
    if unclear.any():
        detail = f"in {int(unclear.sum()):,} bars {names} fit the prices neither way and were kept as labelled"
        issues.append(_issue("volume_doubtful", "warn", opened, unclear, length, detail))
    volume = tails.amounts(base, found.volumes[0], where, allow_exponent=ask.allow_exponent)
    if volume.rounded.any():
        issues.append(_issue("rounded", "info", opened, volume.rounded, length, tails.said(volume.rounded)))
    return volume.number, issues


def _twice(values: dict[str, Number], opened: Times, length: int, *, newest: bool) -> list[Issue]:
    """Hours that stand in the file twice under two times, which shows where they are out of order.

    Both may be wrong and the bars in their place are lost, so all are quarantined.
    """
    step = np.diff(opened) if not newest else -np.diff(opened)
    same = (step < 0) & np.logical_and.reduce([v.units[1:] == v.units[:-1] for v in values.values()])
    at = np.flatnonzero(same)
    issues = []
    for group in np.split(at, np.flatnonzero(np.diff(at) > 2) + 1):
        if group.size:
            those = np.zeros(len(opened), dtype=bool)
            those[group] = those[group + 1] = True
            detail = (
                f"{group.size:,} bars are there twice under two times, out of order: which is right cannot be told, "
                "and the bars that belong there are missing; compare with another source"
            )
            issues.append(_issue("repeated", "error", opened, those, length, detail, "quarantined"))
    return issues


def _issue(
    kind: str, severity: str, opened: Times, those: NDArray[np.bool_], length: int, detail: str, state: str = ""
) -> Issue:
    """An issue over the bars that are meant, from the first opening to the last close."""
    return Issue(
        kind=kind, severity=severity, ts_from=int(opened[those].min()), ts_to=int(opened[those].max()) + length,
        detail=detail, state=state, origin="import",
    )  # fmt: skip
