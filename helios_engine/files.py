"""Files that are written whole or not at all, and errors of the disk said plainly."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from helios_engine.errors import StorageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step that a crash cannot halve; StorageError leaves the old file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_path(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """A full disk or a folder that may not be written, said plainly."""
    if error.errno in _FULL:
        return StorageError(f"{path}: no space left on the disk; free some and run again. Nothing half-written stays")
    return StorageError(f"{path}: cannot be written: {error.strerror or error}")


def sync_path(path: Path) -> None:
    """Have the disk say that it holds a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
