"""The nets of a guard: audit events of the interpreter, and a profile function for what raises none.

Audit events tell of files, sockets, programs and frames. The profile function sees built-in functions that are called
from Python, and Python code of libraries; C code that calls C code is seen by neither.
"""

from __future__ import annotations

import inspect
import os
import random
import sys
from collections.abc import Callable
from importlib import _bootstrap
from types import FrameType
from typing import Any

from helios_engine.proof.hermetic import clock, forbidden, generators
from helios_engine.proof.hermetic.forbidden import Rule
from helios_engine.proof.hermetic.guard import Guard


class Nets:
    """Tells a guard what happens in this process, from `install` on; that cannot be undone."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._import: tuple[FrameType, int] | None = None
        self._files: dict[str, Callable[[FrameType], None] | None] = {}
        self._handlers = {
            os.getenv.__code__.co_filename: self._environment,  # os itself is frozen into the interpreter
            random.__file__: self._generator,
            _IMPORTING.co_filename: self._imports,
        }

    def install(self) -> None:
        """Begin to watch."""
        clock.listen(self._asked_now)
        generators.listen(self._drew)
        sys.addaudithook(self._audit)
        sys.setprofile(self._profile)

    def _audit(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._guard.part:  # most events are the engine's, and each costs
            return
        with self._guard.attention() as attentive:
            if attentive:
                self._event(event, given, sys._getframe(1))

    def _event(self, event: str, given: tuple[Any, ...], frame: FrameType) -> None:
        guard = self._guard
        if event in forbidden.FILES:
            guard.explained = guard.explained or self._import is None
            rule = guard.rule(event, given)
        elif event == "object.__getattr__":
            is_frame = given[1] in forbidden.FRAMES
            rule = Rule("memory", f"looks into frames of the process ({given[1]})", True) if is_frame else None
        elif event == "sys._getframe":
            file = frame.f_code.co_filename
            mine = file == inspect.__file__ or file.startswith(guard.root)
            rule = forbidden.EVENTS[event] if mine else None  # much of the library looks who called it
        else:
            rule = forbidden.EVENTS.get(event)
        if rule is not None:
            guard.found(rule, frame)

    def _profile(self, frame: FrameType, event: str, given: Any) -> None:
        if not self._guard.part:
            return
        if event == "call":
            file = frame.f_code.co_filename
            handler = self._files[file] if file in self._files else self._handler(file)
            if handler is not None:
                with self._guard.attention() as attentive:
                    if attentive:
                        handler(frame)
        elif event == "return":
            if self._import is not None and self._import[0] is frame:
                self._guard.excused += self._guard.read.mark() - self._import[1]
                self._import = None
        elif event == "c_call" and given.__name__ in _NAMES:
            with self._guard.attention() as attentive:
                if attentive:
                    self._builtin(given, frame)

    def _handler(self, file: str) -> Callable[[FrameType], None] | None:
        handler = self._handlers.get(file)
        if handler is None and any(reader in file for reader in forbidden.READERS):
            handler = self._library
        self._files[file] = handler
        return handler

    def _builtin(self, function: Any, frame: FrameType) -> None:
        rule = forbidden.BUILTINS.get((str(getattr(function, "__module__", "")), function.__name__))
        if rule is not None:
            asked = self._asked_about(frame) if rule.kind == "file" else None
            if asked is None or self._guard.rule("open", (asked, "r", 0)) is not None:
                self._guard.found(rule, frame)
        elif function.__name__ in forbidden.DRAWS and getattr(function, "__self__", None) is _HIDDEN:
            self._guard.found(forbidden.GLOBAL_RANDOM, frame)

    def _asked_about(self, frame: FrameType) -> Any:
        """The path that the library's code asks the file system about, or that the part may ask about."""
        for name in ("path", "filename", "self"):
            if isinstance(path := frame.f_locals.get(name), (str, os.PathLike)):
                return path
        return next(iter(self._guard.declared.get(self._guard.part, {})), None)

    def _asked_now(self, name: str) -> None:
        self._told(forbidden.NOW._replace(words=f"reads the wall clock ({name})"))

    def _drew(self, name: str) -> None:
        self._guard.drawn = True
        self._told(forbidden.GLOBAL_NUMPY._replace(words=f"{forbidden.GLOBAL_NUMPY.words} (numpy.random.{name})"))

    def _told(self, rule: Rule) -> None:
        with self._guard.attention() as attentive:
            if attentive:
                self._guard.found(rule, sys._getframe(2))

    def _environment(self, frame: FrameType) -> None:
        if frame.f_code in _ENVIRON:
            self._guard.found(forbidden.ENVIRONMENT, frame)

    def _imports(self, frame: FrameType) -> None:
        """What an import reads is code: the outermost one is left out of the bytes."""
        if frame.f_code is _IMPORTING and self._import is None:
            self._import = (frame, self._guard.read.mark())

    def _generator(self, frame: FrameType) -> None:
        if frame.f_code is random.Random.seed.__code__ and frame.f_locals.get("a") is None:
            self._guard.found(forbidden.UNSEEDED, frame)

    def _library(self, frame: FrameType) -> None:
        """A library that reads files in C was called: with a path, that is a file; the line may be needed later."""
        guard = self._guard
        culprit = guard.culprit(frame)
        guard.reader = guard.reader or (culprit.where if culprit else "")
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        for name in names[:2]:
            path = frame.f_locals.get(name)
            if isinstance(path, (str, os.PathLike)) and str(path) and name in _PATH_NAMES:
                rule = guard.rule("open", (path, "r", 0))
                if rule is not None and culprit is not None:
                    guard.explained = True
                    guard.note(rule, culprit.where)


_HIDDEN = random.seed.__self__  # type: ignore[attr-defined]
_IMPORTING = _bootstrap._find_and_load.__code__  # type: ignore[attr-defined]
_ENVIRON = frozenset(
    getattr(type(os.environ), name).__code__
    for name in ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__", "copy")
)
_NAMES = frozenset({name for _, name in forbidden.BUILTINS} | forbidden.DRAWS)
_PATH_NAMES = frozenset({"source", "path", "filepath_or_buffer", "paths", "io", "path_or_paths"})
