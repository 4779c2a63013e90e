"""One seed, played and judged."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import HeliosError
from helios_engine.plugins import Plugins
from tests.simulation.invariants import broken
from tests.simulation.playing import play
from tests.simulation.scenario import scenario

_FAST = Path("/dev/shm")  # a scenario is about order and time, not about a disk
logging.getLogger("helios_engine").addHandler(logging.NullHandler())  # what a run has to say its summary has


class Outcome(NamedTuple):
    """What came of a seed: every broken invariant in words, how often each fault touched something, and counts."""

    seed: int
    broken: list[str]
    faults: Counter[str]
    inputs: int
    fills: int
    crashes: int
    heads: dict[str, str]


def outcome(seed: int, folder: Path | None = None) -> Outcome:
    """Play a seed; without a `folder` nothing of it is kept."""
    here = folder or Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=_FAST if _FAST.is_dir() else None))
    case = scenario(seed)
    try:
        played = play(case, here, _plugins())
        counts = played.result.summary.counts
        found = broken(case, played, _plugins())
        return Outcome(
            seed, found, played.faults, counts.inputs, counts.fills, played.crashes, played.result.summary.heads
        )
    except HeliosError as error:
        return Outcome(seed, [f"{type(error).__name__}: {error}"], Counter(), 0, 0, 0, {})
    finally:
        if folder is None:
            shutil.rmtree(here, ignore_errors=True)


def told(found: Outcome) -> str:
    """A seed in words, with the command that plays it again."""
    lines = [f"seed {found.seed}: {len(found.broken)} broken; python -m tests.simulation --seed {found.seed}"]
    return "\n".join([*lines, *(f"  {text[:300]}" for text in found.broken[:5])])


@lru_cache(maxsize=1)
def _plugins() -> Plugins:
    return Plugins()
