"""Results of self-tests, kept in the user's cache folder by the digest of the engine that was tested."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import msgspec

from helios_engine.errors import StorageError
from helios_engine.files import storage_error, write_whole
from helios_engine.proof.certificates.certificate import NOT_RUN
from helios_engine.proof.certificates.evidence import ENGINE, source
from helios_engine.proof.zoo.self_test import SelfTest


def engine_digest() -> str:
    """The sha256 over names and contents of every file of the engine, the zoo among them, in hex."""
    return hashlib.sha256(msgspec.json.encode(source(ENGINE, ENGINE).files, order="sorted")).hexdigest()


def keep(result: SelfTest, engine: str) -> Path:
    """Keep the latest result for an engine; returns its file. Raises StorageError where it cannot be written."""
    path = _place(engine)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    write_whole(path, msgspec.json.encode(result))
    return path


def kept(engine: str) -> SelfTest | None:
    """The latest result for exactly this engine; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(_place(engine).read_bytes(), type=SelfTest)
    except (OSError, msgspec.MsgspecError, StorageError):
        return None  # a cache may be empty, foreign or cut off: then the self-test counts as not run


def kill_rate() -> str:
    """What a self-test of the engine as it lies here came to, in one line, or `not run`."""
    found = kept(engine_digest())
    return NOT_RUN if found is None else found.summary


def _place(engine: str) -> Path:
    return _cache() / "helios-engine" / "self-test" / f"{engine}.json"


def _cache() -> Path:
    """The user's cache folder: `XDG_CACHE_HOME` if it is set, else what the system uses."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named:
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise StorageError(f"no folder for caches: {error}; name one in XDG_CACHE_HOME") from None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
