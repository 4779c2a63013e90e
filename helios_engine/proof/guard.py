"""While a part of a run is on the stack, every reach for the outside is noted with the line that reaches.

Three nets: audit events of the interpreter, a profile function for built-ins and library code that raise none, and
the bytes that this thread read (`/proc/thread-self/io`), which shows files that C code opens by itself. What is
noted still happens, so that one run finds every line. A guard cannot be taken off: it is for child processes.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import _bootstrap
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, TypeVar

from helios_engine.proof import clock, forbidden, generators
from helios_engine.proof.blame import blame, paths_in
from helios_engine.proof.forbidden import Rule
from helios_engine.proof.places import Places
from helios_engine.proof.reading import BytesRead

_T = TypeVar("_T")


class Sight(NamedTuple):
    """What a part did at a line."""

    part: str
    kind: str
    words: str
    where: str


class Guard:
    """Watches one process for one run over the catalog in `store`; `seen` has each sight with its count and first ts.

    `roots` has where the code of each part lies, `declared` the files it may read, `calls` how often it was called.
    `ignored` are folders of the prover's own.
    """

    def __init__(self, store: str, ignored: Iterable[str] = ()) -> None:
        self.seen: dict[Sight, list[int]] = {}
        self.roots: dict[str, tuple[str, ...]] = {}
        self.declared: dict[str, dict[Path, None]] = {}
        self.calls: dict[str, int] = {}
        self._places = Places(store, ignored)
        self._part, self._ts = "", 0
        self._busy = False
        self._explained = self._drawn = False
        self._reader, self._excused = "", 0
        self._import: tuple[FrameType, int] | None = None
        self._thread = threading.get_ident()
        self._read = BytesRead()
        self._files: dict[str, Callable[[FrameType], None] | None] = {}
        self._handlers = {
            os.getenv.__code__.co_filename: self._environment,  # os itself is frozen into the interpreter
            random.__file__: self._generator,
            _IMPORTING.co_filename: self._imports,
        }
        self._random = random.seed.__self__  # type: ignore[attr-defined]

    def install(self) -> None:
        """Begin to watch; cannot be undone."""
        clock.listen(self._asked_now)
        generators.listen(self._drew)
        sys.addaudithook(self._audit)
        sys.setprofile(self._profile)

    def during(self, part: str, ts: int, call: Callable[[], _T]) -> _T:
        """Do `call` with `part` on the stack, at `ts` (ns UTC; 0 while it is being made)."""
        before, self._part, self._ts = (self._part, self._ts), part, ts
        self._explained, self._reader, self._excused = False, "", 0
        self.calls[part] = self.calls.get(part, 0) + 1
        mark, stood = self._read.mark(), generators.position()
        self._drawn = False
        try:
            return call()
        finally:
            if not self._explained and self._read.since(mark + self._excused):
                self._note(Rule("file", "reads files through C code"), self._reader)
            if not self._drawn and generators.position() != stood:
                self._note(forbidden.GLOBAL_NUMPY, "")
            self._part, self._ts = before

    @property
    def counts_bytes(self) -> bool:
        """Whether files that C code reads are noticed on this system."""
        return self._read.is_there

    def declare(self, part: str, settings: Any) -> None:
        """Let a part read the files and folders among its settings."""
        self.declared.setdefault(part, {}).update(dict.fromkeys(p.resolve() for p in paths_in(settings)))

    def _note(self, rule: Rule, where: str) -> None:
        sight = Sight(self._part, rule.kind, rule.words, where)
        counted = self.seen.setdefault(sight, [0, self._ts])
        counted[0] += 1

    def _found(self, rule: Rule, frame: FrameType | None) -> None:
        """Note what happened in `frame`, unless it is an import's, a log's or a library's own business."""
        culprit = blame(frame, self.roots.get(self._part, ("<",)), Guard.during.__code__)
        if culprit is not None and not (rule.only_direct and culprit.library):
            self._reader = culprit.where
            self._note(rule, culprit.where)

    def _audit(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._part or self._busy or threading.get_ident() != self._thread:
            return
        self._busy = True
        try:
            self._event(event, given)
        finally:
            self._busy = False

    def _event(self, event: str, given: tuple[Any, ...]) -> None:
        if event in forbidden.FILES:
            self._explained = self._explained or self._import is None
            rule = self._rule(event, given)
            if rule is not None:
                self._found(rule, sys._getframe(2))
        elif event == "object.__getattr__":
            if given[1] in forbidden.FRAMES:
                self._found(Rule("memory", f"looks into frames of the process ({given[1]})", True), sys._getframe(2))
        elif (rule := forbidden.EVENTS.get(event)) is not None:
            if event == "sys._getframe" and sys._getframe(2).f_code.co_filename not in self._stack_readers:
                return
            self._found(rule, sys._getframe(2))

    def _rule(self, event: str, given: tuple[Any, ...]) -> Rule | None:
        return self._places.rule(event, given, self.declared.get(self._part, {}), self.roots.get(self._part, ()))

    @property
    def _stack_readers(self) -> tuple[str, ...]:
        """Files whose own reading of frames counts: the part's, and `inspect`, which does it for whoever asks."""
        import inspect

        frame = sys._getframe(3)
        mine = frame.f_code.co_filename
        return (inspect.__file__, mine) if mine.startswith(self.roots.get(self._part, ("<",))) else (inspect.__file__,)

    def _profile(self, frame: FrameType, event: str, given: Any) -> None:
        if not self._part or self._busy:
            return
        if event == "call":
            file = frame.f_code.co_filename
            handler = self._files[file] if file in self._files else self._handler(file)
            if handler is not None:
                self._guarded(handler, frame)
        elif event == "return":
            if self._import is not None and self._import[0] is frame:
                self._excused += self._read.mark() - self._import[1]
                self._import = None
        elif event == "c_call":
            name = given.__name__
            if name in _NAMES:
                self._guarded(lambda f: self._builtin(name, given, f), frame)

    def _guarded(self, handler: Callable[[FrameType], None], frame: FrameType) -> None:
        if threading.get_ident() == self._thread:
            self._busy = True
            try:
                handler(frame)
            finally:
                self._busy = False

    def _handler(self, file: str) -> Callable[[FrameType], None] | None:
        handler = self._handlers.get(file)
        if handler is None and any(reader in file for reader in forbidden.READERS):
            handler = self._library
        self._files[file] = handler
        return handler

    def _builtin(self, name: str, function: Any, frame: FrameType) -> None:
        owner = getattr(function, "__self__", None)
        rule = forbidden.BUILTINS.get((str(getattr(function, "__module__", "")), name))
        if rule is not None:
            asked = self._asked_about(frame) if rule.kind == "file" else None
            if asked is None or self._rule("open", (asked, "r", 0)) is not None:
                self._found(rule, frame)
        elif name in forbidden.DRAWS and owner is self._random:
            self._found(forbidden.GLOBAL_RANDOM, frame)

    def _asked_about(self, frame: FrameType) -> Any:
        """The path that the library's code asks the file system about, or that the part may ask about."""
        for name in ("path", "filename", "self"):
            if isinstance(path := frame.f_locals.get(name), (str, os.PathLike)):
                return path
        return next(iter(self.declared.get(self._part, {})), None)

    def _asked_now(self, name: str) -> None:
        rule = forbidden.NOW._replace(words=f"reads the wall clock ({name})")
        if self._part and not self._busy:
            self._guarded(lambda frame: self._found(rule, frame), sys._getframe(1))

    def _drew(self, name: str) -> None:
        self._drawn = True
        rule = forbidden.GLOBAL_NUMPY._replace(words=f"{forbidden.GLOBAL_NUMPY.words} (numpy.random.{name})")
        if self._part and not self._busy:
            self._guarded(lambda frame: self._found(rule, frame), sys._getframe(1))

    def _environment(self, frame: FrameType) -> None:
        if frame.f_code in _ENVIRON:
            self._found(forbidden.ENVIRONMENT, frame)

    def _imports(self, frame: FrameType) -> None:
        """What an import reads is code: the outermost one is left out of the bytes."""
        if frame.f_code is _IMPORTING and self._import is None:
            self._import = (frame, self._read.mark())

    def _generator(self, frame: FrameType) -> None:
        if frame.f_code is random.Random.seed.__code__ and frame.f_locals.get("a") is None:
            self._found(forbidden.UNSEEDED, frame)

    def _library(self, frame: FrameType) -> None:
        """A library that reads files in C was called: with a path, that is a file; the line may be needed later."""
        culprit = blame(frame, self.roots.get(self._part, ("<",)), Guard.during.__code__)
        self._reader = self._reader or (culprit.where if culprit else "")
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        for name in names[:2]:
            path = frame.f_locals.get(name)
            if isinstance(path, (str, os.PathLike)) and str(path) and name in _PATH_NAMES:
                rule = self._rule("open", (path, "r", 0))
                if rule is not None and culprit is not None:
                    self._explained = True
                    self._note(rule, culprit.where)


_IMPORTING = _bootstrap._find_and_load.__code__  # type: ignore[attr-defined]
_ENVIRON = frozenset(
    getattr(type(os.environ), name).__code__
    for name in ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__", "copy")
)
_NAMES = frozenset({name for _, name in forbidden.BUILTINS} | forbidden.DRAWS)
_PATH_NAMES = frozenset({"source", "path", "filepath_or_buffer", "paths", "io", "path_or_paths"})
