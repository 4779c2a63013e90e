"""Which importer a file belongs to, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from helios_engine.catalog.importers.contract import Guess, ImporterSpec
from helios_engine.catalog.importers.source import Source
from helios_engine.errors import ConfigError, DataError, PluginError
from helios_engine.toml_place import nearest

ENOUGH, APART = 0.7, 0.15
"""A file is taken by an importer that is this sure, and this much surer than the next."""


class Recognised(NamedTuple):
    """A file and the importer it is given to."""

    source: Source
    importer: ImporterSpec
    guess: Guess


def recognise(source: Source, importers: Mapping[str, ImporterSpec], wanted: str | None = None) -> Recognised:
    """Choose the importer of a file; DataError if none knows it, ConfigError if two might."""
    if wanted is not None:
        if wanted not in importers:
            raise ConfigError(f"--format {wanted!r} is not installed; {nearest(wanted, importers)}")
        return Recognised(source, importers[wanted], Guess(1.0, "--format says so"))
    if not source.head.strip():
        raise DataError(f"{source.name}: the file is empty")
    found = sorted(_guesses(source, importers), key=lambda pair: -pair[1].confidence)
    if not found or found[0][1].confidence < ENOUGH:
        raise DataError(_unknown(source, found))
    if len(found) > 1 and found[0][1].confidence - found[1][1].confidence < APART:
        both = "; or ".join(f"--format {spec.name} ({guess.confidence:.0%}: {guess.why})" for spec, guess in found[:3])
        raise ConfigError(f"{source.name}: can be read in two ways: add {both}")
    return Recognised(source, *found[0])


def _guesses(source: Source, importers: Mapping[str, ImporterSpec]) -> list[tuple[ImporterSpec, Guess]]:
    found = []
    for spec in importers.values():
        try:
            guess = spec.recognise(source)
        except DataError:
            raise
        except Exception as error:
            raise PluginError(
                f"importer {spec.name} failed to look at {source.name}: {type(error).__name__}: {error}; "
                "name another with --format, or block its plugin"
            ) from error
        if guess is not None:
            found.append((spec, guess))
    return found


def _unknown(source: Source, found: list[tuple[ImporterSpec, Guess]]) -> str:
    """What the file looks like, and how to import it by hand."""
    near = "".join(f"; it might be {spec.name} ({guess.why})" for spec, guess in found[:1])
    if b"\0" in source.head[:1024]:
        return f"{source.name}: no importer knows this binary file{near}; `data formats` lists what can be read"
    lines = [line for line in source.first_lines[:1] if line]
    first = lines[0][:100] if lines else ""
    return (
        f"{source.name}: no importer knows this file{near}; it begins {first!r}. "
        f"Say what its columns are: --format generic --instrument SYMBOL.VENUE {_suggested(first)}, "
        "by name or by number from 0; `data formats` lists what is read without"
    )


def _suggested(header: str) -> str:
    """The map that a header's names suggest, for the user to confirm; or what a map looks like."""
    names = {name.strip().strip('"').lower(): name.strip().strip('"') for name in header.split(",")}
    found = {ours: next((names[w] for w in words if w in names), None) for ours, words in _WORDS.items()}
    for kind in (("ts", "open", "high", "low", "close", "volume"), ("ts", "price", "quantity"), ("ts", "bid", "ask")):
        if all(found[ours] for ours in kind):
            text = ",".join(f"{ours}={found[ours]}" for ours in kind)
            stamp = " --stamp open (or close: which end of a bar its time names)" if "open" in kind else ""
            return f'--map "{text}"{stamp}, if that is what they mean'
    return "--map ts=…,open=…,high=…,low=…,close=…,volume=… (or price, quantity; bid, ask)"


_WORDS = {
    "ts": ("timestamp", "time", "date", "datetime", "date time", "ts", "unix", "open_time", "client_timestamp"),
    "open": ("open", "o"), "high": ("high", "h"), "low": ("low", "l"), "close": ("close", "c", "price"),
    "volume": ("volume", "vol", "v"), "price": ("price", "p"), "quantity": ("quantity", "qty", "amount", "size", "q"),
    "bid": ("bid",), "ask": ("ask",),
}  # fmt: skip
