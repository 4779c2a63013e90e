"""Wall clocks of this process moved, or listened to: the functions of `time`, and `datetime`'s own now and today.

C code that asks `datetime.now`, as pandas does, gets the moved time too; C code that asks the operating system does
not. Only for processes that were started for this: it cannot be undone.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

_NS = 1_000_000_000


def shift(seconds: int) -> None:
    """Move every wall clock that Python knows ahead by so many seconds."""
    span = datetime.timedelta(seconds=seconds)
    kept = {name: getattr(time, name) for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime")}

    def given(name: str) -> Callable[..., Any]:
        # These take a moment or a struct, and mean now when they get none.
        return lambda moment=None: kept[name](kept["time"]() + seconds if moment is None else moment)

    def strftime(form: str, moment: Any = None) -> str:
        text: str = kept["strftime"](form, time.localtime() if moment is None else moment)
        return text

    moved: dict[str, Callable[..., Any]] = {
        "time": lambda: kept["time"]() + seconds,
        "time_ns": lambda: kept["time_ns"]() + seconds * _NS,
        "localtime": given("localtime"),
        "gmtime": given("gmtime"),
        "ctime": given("ctime"),
        "strftime": strftime,
    }
    for name, function in moved.items():
        setattr(time, name, function)
    # `today` asks `time.time`, which has been moved already.
    _wrap(lambda original: lambda *args, **keywords: original(*args, **keywords) + span, ("now", "utcnow"))


def listen(told: Callable[[str], None]) -> None:
    """Call `told` with a name whenever somebody, C code included, asks `datetime` or `date` what time it is."""

    def wrapping(original: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **keywords: Any) -> Any:
            told(f"datetime.{original.__name__}")
            return original(*args, **keywords)

        return asked

    _wrap(wrapping, ("now", "utcnow", "today"))


def _wrap(wrapping: Callable[[Callable[..., Any]], Callable[..., Any]], names: tuple[str, ...]) -> None:
    """Put functions in the place of class methods of C types, which take no assignment."""
    for kind in (datetime.date, datetime.datetime):
        (attributes,) = gc.get_referents(kind.__dict__)
        for name in names:
            if name in attributes:
                attributes[name] = classmethod(_bound(attributes[name], wrapping))
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _bound(original: Any, wrapping: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[..., Any]:
    def method(kind: type, *args: Any, **keywords: Any) -> Any:
        return wrapping(original.__get__(None, kind))(*args, **keywords)

    return method
