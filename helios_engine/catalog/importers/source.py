"""One vendor file: its name, its first lines, and its content without gzip or zip around it."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from helios_engine.errors import DataError

_HEAD = 1 << 16
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile)


class Source:
    """A file, or one member of a zip. `name` is what messages and manifests call it."""

    def __init__(self, path: Path, member: str = "") -> None:
        self.path, self.member = path, member
        self.name = f"{path.name}/{member}" if member else path.name
        self.size = path.stat().st_size
        self._tell: Callable[[], float] = lambda: 0.0

    @property
    def stem(self) -> str:
        """The file's name without `.csv`, `.json`, `.gz`, `.zip` and the like."""
        return self.path.name.split(".")[0]

    @property
    def suffix(self) -> str:
        """The ending that says what it is, without `.gz`: `.csv`, `.parquet`."""
        name = Path(self.member or self.path.name.removesuffix(".gz"))
        return name.suffix.lower()

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        try:
            return self._tell()
        except ValueError:
            return 1.0  # whoever read it has closed it

    def reached(self, share: float) -> None:
        """Note how much has been read by a reader that does not use `open`."""
        self._tell = lambda: share

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content, unpacked; DataError for a file that is missing, cut or locked."""
        try:
            with self._raw() as file:
                yield file
        except FileNotFoundError:
            raise DataError(f"no file at {self.path}") from None
        except _BROKEN as error:
            raise DataError(f"{self.path}: cannot be read to its end: {error}; is the file whole?") from None

    def lines(self) -> Iterator[tuple[int, str]]:
        """Lines with their numbers from 1; DataError for one that is no UTF-8."""
        with self.open() as file, io.TextIOWrapper(file, "utf-8-sig") as text:
            number = 0
            try:
                for number, line in enumerate(text, 1):
                    yield number, line.rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(f"{self.name}:{number + 1}: not UTF-8 text: {error.reason}") from None

    @cached_property
    def head(self) -> bytes:
        """The first 64 KB, unpacked."""
        with self.open() as file:
            return file.read(_HEAD)

    @cached_property
    def first_lines(self) -> list[str]:
        """The whole lines among the first 64 KB, as far as they are text."""
        text = self.head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        lines = text.splitlines()
        return lines[:-1] if len(self.head) == _HEAD and len(lines) > 1 else lines

    def text(self) -> str:
        """The whole content as text; for formats that are one document."""
        with self.open() as file:
            try:
                return file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise DataError(f"{self.name}: not UTF-8 text: {error.reason} at byte {error.start}") from None

    @contextlib.contextmanager
    def _raw(self) -> Iterator[IO[bytes]]:
        with contextlib.ExitStack() as stack:
            file, told, size = self._opened(stack)
            self._tell = lambda: told() / max(1, size)
            try:
                yield file
            finally:
                self.reached(self.share)

    def _opened(self, stack: contextlib.ExitStack) -> tuple[IO[bytes], Callable[[], int], int]:
        """The file unpacked, how many bytes of it were read, of how many: packed ones, if it is gzip."""
        if self.member:
            bundle = stack.enter_context(zipfile.ZipFile(self.path))
            member = stack.enter_context(bundle.open(self.member))
            return member, member.tell, bundle.getinfo(self.member).file_size
        raw = stack.enter_context(self.path.open("rb"))
        if self.path.suffix == ".gz":
            return cast(IO[bytes], stack.enter_context(gzip.open(raw, "rb"))), raw.tell, self.size
        return raw, raw.tell, self.size


def sources(path: Path) -> list[Source]:
    """The files behind a path: itself, the members of a zip, or the files below a folder, in order of names."""
    if path.is_dir():
        return [source for p in sorted(path.rglob("*")) if p.is_file() for source in sources(p)]
    if not path.exists():
        raise DataError(f"no file at {path}")
    if path.suffix != ".zip":
        return [Source(path)]
    try:
        with zipfile.ZipFile(path) as bundle:
            members = [info.filename for info in bundle.infolist() if not info.is_dir()]
    except _BROKEN as error:
        raise DataError(f"{path}: not a readable zip: {error}; is the file whole?") from None
    if not members:
        raise DataError(f"{path}: the zip is empty")
    return [Source(path, member) for member in members]
