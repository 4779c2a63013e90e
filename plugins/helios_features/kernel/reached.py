"""What compiled code is made of: a digest by which numba's cache can tell it from what was compiled before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np


def digest(*functions: Callable[..., Any]) -> int:
    """What these compiled functions come to with all that they reach: code and constants, in 60 bits.

    Numba's cache looks at the file of a cached function, and at the values that it closes over, but at no function that
    it calls in another file. A cached function that closes over this number is not found once any of them has changed.
    """
    found = repr(sorted(reached(*functions).items())).encode()
    return int.from_bytes(hashlib.blake2b(found, digest_size=8).digest(), "big") >> 4


def reached(*functions: Callable[..., Any]) -> dict[str, list[Any]]:
    """The compiled functions that these reach, by module and name: options, code, and the constants it names."""
    found: dict[str, list[Any]] = {}
    waiting: list[Any] = list(functions)
    while waiting:
        given = waiting.pop()
        function = getattr(given, "py_func", None)
        if not isinstance(function, FunctionType):
            continue
        name = f"{function.__module__}.{function.__qualname__}"
        if name not in found:
            values = dict(_values(function))
            constants = [(n, v) for n, v in values.items() if isinstance(v, int | float | str | tuple | np.generic)]
            found[name] = [sorted(given.targetoptions.items()), *_of(function.__code__), constants]
            waiting += values.values()
    return found


def _of(code: CodeType) -> Iterator[Any]:
    yield from (code.co_code, code.co_names, code.co_varnames)
    for constant in code.co_consts:
        yield tuple(_of(constant)) if isinstance(constant, CodeType) else constant


def _values(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The globals that a function names, and what it may name of modules among them."""
    names = function.__code__.co_names
    for name in names:
        value = function.__globals__.get(name)
        yield name, value
        if isinstance(value, ModuleType):
            yield from ((f"{name}.{inner}", getattr(value, inner)) for inner in names if hasattr(value, inner))
