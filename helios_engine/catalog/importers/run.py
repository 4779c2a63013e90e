"""Files in, data sets out: recognise, read, put in order, check every row, commit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers.arrival import Arrival
from helios_engine.catalog.importers.contract import Ask, ImporterSpec, Rows
from helios_engine.catalog.importers.heard import Heard
from helios_engine.catalog.importers.recognise import Recognised, recognise
from helios_engine.catalog.importers.source import Source, sources
from helios_engine.catalog.importers.symbols import instrument_name
from helios_engine.catalog.manifest import Manifest
from helios_engine.catalog.session import Session
from helios_engine.catalog.store import Catalog
from helios_engine.errors import ConfigError, DataError, HeliosError, PluginError

Progress = Callable[[float, int], None]
Key = tuple[str, str, str]


class Outcome(msgspec.Struct, kw_only=True):
    """What an import did: the files with their formats, the data sets, and what was left out of folders."""

    files: list[dict[str, Any]] = []
    datasets: list[Manifest] = []
    left_out: list[str] = []


def import_paths(
    catalog: Catalog,
    paths: Sequence[Path],
    importers: Mapping[str, ImporterSpec],
    ask: Ask,
    *,
    wanted: str | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Import files, zips and folders; every data set is committed whole, after all rows of all of them were checked.

    Raises ConfigError with the flag to add, DataError with file and line. In a folder, files that no importer
    knows are left out and named.
    """
    outcome = Outcome()
    taken = _recognised(paths, importers, wanted, outcome)
    with catalog.session() as session:
        arrivals: dict[Key, Arrival] = {}
        for importer, group in _grouped(taken):
            heard = Heard(ask)
            for rows in _rows(importer, group, heard.ask):
                _arrival(session, arrivals, rows, ask).take(rows)
                if progress is not None:
                    progress(_share(taken), sum(a.rows for a in arrivals.values()))
            heard.check(importer.name)
        if not arrivals:
            raise DataError(f"{', '.join(t.source.name for t in taken)}: no rows that can be kept")
        for arrival in arrivals.values():
            arrival.finish()
        # Whatever may be refused is refused here, of all data sets, before the first of them changes.
        for arrival in arrivals.values():
            arrival.prepare(replace=replace)
        outcome.datasets += [arrival.commit() for arrival in arrivals.values()]
    for one in taken:
        counts = {
            " ".join(filter(None, key)): arrival.files[one.source.name]
            for key, arrival in arrivals.items()
            if one.source.name in arrival.files
        }
        outcome.files.append(
            {
                "file": one.source.name,
                "format": one.importer.name,
                "confidence": one.guess.confidence,
                "why": one.guess.why,
                "rows": counts,
            }
        )
    return outcome


def _recognised(
    paths: Sequence[Path], importers: Mapping[str, ImporterSpec], wanted: str | None, outcome: Outcome
) -> list[Recognised]:
    taken = []
    for path in paths:
        for source in sources(path):
            try:
                taken.append(recognise(source, importers, wanted))
            except HeliosError as error:
                if not path.is_dir() or isinstance(error, PluginError | ConfigError):
                    raise
                outcome.left_out.append(str(error))
    _tell_apart([one.source for one in taken])
    if not taken:
        raise DataError(
            "nothing to import: " + ("\n  ".join(["", *outcome.left_out]).rstrip() or "the folder is empty")
        )
    return taken


def _share(taken: Sequence[Recognised]) -> float:
    """How much of the import is done, by bytes read; joining and checking at the end take about a quarter."""
    size = max(1, sum(one.source.size for one in taken))
    return 0.75 * math.fsum(one.source.size * one.source.share for one in taken) / size


def _tell_apart(found: Sequence[Source]) -> None:
    """Files of one name in different folders are called by their folder too."""
    names = Counter(source.name for source in found)
    for source in found:
        if names[source.name] > 1:
            source.name = f"{source.path.parent.name}/{source.name}"


def _grouped(taken: Sequence[Recognised]) -> list[tuple[ImporterSpec, list[Recognised]]]:
    groups: dict[str, tuple[ImporterSpec, list[Recognised]]] = {}
    for one in taken:
        groups.setdefault(one.importer.name, (one.importer, []))[1].append(one)
    return list(groups.values())


def _rows(importer: ImporterSpec, group: Sequence[Recognised], ask: Ask) -> Any:
    try:
        yield from importer.read([one.source for one in group], ask)
    except HeliosError:
        raise
    except Exception as error:
        raise PluginError(
            f"importer {importer.name} failed on {', '.join(o.source.name for o in group[:3])}: "
            f"{type(error).__name__}: {error}; nothing was imported"
        ) from error


def _arrival(session: Session, arrivals: dict[Key, Arrival], rows: Rows, ask: Ask) -> Arrival:
    name = rows.symbol if isinstance(rows.symbol, str) else ask.instrument or _name(rows)
    key = (rows.kind, name, rows.timeframe)
    if ask.instrument is not None and key in arrivals and _name(arrivals[key].first) != _name(rows):
        raise ConfigError(
            f"--instrument {ask.instrument}: the files hold {_name(arrivals[key].first)} and {_name(rows)}; "
            "import them one at a time"
        )
    if key not in arrivals:
        try:
            arrivals[key] = Arrival(session.writer(*key), rows, ask)
        except HeliosError as error:
            raise type(error)(f"{rows.file}: {error}") from None
    return arrivals[key]


def _name(rows: Rows) -> str:
    if isinstance(rows.symbol, Instrument):
        return rows.symbol.instrument
    return rows.symbol if isinstance(rows.symbol, str) else instrument_name(rows.symbol)
