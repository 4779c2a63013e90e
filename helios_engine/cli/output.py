"""What verbs share in how they speak: JSON for machines, progress with time left for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from helios_engine.terminal import say

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
runs_folder = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of run folders; default: the setting `runs`.",
)
catalog_folder = click.option("--catalog", default=None, help="Folder or URL of a catalog in place of the config's.")
data_catalog = click.option("--catalog", default=None, help="Folder or URL; default: the setting `catalog`.")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))


@contextmanager
def maybe_unread() -> Iterator[None]:
    """Write results that nobody may read any more, where the exit code has to say how it went all the same."""
    try:
        yield
    except BrokenPipeError:
        sys.stdout = None  # else Python complains at exit, with a code of its own


def runs_path(given: Path | None) -> Path:
    """The runs folder: the flag, or the settings."""
    from helios_engine.settings import Settings

    return given if given is not None else Path(Settings.load().runs)


def catalog_place(given: str | None) -> str:
    """Where the catalog lies: the flag, or the settings; ConfigError for a flag of nothing, as an unset variable is."""
    from helios_engine.errors import ConfigError
    from helios_engine.settings import Settings

    if given is not None and not given.strip():
        raise ConfigError("--catalog is empty; expected a folder or a URL")
    return given if given is not None else str(Settings.load().catalog)


class Progress:
    """A line on stderr with the share done and the time left, after two seconds; quiet before."""

    def __init__(self, what: str, unit: str = "inputs") -> None:
        self._what, self._unit = what, unit
        self._begin = self._last = time.monotonic()
        self._shown = False

    def __call__(self, share: float, count: int) -> None:
        now = time.monotonic()
        if now - self._begin < 2 or now - self._last < (0.2 if sys.stderr.isatty() else 5):
            return
        self._last = now
        rate = count / (now - self._begin)
        text = f"{self._what}: {min(share, 1.0):5.1%}, {count:,} {self._unit}"
        if rate >= 1:
            text += f", {rate:,.0f}/s"
        if share > 0:
            text += f", about {_clock((now - self._begin) * max(0.0, 1 - share) / share)} left"
        is_terminal = sys.stderr.isatty()
        say(f"\r{text:<79}" if is_terminal else f"{text}\n")
        self._shown = is_terminal

    def done(self) -> None:
        """Leave the line."""
        if self._shown:
            say("\r" + " " * 79 + "\r")


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
