"""The circumstances of a process that no part of a run may depend on, and how to have others."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.proof.hermetic import clock

KINDS = (
    "wall clock",
    "time zone",
    "locale",
    "environment",
    "working directory",
    "home directory",
    "temporary directory",
    "hash seed",
    "global random seeds",
    "threads",
)
_HOURS = (22_500, 19_033)
"""Seconds that the clock is ahead beside many days: the year, the weekday and the hour are others. With its time zone
the second of two processes is half a day ahead of UTC, so that what tells day from night is found at any hour."""
_NEEDED = ("PATH", "PYTHON", "LD_", "DYLD_", "VIRTUAL_ENV", "CONDA", "SYSTEMROOT", "SSL_", "HELIOS_", "COVERAGE")
_CREDENTIAL = ("KEY", "TOKEN", "SECRET", "PASSWORD", "_PROXY", "_proxy")
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB", "BLIS", "GOTO", "NUMBA", "RAYON", "TBB")


class Circumstances(msgspec.Struct, frozen=True):
    """Which of `KINDS` are other than usual, and the number of the alternative."""

    changed: tuple[str, ...] = ()
    number: int = 1


USUAL = Circumstances()
"""What everything is compared with: the user's own environment, with every seed 0."""


class Surroundings(NamedTuple):
    """The working directory and environment variables to start a process with."""

    folder: Path
    variables: dict[str, str]


def environment(under: Circumstances, place: Path) -> Surroundings:
    """What a process under these circumstances is started with; `place` is an empty folder of its own."""
    variables = dict(os.environ)
    changed = under.changed
    if "environment" in changed:
        variables = {k: v for k, v in variables.items() if _is_needed(k)}
        variables |= {"USER": f"other{under.number}", "LOGNAME": f"other{under.number}", "HOSTNAME": "elsewhere"}
    if "time zone" in changed:
        here = variables.get("TZ", "")
        others = [zone for zone in ("Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu") if zone != here]
        variables["TZ"] = others[under.number % len(others)]
    if "locale" in changed:
        variables = {k: v for k, v in variables.items() if not k.startswith("LC_") and k != "LANG"}
        variables["LC_ALL"] = "C" if under.number % 2 else "C.UTF-8"
    if "home directory" in changed:
        variables["HOME"] = variables["USERPROFILE"] = str(_folder(place / "home"))
    if "temporary directory" in changed:
        variables["TMPDIR"] = str(_folder(place / "temporary"))
    if "threads" in changed:
        variables |= {f"{name}_NUM_THREADS": "1" for name in _THREADS} | {"POLARS_MAX_THREADS": "1"}
    variables["PYTHONHASHSEED"] = str(under.number if "hash seed" in changed else 0)
    variables["PYTHONPATH"] = os.pathsep.join(str(Path(p).resolve()) for p in sys.path if p)
    variables["PYTHONSAFEPATH"] = "1"
    variables["PYTHONIOENCODING"] = "utf-8"
    folder = _folder(place / "working") if "working directory" in changed else Path.cwd()
    return Surroundings(folder, variables)


def apply(under: Circumstances) -> None:
    """Change what is changed from within, before anything else is imported."""
    if "wall clock" in under.changed:
        clock.shift(under.number * 400 * 86_400 + _HOURS[under.number % len(_HOURS)])
    if "threads" in under.changed and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    seed_globals(under.number if "global random seeds" in under.changed else 0)


def seed_globals(seed: int) -> None:
    """Seed the hidden generators of random and numpy, and of torch when it is there."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        manual_seed: Callable[[int], Any] = torch.manual_seed
        manual_seed(seed)


def _is_needed(name: str) -> bool:
    """Whether nothing works without it, it is changed by another kind of change, or it is a key to the outside."""
    return name.startswith(_NEEDED) or name.endswith(_CREDENTIAL) or name in ("HOME", "TMPDIR", "TZ")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
