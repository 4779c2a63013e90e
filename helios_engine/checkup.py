"""What `doctor` looks at: each finding says what was found and, if unsound, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import HeliosError
from helios_engine.plugins import Plugins
from helios_engine.settings import Settings

_NAUTILUS = "1.221.0"
_LOW_DISK = 1 << 30


class Finding(NamedTuple):
    """One thing that was looked at."""

    subject: str
    is_sound: bool
    detail: str


def checkup(cwd: Path | None = None) -> list[Finding]:
    """Look at everything a run depends on outside its config."""
    here = Path.cwd() if cwd is None else cwd
    return [_python(), _nautilus(), _plugins(), _settings(here), _disk(here), _writable(here), _clock()]


def _python() -> Finding:
    sound = (3, 11) <= sys.version_info < (3, 14)
    return Finding("python", sound, platform.python_version() + ("" if sound else "; Helios runs on 3.11 to 3.13"))


def _nautilus() -> Finding:
    try:
        found = version("nautilus_trader")
    except PackageNotFoundError:
        return Finding("nautilus_trader", False, f"not installed; `pip install nautilus_trader=={_NAUTILUS}`")
    sound = found == _NAUTILUS
    return Finding("nautilus_trader", sound, found + ("" if sound else f"; heads are only comparable on {_NAUTILUS}"))


def _plugins() -> Finding:
    try:
        plugins = Plugins()
        count = sum(len(plugins.offers(kind)) for kind in ("feed", "stage", "effect", "venue", "body"))
    except HeliosError as error:
        return Finding("plugins", False, str(error))
    return Finding("plugins", True, f"{len(plugins.identities)} plugins offer {count} recipes")


def _settings(here: Path) -> Finding:
    try:
        settings = Settings.load(here)
    except HeliosError as error:
        return Finding("settings", False, str(error))
    return Finding("settings", True, f"runs in {settings.runs}, catalog in {settings.catalog}")


def _disk(here: Path) -> Finding:
    free = shutil.disk_usage(here).free
    sound = free >= _LOW_DISK
    return Finding("disk", sound, f"{free / 2**30:.1f} GiB free" + ("" if sound else "; a run may not fit: free some"))


def _writable(here: Path) -> Finding:
    sound = os.access(here, os.W_OK)
    return Finding(
        "working directory",
        sound,
        "writable" if sound else f"{here} is not writable; run elsewhere or use --runs",
    )


def _clock() -> Finding:
    year = time.gmtime().tm_year
    sound = 2024 < year < 2100
    return Finding(
        "clock",
        sound,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) + ("" if sound else "; set the clock"),
    )
