"""The entries to compiled code, and what numba's cache has to know of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba import float64, njit, void

from helios_features.kernel.rows import advanced

_HERE = Path(__file__).parent
REACHED = (*sorted(_HERE.glob("*.py")), _HERE.parent / "bar_row.py", _HERE.parent / "larger.py")
"""The files of all compiled code that the entries reach."""


def digest(paths: tuple[Path, ...] = REACHED) -> int:
    """What stands in these files, in 60 bits: a number that compiled code holds."""
    found = hashlib.blake2b(digest_size=8)
    for path in paths:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return int.from_bytes(found.digest(), "big") >> 4


def _entries(source: int) -> tuple[Any, ...]:
    # Numba's cache looks at the file of an entry, and at the values that it closes over: so each closes over the digest
    # of all files, and what was compiled of others is not found.
    @njit(void(float64[::1], float64[::1], float64[:, :], float64[:, :]), cache=True, error_model="numpy")
    def run(settings, memory, bars, out):  # type: ignore[no-untyped-def]
        if source >= 0:
            advanced(settings, memory, bars, out)

    return (run,)


(run,) = _entries(digest())
