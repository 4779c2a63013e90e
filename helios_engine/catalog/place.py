"""Folders of a catalog: on this machine, or wherever an fsspec URL points."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import filelock

from helios_engine.errors import DataError, StorageError
from helios_engine.files import storage_error, write_whole

Location = str | Path
_STAGING = ".staging-"
_LOCK = ".lock"


class Place(Protocol):
    """A folder. Names are of files directly in it; every write appears whole or not at all."""

    url: str

    def child(self, name: str) -> Place:
        """A folder below this one."""

    def find(self, name: str) -> list[Place]:
        """Folders at or below this one that hold a file of this name, in order of their paths."""

    def names(self) -> list[str]:
        """The files of this folder."""

    def read(self, name: str) -> bytes:
        """A file's content; FileNotFoundError or OSError."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file in place in one step; StorageError leaves the old one."""

    def source(self, name: str) -> Any:
        """What pyarrow reads a file from."""

    def digest(self, name: str) -> str:
        """sha256 of a file, as hex."""

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""

    def staging(self) -> contextlib.AbstractContextManager[Path]:
        """A local folder of one's own for drafts; gone at the end, also after a crash (swept later)."""

    def adopt(self, draft: Path, name: str) -> None:
        """Move a finished draft to its name in one step."""

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Be the only writer of this folder, waiting for another one to finish."""


def place(location: Location) -> Place:
    """The place of a path or an fsspec URL; DataError if nothing installed speaks its protocol."""
    text = str(location)
    if "://" not in text or text.startswith("file://"):
        return LocalPlace(Path(text.removeprefix("file://")))
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(text)
    except (ImportError, ValueError) as error:
        raise DataError(f"catalog {text}: {error}; install what speaks this protocol, or use a folder") from None
    return RemotePlace(system, root, text)


class LocalPlace:
    """A folder of this machine; one writer at a time by a file lock, files synced before they count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = str(path)

    def child(self, name: str) -> LocalPlace:
        return LocalPlace(self.path / name)

    def find(self, name: str) -> list[Place]:
        found: list[Place] = [LocalPlace(path.parent) for path in sorted(self.path.rglob(name))]
        return found

    def names(self) -> list[str]:
        return sorted(p.name for p in self.path.iterdir() if p.is_file()) if self.path.is_dir() else []

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content)

    def source(self, name: str) -> Any:
        return str(self.path / name)

    def digest(self, name: str) -> str:
        path = self.path / name
        stat = path.stat()
        return _sha256(path, stat.st_mtime_ns, stat.st_size)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.path))
        except OSError as error:
            raise storage_error(self.path, error) from error
        # Held while the drafts are wanted: a sweeper that gets this lock knows that their writer is dead.
        alive = filelock.FileLock(folder / _LOCK)
        try:
            with alive:
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._sweep_staging()
            with contextlib.suppress(OSError):
                self.path.rmdir()  # a refused import into no catalog leaves none

    def adopt(self, draft: Path, name: str) -> None:
        draft.replace(self.path / name)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.path / _LOCK):
                yield
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _sweep_staging(self) -> None:
        """Remove what killed writers left."""
        for folder in self.path.glob(f"{_STAGING}*"):
            try:
                with filelock.FileLock(folder / _LOCK, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
            except (filelock.Timeout, FileNotFoundError):
                continue  # its writer lives, or has just cleaned up


class RemotePlace:
    """A folder that fsspec reaches. Single objects appear whole; there is no lock between machines."""

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system, self._root, self.url = system, root.rstrip("/"), url

    def child(self, name: str) -> RemotePlace:
        return RemotePlace(self._system, f"{self._root}/{name}", f"{self.url.rstrip('/')}/{name}")

    def find(self, name: str) -> list[Place]:
        if not self._system.exists(self._root):
            return []
        paths = sorted(p for p in self._system.find(self._root) if p.rpartition("/")[2] == name)
        folders = [p.rpartition("/")[0].removeprefix(self._root).strip("/") for p in paths]
        return [self.child(folder) if folder else self for folder in folders]

    def names(self) -> list[str]:
        if not self._system.exists(self._root):
            return []
        return sorted(p.rpartition("/")[2] for p in self._system.find(self._root, maxdepth=1))

    def read(self, name: str) -> bytes:
        content: bytes = self._system.cat_file(f"{self._root}/{name}")
        return content

    def write(self, name: str, content: bytes) -> None:
        with self._reaching(name):
            self._system.pipe_file(f"{self._root}/{name}", content)

    def source(self, name: str) -> Any:
        return self._system.open(f"{self._root}/{name}", "rb")

    def digest(self, name: str) -> str:
        return hashlib.sha256(self.read(name)).hexdigest()

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._system.rm_file(f"{self._root}/{name}")

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    def adopt(self, draft: Path, name: str) -> None:
        with self._reaching(name):
            self._system.makedirs(self._root, exist_ok=True)
            self._system.put_file(str(draft), f"{self._root}/{name}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        yield

    @contextlib.contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self.url}/{name}: cannot be written: {error}") from error


@lru_cache(maxsize=16384)
def _sha256(path: Path, mtime: int, size: int) -> str:
    """Cached by what changes when a file does, because a run asks several times."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
