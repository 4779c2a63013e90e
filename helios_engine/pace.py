"""How much time a stage of a live run takes: in one turn, in a minute, and of all the time there is."""

from __future__ import annotations

from collections import deque

from helios_engine.config_containment import ContainmentSection
from helios_engine.containment import Spell

MINUTE = 60.0
WINDOW = 60.0
"""Seconds over which a stage's share of the time is taken."""
FIRST = 10
"""The first event of each kind may take so many times the limit: that is when kernels compile and models load."""


class Pace:
    """Takes every spell of one stage; seconds throughout. Compare `[containment]` of a config."""

    def __init__(self, bounds: ContainmentSection) -> None:
        self._bounds = bounds
        self._turn = -1
        self._spent = 0.0
        self._slow: deque[float] = deque(maxlen=bounds.slow_turns)
        self._since: float | None = None
        self._busy = 0.0

    def allowed(self, turn: int, *, is_first: bool) -> float:
        """How long the stage may take for its next event, which it gets in this turn."""
        if turn != self._turn:
            self._turn, self._spent = turn, 0.0
        return self._bounds.limit * FIRST if is_first else self._bounds.limit - self._spent

    def fault(self, spell: Spell, *, is_first: bool, is_live: bool) -> str | None:
        """What is wrong with the time that a stage took, in words; nothing if all is well."""
        if is_first:
            limit = self._bounds.limit * FIRST
            return f"took {spell.seconds:.3g} s; the limit is {limit:g} s" if spell.seconds > limit else None
        before, self._spent = self._spent, self._spent + spell.seconds
        if self._spent > self._bounds.limit:
            return f"took {self._spent:.3g} s in one turn; the limit is {self._bounds.limit:g} s"
        if before <= self._bounds.budget < self._spent:
            self._slow.append(spell.at)
            if len(self._slow) == self._slow.maxlen and spell.at - self._slow[0] <= MINUTE:
                return f"{self._bounds.slow_turns} turns of over {self._bounds.turn_budget} within a minute"
        return self._share(spell) if is_live else None

    def _share(self, spell: Spell) -> str | None:
        if self._since is None:
            self._since = spell.at
            return None
        self._busy += spell.seconds
        passed = spell.at - self._since
        if passed < WINDOW:
            return None
        share, self._since, self._busy = self._busy / passed, spell.at, 0.0
        if share <= self._bounds.max_share:
            return None
        return f"took {share:.0%} of the last {passed:.0f} s; max_share is {self._bounds.max_share:.0%}"
