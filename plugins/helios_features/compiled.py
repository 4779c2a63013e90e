"""How features are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(*signature: Any, **options: Any) -> Callable[[Function], Function]:
    """Numba's decorator for code that makes no arrays, but works in those that it is given.

    Divisions by 0 give infinity or NaN, as in numpy; additions keep their order (no fastmath). References to arrays are
    counted by the caller alone (`_nrt`): to count them for each part that is handed on took a third of a bar's time.
    """
    said: Any = {"error_model": "numpy", "_nrt": False, **options}
    return cast("Callable[[Function], Function]", njit(*signature, **said))
