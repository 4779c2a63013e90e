"""Integers in units of a scale as decimals and as decimal text, a column at a time, without a float on the way."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.errors import ConfigError
from helios_engine.files import storage_error, sync_path

DIGITS = 19
"""What a 64-bit integer has at most."""


def as_decimal(units: NDArray[np.int64], scale: int, digits: int = DIGITS) -> pa.Array:
    """The same numbers as Arrow decimals of `digits` digits, `scale` of them behind the point."""
    low = np.ascontiguousarray(units, np.int64)
    halves = np.column_stack([low, low >> 63])
    return pa.Array.from_buffers(pa.decimal128(digits, scale), len(low), [None, pa.py_buffer(halves.tobytes())])


def decimal_text(units: NDArray[np.int64], scale: int) -> pa.Array:
    """The same numbers as plain text with `scale` decimals: `0.00001000`, never `1E-5`."""
    if scale == 0:
        return pa.array(units, pa.int64()).cast(pa.string())
    digits = pc.utf8_lpad(pa.array(np.abs(units), pa.int64()).cast(pa.string()), width=scale + 1, padding="0")
    whole = pc.utf8_slice_codeunits(digits, 0, -scale)
    rest = pc.utf8_slice_codeunits(digits, -scale)
    sign = pa.array(np.where(np.asarray(units) < 0, "-", ""), pa.string())
    return pc.binary_join_element_wise(pc.binary_join_element_wise(sign, whole, ""), rest, ".")


@contextlib.contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """A draft beside `path` that takes its place at the end, or is gone if anything fails.

    Raises ConfigError if there is a file already and `replace` was not said, StorageError.
    """
    if path.exists() and (path.is_dir() or not replace):
        raise ConfigError(f"{path} is there already; choose another path" + ("" if path.is_dir() else " or --replace"))
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        sync_path(draft)
        draft.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
