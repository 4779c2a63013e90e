"""Importers with one thing wrong each, and one with nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from helios_engine.catalog.importers import generic
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source

HEADER = "ts,open,high,low,close,volume"
_READS = itertools.count()


def marked(source: Source) -> Guess | None:
    """Sure of files under the header."""
    return Guess(0.95, "the header") if source.first_lines[:1] == [HEADER] else None


def certain(source: Source) -> Guess | None:
    """Sure of every file there is."""
    return Guess(1.0, "it is a file")


def unsure(source: Source) -> Guess | None:
    """Sure of none."""
    return None


def credulous(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Read with every line left out that is no row: what a careless parser does."""
    for source in sources:
        lines = source.text().splitlines()
        kept = [line for n, line in enumerate(lines) if n == 0 or (line.count(",") == 5 and "abc" not in line)]
        yield from generic.read([_beside(source, kept)], ask)


def fickle(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Read, and leave out another row each time."""
    number = next(_READS)
    for source in sources:
        lines = source.text().splitlines()
        del lines[1 + number % (len(lines) - 1)]
        yield from generic.read([_beside(source, lines)], ask)


def _beside(source: Source, lines: Sequence[str]) -> Source:
    path = Path(source.path.parent / f"kept-{source.path.name}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Source(path)
