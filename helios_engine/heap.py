"""What lies in memory when a run begins is set aside, so that collecting garbage does not hold the run up."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heap_set_aside() -> Iterator[None]:
    """Leave what is there already to itself when garbage is collected.

    It stays, and to go over all of it, the modules most of all, takes a tenth of a second at a time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
