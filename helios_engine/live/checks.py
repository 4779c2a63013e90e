"""A finished run held against itself: replayed, and reconciled."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from helios_engine.reconcile import reconcile
from helios_engine.replay import replay


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


def check_run(place: Path) -> Checked:
    """Replay and reconcile a run from its journal."""
    replayed, reconciled = replay(place), reconcile(place)
    return Checked(replayed.differences, reconciled.differences, reconciled.fills)
