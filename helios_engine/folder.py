"""Run folders: `runs/<time>-<name>-<digest8>/`, what lies in them, and finding one again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from helios_engine.config import Config, parse_config
from helios_engine.errors import ConfigError, JournalError
from helios_engine.files import storage_error, write_whole

JOURNAL, CONFIG, SUMMARY, REPORT = "journal.hlj", "config.toml", "run.json", "report.html"
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


def new_folder(runs: Path, config: Config, digest: str) -> Path:
    """Make the folder of a run; its name tells when, what, and on which config and data."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    name = _NAME.sub("_", config.run.name)
    for attempt in range(100):
        suffix = f"-{attempt}" if attempt else ""
        folder = runs / f"{stamp}-{name}-{digest[:8]}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise storage_error(folder, error) from error
        write_whole(folder / CONFIG, config.text.encode())
        return folder
    raise ConfigError(f"{runs}: a hundred runs of {name} began in one second; wait for one")


def find_folder(run: str | Path, runs: Path, holding: Sequence[str] = (JOURNAL,)) -> Path:
    """A run by path, by folder name, by a part of its name, or `last` for the newest; it holds one of these files."""
    path = Path(run)
    if any((path / name).is_file() for name in holding):
        return path
    found = list_folders(runs, holding)
    if str(run) == "last" and found:
        return found[-1]
    matches = [folder for folder in found if str(run) in folder.name]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise JournalError(
            f"no run {str(run)!r}: neither a run folder nor a name under {runs}; see `helios-engine runs ls`"
        )
    names = ", ".join(folder.name for folder in matches[-5:])
    raise JournalError(f"{str(run)!r} could be {len(matches)} runs: {names}; give more of the name, or `last`")


def list_folders(runs: Path, holding: Sequence[str] = (JOURNAL,)) -> list[Path]:
    """Every run folder, oldest first."""
    if not runs.is_dir():
        return []
    return sorted(folder for folder in runs.iterdir() if any((folder / name).is_file() for name in holding))


def remove_folder(folder: Path) -> None:
    """Delete a run folder and everything in it."""
    shutil.rmtree(folder)


def read_config(folder: Path, original: str) -> Config:
    """The config of a run as it was, with paths relative to where it stood then."""
    try:
        text = (folder / CONFIG).read_text(encoding="utf-8")
    except OSError as error:
        raise JournalError(f"{folder / CONFIG}: cannot be read: {error.strerror}") from error
    return parse_config(text, Path(original))
