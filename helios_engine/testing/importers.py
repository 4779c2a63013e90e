"""The checks of an importer: it knows its own files, reads them, and believes nothing that is broken."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.importers.source import Source
from helios_engine.catalog.store import Catalog
from helios_engine.errors import HeliosError, PluginError
from helios_engine.testing.check import UnjudgedError
from helios_engine.testing.subject import Subject

ROUNDS = 40
_DECIMAL = re.compile(rb"(?<![\w.])\d+\.\d+(?![\w.])")


def recognises(subject: Subject) -> Sequence[str]:
    """It is at least 0.7 sure of each of its files, and of a file of prose not at all."""
    spec = subject.offer.spec
    found = []
    for path in _files(subject):
        guess = spec.recognise(Source(path))
        if guess is None or guess.confidence < 0.7:
            found.append(f"importer {subject.name!r} is not sure of its own {path.name}: {guess}; look for its marks")
    prose = subject.folder / "prose.txt"
    prose.write_text("This is no market data.\nIt is two lines of prose.\n", encoding="utf-8")
    guess = spec.recognise(Source(prose))
    if guess is not None and guess.confidence >= 0.7:
        found.append(f"importer {subject.name!r} takes prose for its own ({guess.why}); ask for more of its marks")
    return found


def reads(subject: Subject) -> Sequence[str]:
    """Its files become data sets with rows, and the same rows every time."""
    files = [(path.name, path.read_bytes()) for path in _files(subject)]
    first, second = _imported(subject, files), _imported(subject, files)
    if not first:
        return [f"importer {subject.name!r} made no data set of {', '.join(n for n, _ in files)}"]
    return [] if first == second else [f"importer {subject.name!r}: two imports of the same files differ"]


def refuses(subject: Subject) -> Sequence[str]:
    """A file that was cut, emptied, or has a word for a decimal is refused, or read as if that had not been there.

    Refused means DataError or ConfigError with file and place; another exception is a failure of the importer.
    """
    files = [(path.name, path.read_bytes()) for path in _files(subject)]
    whole = _imported(subject, files)
    draw = random.Random(0)
    for number in range(ROUNDS):
        for what, mutate in MUTATIONS.items():
            place = draw.randrange(len(files))
            name, content = files[place]
            changed = mutate(content, draw)
            if changed is None or changed == content:
                continue
            given = [*files[:place], (name, changed), *files[place + 1 :]]
            try:
                found = _imported(subject, given)
            except PluginError as error:
                return [f"{what} (round {number}) broke it: {error}; catch it and raise DataError with file and line"]
            except HeliosError:
                continue
            if found != whole:
                return [
                    f"importer {subject.name!r} believed {name} with {what} (round {number}); raise DataError with "
                    "file and line for what cannot be true"
                ]
    return []


def _worded(content: bytes, draw: random.Random) -> bytes | None:
    """A word in place of one decimal: what has a point is a price or a quantity, where a whole number may be an id."""
    places = list(_DECIMAL.finditer(content))
    if not places or b"\0" in content[:1024]:
        return None
    place = draw.choice(places)
    return content[: place.start()] + b"abc" + content[place.end() :]


def _short(content: bytes, draw: random.Random) -> bytes | None:
    """The last row without its second half, as an interrupted download leaves it."""
    if b"\0" in content[:1024]:
        return content[: len(content) // 2]
    rows = content.rstrip().splitlines(keepends=True)
    cells = rows[-1].split(b",")
    if len(cells) < 3:
        return None
    return b"".join(rows[:-1]) + b",".join(cells[: draw.randrange(1, len(cells) // 2 + 1)])


MUTATIONS: Mapping[str, Callable[[bytes, random.Random], bytes | None]] = {
    "a word for a decimal": _worded,
    "its last row cut": _short,
    "nothing in it": lambda content, draw: b"",
}


def _imported(subject: Subject, files: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """The digest of each data set that an import of these files makes."""
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        paths = list(_written(Path(folder), files))
        catalog, specs = Catalog(Path(folder) / "catalog"), {subject.name: subject.offer.spec}
        found = import_paths(catalog, paths, specs, Ask(**subject.ask), wanted=subject.name)
        return {f"{m.kind} {m.name} {m.timeframe}": m.digest for m in found.datasets}


def _written(folder: Path, files: Sequence[tuple[str, bytes]]) -> Iterator[Path]:
    for name, content in files:
        (folder / name).write_bytes(content)
        yield folder / name


def _files(subject: Subject) -> Sequence[Path]:
    if not subject.files:
        raise UnjudgedError(f"importer {subject.name!r}: name files of its format in `files`")
    return subject.files
