"""A run under guard: plugins are imported, parts made and heard, each under its own name. For fresh processes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from inspect import getsourcelines, signature
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.build import build
from helios_engine.config import Config, Piece
from helios_engine.errors import HeliosError
from helios_engine.events import Body
from helios_engine.plugins import Kind, Offer, Plugins
from helios_engine.proof.blame import file_of, folder_of, root_of
from helios_engine.proof.case import VENUE, Case, parts_in
from helios_engine.proof.hermetic import tampering
from helios_engine.proof.hermetic.guard import Guard
from helios_engine.proof.hermetic.layer import Noted, Report
from helios_engine.proof.hermetic.nets import Nets
from helios_engine.proof.rehearsals.rehearsal import rehearse
from helios_engine.proof.rehearsals.retelling import Retold, case_of
from helios_engine.proof.rehearsals.stretch import Stretch
from helios_engine.proof.rehearsals.watching import Watch

IMPORTING = "<import>"
"""The part that is on the stack while plugins are imported."""


class GuardedPlugins:
    """Plugins whose stages and effects are made under guard, each as the part of the run that it will be."""

    def __init__(self, plugins: Plugins, config: Config, guard: Guard) -> None:
        self._plugins, self._guard = plugins, guard
        self._pieces: dict[Kind, tuple[Piece, ...]] = {"stage": config.stages, "effect": config.effects}
        self._offers: dict[Kind, dict[str, Offer]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plugins, name)

    def offers(self, kind: Kind) -> dict[str, Offer]:
        """What is offered of a kind; the recipes that the run uses make their parts under guard."""
        if kind not in self._offers:
            found = self._offers[kind] = dict(self._plugins.offers(kind))
            for use in {piece.use for piece in self._pieces.get(kind, ())} & set(found):
                names = [piece.name for piece in self._pieces[kind] if piece.use == use]
                spec = found[use].spec
                made = self._guarded(spec.factory, names)
                found[use] = Offer(msgspec.structs.replace(spec, factory=made), found[use].plugin)
        return self._offers[kind]

    def _guarded(self, factory: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
        """The recipe under guard. Parts are made in the order of the config, so the turn tells which one it is."""
        turn = itertools.cycle(names)
        self._guard.roots.update(dict.fromkeys(names, root_of(factory)))

        def make(*args: Any, **settings: Any) -> Any:
            name = next(turn)
            self._guard.declare(name, settings)
            return self._guard.during(name, 0, lambda: factory(*args, **settings))

        target = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
        if target is not object.__init__:
            wraps(target)(make)
        make.__signature__ = signature(factory)  # type: ignore[attr-defined]
        return make


class GuardedWatch(Watch):
    """Records what parts say, each heard under guard; the venue's own code is not under it."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def heard(
        self, part: str, ts: int, line: Callable[[int], str], call: Callable[..., Iterable[Body]], *given: Any
    ) -> list[Body]:
        """The outputs of one call of a part."""
        if part == VENUE:
            return super().heard(part, ts, line, call, *given)
        return super().heard(part, ts, line, lambda: self._guard.during(part, ts, lambda: tuple(call(*given))))


def watched(retold: Retold) -> dict[str, Any]:
    """The job of the fresh process: import plugins and run under guard; returns a `Report` as plain values."""
    before = tampering.portrait()
    guard = Guard(retold.catalog, (retold.folder,))
    guard.roots[IMPORTING] = tuple(folder for name in retold.packages for folder in folder_of(name))
    Nets(guard).install()
    case = guard.during(IMPORTING, 0, lambda: case_of(retold))
    report = _run(case, guard)
    changed = tampering.changes(before, tampering.portrait())
    noted = [*_noted(guard, case), *_tampered(changed, case)]
    found: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(report, noted=noted))
    return found


def _run(case: Case, guard: Guard) -> Report:
    """Run as far as is needed to judge every part."""
    names = [piece.name for piece in (*case.config.stages, *case.config.effects)]
    stretch = Stretch([*names, VENUE])
    count, error = 0, ""
    try:
        plan = build(case.config, GuardedPlugins(case.plugins, case.config, guard))  # type: ignore[arg-type]
        given = rehearse(plan, GuardedWatch(guard), stretch.is_enough)
        count = sum(len(stream.inputs) for stream in given.streams.values())
    except HeliosError as raised:
        error = str(raised)
    return Report(
        parts=list(parts_in(case.config, case.plugins)),
        noted=[],
        calls={name: calls for name, calls in guard.calls.items() if name != IMPORTING},
        silent=sorted(stretch.silent),
        inputs=count,
        artefacts=[(name, str(p), digest_of(p)) for name, paths in guard.declared.items() for p in paths],
        counts_bytes=guard.counts_bytes,
        error=error,
    )


def digest_of(path: Path) -> str:
    """What a declared artefact holds, as twelve hex digits of its sha256; of a folder, how many files it has."""
    if path.is_dir():
        return f"a folder of {sum(1 for p in path.rglob('*') if p.is_file())} files"
    try:
        with path.open("rb") as file:
            return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
    except OSError:
        return "not there"


def _noted(guard: Guard, case: Case) -> Iterator[Noted]:
    """What the guard saw; what an import did is of the parts whose class that module holds."""
    for sight, (count, first) in guard.seen.items():
        if sight.part != IMPORTING:
            where = sight.where or _defined(case, sight.part)
            yield Noted(sight.part, sight.kind, sight.words, where, count, first)
            continue
        for name, factory in _factories(case):
            if sight.where.rpartition(":")[0] == file_of(factory):
                yield Noted(name, sight.kind, f"{sight.words} when its module was imported;", sight.where, count, first)


def _tampered(changed: Iterable[tampering.Change], case: Case) -> Iterator[Noted]:
    """Changes to the engine, each of the part whose class the line is in, or of the first whose code it is."""
    factories = list(_factories(case))
    for change in changed:
        mine = [name for name, factory in factories if _holds(factory, change.where)]
        near = [name for name, factory in factories if change.where.startswith(root_of(factory))]
        yield Noted([*mine, *near, "engine"][0], "engine", f"changed {change.name}", change.where, 1, 0)


def _factories(case: Case) -> Iterator[tuple[str, Any]]:
    pieces: tuple[tuple[Kind, tuple[Piece, ...]], ...] = (
        ("stage", case.config.stages),
        ("effect", case.config.effects),
    )
    for kind, those in pieces:
        for piece in those:
            yield piece.name, case.plugins.offers(kind)[piece.use].spec.factory


def _defined(case: Case, part: str) -> str:
    """Where a part's class begins, for what has no line of its own."""
    factory = dict(_factories(case)).get(part)
    first, _ = _lines(factory)
    return f"{file_of(factory)}:{first}"


def _holds(factory: Any, where: str) -> bool:
    file, _, line = where.rpartition(":")
    first, last = _lines(factory)
    return file == file_of(factory) and first <= int(line) < last


def _lines(factory: Any) -> tuple[int, int]:
    try:
        lines, first = getsourcelines(factory)
    except (OSError, TypeError):
        return 0, 0
    return first, first + len(lines)
