"""Which files a stage may touch: those it declared, and those that programs need to run at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helios_engine.proof.blame import is_installed
from helios_engine.proof.hermetic import forbidden
from helios_engine.proof.hermetic.forbidden import Rule

_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib", ".nbi", ".nbc", ".pth")
_METADATA = (".dist-info/entry_points.txt", ".dist-info/METADATA")
"""What libraries that look for plugins of their own read of every package, wherever it is installed."""
_SEARCHED = frozenset(sys.path)
"""Folders and archives of modules, as they were before any part was made."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Places:
    """The catalog in `store`, and folders of the prover's own, which are `ignored`."""

    def __init__(self, store: str, ignored: Iterable[str]) -> None:
        self._store = Path(store).resolve() if "://" not in store else None
        self._ignored = tuple(str(Path(folder).resolve()) for folder in ignored)

    def rule(self, event: str, given: tuple[Any, ...], declared: Iterable[Path], own: tuple[str, ...]) -> Rule | None:
        """What an audit event about a file amounts to; nothing if that file may be touched in that way.

        `own` is where the part's code lies: data beside it is nobody's but the part's.
        """
        path = _path(given)
        if path is None:
            return None
        changes = event in forbidden.CHANGING or (event == "open" and _writes(given))
        if self._store is not None and path.is_relative_to(self._store):
            inside = path.relative_to(self._store)
            return Rule("store", f"{'changes' if changes else 'reads'} the catalog ({inside})")
        text = str(path)
        if text.startswith(self._ignored) or text == os.devnull:
            return None
        if changes:
            # numba makes the folder of its cache, and sees whether it may write there by a file without a name.
            return (
                None if text.endswith((*_CODE, "/__pycache__")) else Rule("file", f"writes or changes a file ({text})")
            )
        if any(path == one or path.is_relative_to(one) for one in declared) or _is_part_of_python(text, own):
            return None
        if event == "ctypes.dlopen":
            return Rule("memory", f"loads a library with ctypes ({path.name})", True)
        return Rule("file", f"reads a file that it does not declare ({text})", text.startswith(("/proc/", "/sys/")))


def _is_part_of_python(text: str, own: tuple[str, ...]) -> bool:
    """Code, time zones, and data that came with Python or an installed library."""
    if text.endswith((*_CODE, *_METADATA)) or "zoneinfo" in text or text in _SEARCHED:
        return True
    return is_installed(text) and not text.startswith(own)


def _path(given: tuple[Any, ...]) -> Path | None:
    if not given or not isinstance(given[0], (str, bytes, os.PathLike)):
        return None  # a file descriptor was a path before
    try:
        text = os.fsdecode(given[0])
        return Path(os.path.realpath(text)) if text not in ("", ":memory:") else None
    except (ValueError, OSError):
        return None


def _writes(given: tuple[Any, ...]) -> bool:
    mode, flags = (*given[1:3], None, None)[:2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)
