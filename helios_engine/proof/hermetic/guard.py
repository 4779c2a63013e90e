"""While a part of a run is on the stack, every reach for the outside is noted with the line that reaches.

What is noted still happens, so that one run finds every line. The nets that catch it are in `nets`; files that C code
opens by itself are known by the bytes that this thread read. A guard cannot be taken off: it is for child processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, TypeVar

from helios_engine.proof.blame import Blame, blame, paths_in
from helios_engine.proof.hermetic import forbidden, generators
from helios_engine.proof.hermetic.forbidden import Rule
from helios_engine.proof.hermetic.places import Places
from helios_engine.proof.hermetic.reading import BytesRead

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
        self.places = Places(store, ignored)
        self.part, self._ts = "", 0
        # Whether, in this call, bytes that were read are a known file's, and a draw of numpy's is a known line's.
        self.explained = self.drawn = False
        # The line that was last at work in this call, and how many bytes its imports read.
        self.reader, self.excused = "", 0
        self.read = BytesRead()
        self._busy = False
        self._thread = threading.get_ident()

    def during(self, part: str, ts: int, call: Callable[[], _T]) -> _T:
        """Do `call` with `part` on the stack, at `ts` (ns UTC; 0 while it is being made)."""
        before, self.part, self._ts = (self.part, self._ts), part, ts
        self.explained, self.reader, self.excused = False, "", 0
        self.calls[part] = self.calls.get(part, 0) + 1
        mark, stood = self.read.mark(), generators.position()
        self.drawn = False
        try:
            return call()
        finally:
            if not self.explained and self.read.since(mark + self.excused):
                self.note(Rule("file", "reads files through C code"), self.reader)
            if not self.drawn and generators.position() != stood:
                self.note(forbidden.GLOBAL_NUMPY, "")
            self.part, self._ts = before

    @property
    def counts_bytes(self) -> bool:
        """Whether files that C code reads are noticed on this system."""
        return self.read.is_there

    def declare(self, part: str, settings: Any) -> None:
        """Let a part read the files and folders among its settings."""
        self.declared.setdefault(part, {}).update(dict.fromkeys(p.resolve() for p in paths_in(settings)))

    def note(self, rule: Rule, where: str) -> None:
        """Remember that the part did this, at this line."""
        counted = self.seen.setdefault(Sight(self.part, rule.kind, rule.words, where), [0, self._ts])
        counted[0] += 1

    def found(self, rule: Rule, frame: FrameType | None) -> None:
        """Note what happened in `frame`, unless it is an import's, a log's or a library's own business."""
        culprit = self.culprit(frame)
        if culprit is not None and not (rule.only_direct and culprit.library):
            self.reader = culprit.where
            self.note(rule, culprit.where)

    def culprit(self, frame: FrameType | None) -> Blame | None:
        """The line of the part that led to a frame."""
        return blame(frame, self.root, Guard.during.__code__)

    @property
    def root(self) -> tuple[str, ...]:
        """Where the code of the part lies."""
        return self.roots.get(self.part, ("<no file>",))

    def rule(self, event: str, given: tuple[Any, ...]) -> Rule | None:
        """What the part's doing something with a file amounts to; nothing if it may."""
        return self.places.rule(event, given, self.declared.get(self.part, {}), self.root)

    @contextmanager
    def attention(self) -> Iterator[bool]:
        """Whether there is a part on the stack of this thread; what happens within is not itself watched."""
        if not self.part or self._busy or threading.get_ident() != self._thread:
            yield False
            return
        self._busy = True
        try:
            yield True
        finally:
            self._busy = False
