"""Rows of JSON as a vendor sent them: their text is kept, and only what orders them is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from helios_engine.catalog.download import parts
from helios_engine.errors import DataError
from helios_engine.files import storage_error, write_whole
from helios_engine.timeframe import parse_time


class Row(msgspec.Struct, frozen=True):
    """One row: its own text on one line, its time in int ns UTC, and what makes it itself."""

    text: bytes
    ts: int
    key: str


def read_page(body: bytes, time_field: str, key_field: str, where: str) -> list[Row]:
    """The rows of a page, in the order of the page; DataError if it is no JSON list of such rows."""
    try:
        return [read_row(raw, time_field, key_field) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{where}: expected a list of rows with {time_field} and {key_field}, found {body[:200]!r} "
            f"({type(error).__name__}: {error}); the vendor's form may have changed"
        ) from None


def read_row(raw: msgspec.Raw | bytes, time_field: str, key_field: str) -> Row:
    """One row. Its numbers stay the digits that were sent: some are too long for a double."""
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    ts = parse_time(msgspec.json.decode(fields[time_field], type=str))
    return Row(msgspec.json.format(bytes(raw), indent=-1), ts, msgspec.json.decode(fields[key_field], type=str))


class Spool:
    """Rows of a day on their way, newest first as they arrive, in a `.part` that a later call continues."""

    def __init__(self, part: Path, time_field: str, key_field: str) -> None:
        self._part = part
        self.rows: list[Row] = []
        if not part.exists():
            return
        try:
            whole = part.read_bytes()
            whole = whole[: whole.rfind(b"\n") + 1]  # a killed process may have left half a line
            self.rows = [read_row(line, time_field, key_field) for line in whole.splitlines()]
            with part.open("r+b") as file:
                file.truncate(len(whole))
        except (msgspec.DecodeError, KeyError, ValueError, TypeError):
            self.drop()  # not ours, or damaged: begin again
        except OSError as error:
            raise storage_error(part, error) from error

    def add(self, rows: Sequence[Row]) -> None:
        """Append a page; StorageError if the disk says no."""
        self.rows.extend(rows)
        try:
            with self._part.open("ab") as file:
                file.write(b"".join(row.text + b"\n" for row in rows))
        except OSError as error:
            raise storage_error(self._part, error) from error

    def drop(self) -> None:
        """Forget everything."""
        self.rows = []
        self._part.unlink(missing_ok=True)


def write_day(path: Path, rows: Iterable[Row], *, is_over: bool) -> None:
    """Write a day's rows, one JSON text a line; only a day that is over is noted as whole."""
    content = b"".join(row.text + b"\n" for row in rows)
    write_whole(path, content)
    if is_over:
        parts.note(path, hashlib.sha256(content).hexdigest())
