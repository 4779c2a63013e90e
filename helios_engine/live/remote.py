"""Ask a live run from another process: find its `control.json`, send one line, read one line."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.errors import ConfigError, HeliosError, NotAvailableError
from helios_engine.folder import JOURNAL, SUMMARY, find_folder
from helios_engine.live.control import FILE, Request, Where

PATIENCE = 15.0
"""Seconds that an answer may take."""
LARGEST = 4 << 20
"""Bytes of an answer."""


def find_live(run: str, runs: Path) -> Path:
    """The folder of a run as other verbs find it; one that is still waiting for its first price has no journal yet."""
    return find_folder(run, runs, holding=(JOURNAL, FILE))


def ask(place: Path, command: str, value: str = "all", *, patience: float = PATIENCE) -> Any:
    """What the run in `place` answers. NotAvailableError if it is over, was killed, or does not answer."""
    where = _where(place)
    request = Request(token=where.token, command=command, value=value)
    try:
        said = _exchange(where.socket, msgspec.json.encode(request) + b"\n", patience)
    except TimeoutError:
        raise NotAvailableError(
            f"{place.name}: no answer within {patience:g} s; process {where.pid} is too busy or hangs. To kill the run "
            f"without it: touch {place / 'KILL'}"
        ) from None
    except OSError:
        raise NotAvailableError(
            f"{place.name}: nobody listens any more: process {where.pid} was killed before it could end the run; "
            f"`helios-engine runs show {place.name}` says what is left"
        ) from None
    try:
        told = msgspec.json.decode(said)
    except msgspec.DecodeError:
        raise NotAvailableError(f"{place.name}: the run ended before it had answered; nothing is known") from None
    if "error" in told:
        raise _as_raised(told)
    return told["answer"]


def _where(place: Path) -> Where:
    path = place / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Where)
    except FileNotFoundError:
        how = "is over" if (place / SUMMARY).is_file() else "is not going on: it ended before it began, or was killed"
        raise NotAvailableError(f"{place.name}: the run {how}; there is nothing to control") from None
    except OSError as error:
        raise NotAvailableError(f"{path}: cannot be read: {error.strerror}; ask as the user who runs it") from None
    except msgspec.MsgspecError as error:
        raise NotAvailableError(f"{path}: not what a run writes: {error}") from None


def _exchange(path: str, request: bytes, patience: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(patience)
        line.connect(path)
        line.sendall(request)
        found = bytearray()
        while not found.endswith(b"\n") and len(found) < LARGEST:
            part = line.recv(1 << 16)
            if not part:
                break
            found += part
        return bytes(found)


def _as_raised(told: dict[str, Any]) -> HeliosError:
    kind = ConfigError if told.get("exit_code") == ConfigError.exit_code else NotAvailableError
    return kind(str(told["error"]))
