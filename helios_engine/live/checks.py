"""A finished run held against itself: replayed, and reconciled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.runner import Progress


class Checked(NamedTuple):
    """The chains that differ in a replay and in a reconciliation, and how many fills were compared."""

    replay: list[str]
    reconcile: list[str]
    fills: int

    @property
    def differences(self) -> list[str]:
        """Every chain that differs in one of them."""
        return sorted({*self.replay, *self.reconcile})

    @property
    def text(self) -> str:
        """One line for people."""
        words = [
            f"{name} {'DIFFERS in ' + ', '.join(found) if found else 'same'}"
            for name, found in (("replay", self.replay), ("reconcile", self.reconcile))
        ]
        return f"checked      {words[0]}, {words[1]}, {self.fills} fills"


Progressing = Callable[[str], Progress]
"""Makes what is told of the progress of a part of the check."""


def check_run(place: Path, inputs: int = 0, progressing: Progressing | None = None) -> Checked:
    """Replay and reconcile a run of so many inputs from its journal."""

    def told(what: str) -> Progress | None:
        if progressing is None:
            return None
        tell = progressing(what)
        # A live run has no planned end, so the share that is done is one of its inputs.
        return lambda share, count: tell(count / inputs if inputs else share, count)

    replayed = replay(place, progress=told("replay"))
    reconciled = reconcile(place, progress=told("reconcile"))
    return Checked(replayed.differences, reconciled.differences, reconciled.fills)
