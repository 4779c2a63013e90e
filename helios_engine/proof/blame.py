"""Whose doing it is: from a frame outwards to the line of a part's own code that led to it."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import helios_engine

_ENGINE = str(Path(helios_engine.__file__).parent)
_STANDARD = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
_SITE = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_IMPORTING = "<frozen importlib"
_QUIET = tuple(f"{folder}/{name}" for folder in _STANDARD for name in ("logging/", "warnings.py", "zoneinfo/"))
"""What these do on behalf of a part is theirs: a log line has a time, a warning its source, a zone its rules."""


class Blame(NamedTuple):
    """The line (`file:line`) of a part's code; `library` is the package between it and what happened, if any."""

    where: str
    library: str


def blame(frame: FrameType | None, roots: tuple[str, ...], boundary: CodeType) -> Blame | None:
    """Who did it: the innermost frame of the part, whose files begin with one of `roots`.

    Nothing for what an import does and for logging. Code without a file of the part, such as a class that was made
    by a factory elsewhere, is known by the outermost line within `boundary`, the frame that called the part.
    """
    library = ""
    outermost: Blame | None = None
    while frame is not None and frame.f_code is not boundary:
        file = frame.f_code.co_filename
        if file.startswith(_IMPORTING) or file.startswith(_QUIET):
            return None
        if file.startswith(roots):
            return Blame(f"{file}:{frame.f_lineno}", library)
        if not library:
            library = library_of(file)
        if not library_of(file) and not file.startswith((_ENGINE, "<", *_STANDARD)):
            outermost = Blame(f"{file}:{frame.f_lineno}", library)
        frame = frame.f_back
    return outermost


def library_of(file: str) -> str:
    """The name of the installed package that a file belongs to; empty for the standard library and others."""
    for folder in _SITE:
        if file.startswith(folder):
            return file[len(folder) :].strip("/").partition("/")[0].removesuffix(".py")
    return ""


def is_installed(path: str) -> bool:
    """Whether a file came with Python or with an installed package."""
    return path.startswith((*_STANDARD, *_SITE))


def root_of(factory: Any) -> tuple[str, ...]:
    """Where a recipe's own code lies: the folder of its top package, or its file if it is in none.

    A part that comes with the engine has the folder of its own package only: the engine is not its code.
    """
    kind = factory if isinstance(factory, type) else getattr(factory, "func", factory)
    module = _module(getattr(kind, "__module__", ""))
    file = getattr(module, "__file__", None)
    if not file:
        return ("<no file>",)
    path = Path(file)
    top = _module(module.__name__.partition(".")[0])
    if top.__name__ == "helios_engine":
        return (str(path.parent) + "/",)
    top_file = getattr(top, "__file__", None)
    if top_file and Path(top_file).name == "__init__.py":
        return (str(Path(top_file).parent) + "/",)
    return (file,)


def folder_of(module: str) -> tuple[str, ...]:
    """Where the code of a plugin lies that has not been imported; nothing for what comes with the engine."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top) if top != "helios_engine" else None
    if spec is None or spec.origin is None:
        return ()
    origin = Path(spec.origin)
    return (f"{origin.parent}/",) if origin.name == "__init__.py" else (str(origin),)


def file_of(factory: Any) -> str:
    """The file of a recipe's class."""
    return str(getattr(_module(getattr(factory, "__module__", "")), "__file__", "") or "")


def _module(name: str) -> Any:
    return sys.modules.get(name)


def paths_in(settings: Mapping[str, Any] | Iterable[Any] | Any) -> Iterable[Path]:
    """Every `Path` among settings: the artefacts that a part declares."""
    if isinstance(settings, Path):
        yield settings
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from paths_in(value)
    elif isinstance(settings, (list, tuple, set, frozenset)):
        for value in settings:
            yield from paths_in(value)
