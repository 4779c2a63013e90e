"""A data set's columns in large blocks, each with the last rows of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog.store import Dataset

Times = NDArray[np.int64]
Flags = NDArray[np.bool_]
ROWS = 1 << 18
"""Rows of a block at least: files of one day are joined, so that checks do not pay for each file."""
_DIGITS = r"^[1-9]\d{0,14}$"


class Block(NamedTuple):
    """Columns of which the first `old` rows were in the block before; `start` is the number of the first row."""

    columns: dict[str, Any]
    old: int
    start: int

    def new(self, bad: Flags) -> NDArray[np.intp]:
        """Where a row that is new here is bad."""
        found: NDArray[np.intp] = np.flatnonzero(bad[self.old :]) + self.old
        return found

    def pairs(self, bad: Flags) -> NDArray[np.intp]:
        """The same for what only a row with one before it can be."""
        first = max(self.old, 1)
        found: NDArray[np.intp] = np.flatnonzero(bad[first:]) + first
        return found


def before(values: NDArray[Any], steps: int = 1) -> NDArray[Any]:
    """Each row's value some rows ago; the first rows, which have none, get their own."""
    if len(values) <= steps:
        return values
    return np.concatenate([values[:steps], values[:-steps]])


def scan(dataset: Dataset, columns: Sequence[str], memory: int = 1, rows: int = ROWS) -> Iterator[Block]:
    """Blocks of the wanted columns as numpy arrays with `memory` rows of overlap; texts become numbers, see below.

    A text of at most 15 digits is its number, no text is 0, and any other text a negative number of its own. Raises
    DataError.
    """
    tail: dict[str, Any] = {}
    start = 0
    for fresh in _gathered(dataset, columns, rows):
        old = len(tail["ts"]) if tail else 0
        joined = {name: np.concatenate([tail[name], fresh[name]]) for name in fresh} if tail else fresh
        yield Block(joined, old, start)
        start += max(0, len(joined["ts"]) - memory)
        tail = {name: values[-memory:] for name, values in joined.items()}


def _gathered(dataset: Dataset, columns: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
    names = ("ts", *columns)
    waiting: list[pa.RecordBatch] = []
    for batch in dataset.blocks(-(2**63), 2**63 - 1, rows, columns):
        waiting.append(batch)
        if int(np.sum([b.num_rows for b in waiting])) >= rows:
            yield _arrays(waiting, names)
            waiting = []
    if waiting:
        yield _arrays(waiting, names)


def _arrays(batches: Sequence[pa.RecordBatch], names: Sequence[str]) -> dict[str, Any]:
    return {name: np.concatenate([_array(batch[name]) for batch in batches]) for name in names}


def _array(column: pa.Array) -> NDArray[Any]:
    return _numbers(column) if pa.types.is_string(column.type) else column.to_numpy(zero_copy_only=False)


def _numbers(texts: pa.Array) -> NDArray[np.int64]:
    texts = pc.fill_null(texts, "")
    digits = pc.match_substring_regex(texts, _DIGITS)
    found: NDArray[np.int64] = pc.cast(pc.if_else(digits, texts, "0"), pa.int64()).to_numpy()
    words = pc.and_(pc.not_equal(texts, ""), pc.invert(digits))
    if pc.any(words).as_py():
        rows = words.to_numpy(zero_copy_only=False)
        hashes = pd.util.hash_array(texts.filter(words).to_numpy(zero_copy_only=False), categorize=False)
        found = found.copy()
        found[rows] = -(hashes >> 2).astype(np.int64) - 1
    return found
