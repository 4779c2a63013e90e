"""Columns of text that files of trades, quotes and books have in common, checked cell by cell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.times import Times, epoch_unit, epochs
from helios_engine.catalog.truths import Where, refuse
from helios_engine.errors import ConfigError, DataError

Flags = NDArray[np.bool_]
_MS = 1_000_000


class Clock:
    """Times of a file, each column in the unit that its first cell shows, ms or us."""

    def __init__(self, ask: Ask) -> None:
        self.offset = ask.clock_offset or 0
        self._is_asked = ask.clock_offset is not None
        self._units: dict[str, str] = {}

    def times(self, table: pa.Table, name: str, where: Where) -> Times:
        """A column as ns; DataError for a cell that is no time in the unit of the first."""
        if name not in self._units:
            first = table[name][0].as_py()
            unit = epoch_unit(first)
            if unit not in ("ms", "us"):
                raise DataError(f"{where(0)}: {name} is {first!r}, expected ms (13 digits) or us (16) since 1970")
            self._units[name] = unit
        return epochs(table[name], self._units[name], where)

    def received(self, table: pa.Table, name: str, event: Times | None, where: Where) -> Times:
        """Receive times plus the clock offset; refused if one is before the exchange's `event`.

        Raises ConfigError that names the offset that the rows at hand need, or DataError if one was given.
        """
        ts = self.times(table, name, where) + self.offset
        if event is not None and (ts < event).any():
            late = ts - event
            row, needed = int((late < 0).argmax()), int(self.offset - late.min())
            said = f"{where(row)}: received {-late[row] / _MS:g} ms before the exchange's time"
            flag = f"--clock-offset {needed // _MS + 1}ms"
            if self._is_asked:
                raise DataError(f"{said}, even with the clock offset; so far {flag} is needed")
            raise ConfigError(
                f"{said}; receive time minus exchange time is {late.min() / _MS:g} to {late.max() / _MS:g} ms: "
                f"the receiver's clock ran behind. Add {flag}"
            )
        return ts


def whole(table: pa.Table, name: str, where: Where) -> Times:
    """Ids: whole numbers, or -1 for none."""
    text = flat(table[name])
    is_id = pc.match_substring_regex(text, r"^(-1|[0-9]{1,18})$").to_numpy(zero_copy_only=False)
    refuse(~is_id, where, lambda row: f"{name} is {text[row].as_py()!r}, expected a whole number")
    return np.asarray(pc.cast(text, pa.int64()).to_numpy(), np.int64)


def flags(table: pa.Table, name: str, yes: str, no: str, where: Where) -> Flags:
    """Whether each cell is `yes`; DataError for one that is neither `yes` nor `no`."""
    text = flat(table[name])
    found, other = (pc.equal(text, word).to_numpy(zero_copy_only=False) for word in (yes, no))
    refuse(~(found | other), where, lambda row: f"{name} is {text[row].as_py()!r}, expected {yes} or {no}")
    return np.asarray(found, np.bool_)


def sides(positive: Flags) -> pa.Array:
    """1 where a taker bought (or a level is a bid), -1 elsewhere."""
    return pa.array(np.where(positive, 1, -1).astype(np.int8))


def only(table: pa.Table, name: str, word: str, where: Where) -> None:
    """Every cell of a column is the same word, or the file is of more than one thing."""
    text = flat(table[name])
    differs = pc.not_equal(text, word).to_numpy(zero_copy_only=False)
    refuse(differs, where, lambda row: f"{name} is {text[row].as_py()!r}, expected {word!r} as above; split the file")
