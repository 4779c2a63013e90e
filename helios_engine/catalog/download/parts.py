"""A file on its way: `.part` until it is whole, then renamed, with its SHA-256 beside it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import aiohttp

from helios_engine.errors import DataError, StorageError
from helios_engine.files import storage_error, write_whole

CHUNK = 1 << 18


class PartFile:
    """Takes an answer into `<name>.part`, from where the last one was cut."""

    def __init__(self, path: Path, on_bytes: Callable[[int], None]) -> None:
        self.path = path
        self._on_bytes = on_bytes

    def size(self) -> int:
        """Bytes held so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def headers(self) -> dict[str, str]:
        """The bytes as they lie on the server (no compression on the way), from the first one that lacks."""
        plain = {"Accept-Encoding": "identity"}
        return plain | {"Range": f"bytes={self.size()}-"} if self.size() else plain

    async def take(self, answer: aiohttp.ClientResponse) -> bool:
        """Write the answer's body; False if it must be asked again from the first byte.

        StorageError if the disk is full or another download writes the same file.
        """
        held = self.size()
        if answer.status == 416:
            # Nothing after what is held: it is whole, or it is not this file.
            if answer.headers.get("Content-Range") == f"bytes */{held}":
                return True
            self.path.unlink(missing_ok=True)
            return False
        if answer.status == 206 and _first_byte(answer) != held:
            self.path.unlink(missing_ok=True)
            return False
        try:
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if answer.status == 200 and held:
                    file.truncate(0)  # the server sends the whole file whatever was asked
                async for block in answer.content.iter_chunked(CHUNK):
                    file.write(block)
                    file.flush()  # what a killed process received must be there to continue from
                    self._on_bytes(len(block))
        except aiohttp.ClientError:
            raise  # some are OSErrors too, but of the network
        except BlockingIOError:
            raise StorageError(
                f"{self.path}: another download is writing it; wait for that one, then run again"
            ) from None
        except TimeoutError:
            raise
        except OSError as error:
            raise storage_error(self.path, error) from error
        return True


def _first_byte(answer: aiohttp.ClientResponse) -> int | None:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def part_of(path: Path) -> Path:
    """Where a file lies while it is not whole."""
    return path.with_name(path.name + ".part")


def digest(path: Path) -> str:
    """The SHA-256 of a file, as hex; DataError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def is_held(path: Path) -> bool:
    """Whether `path` is here, whole and unchanged since it was checked: its `.sha256` says so."""
    try:
        noted = _note(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return False
    return path.exists() and noted[:1] == [digest(path)]


def keep(part: Path, path: Path, sha256: str) -> None:
    """Make a checked `.part` the file, and note its SHA-256; StorageError if the disk says no."""
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    note(path, sha256)


def note(path: Path, sha256: str) -> None:
    """Write the `.sha256` beside a whole file, in the form `sha256sum --check` reads."""
    write_whole(_note(path), f"{sha256}  {path.name}\n".encode())


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
