"""What a part's difference in a fresh process depends on, by changing few circumstances at a time.

Who differs in the usual circumstances too depends on nothing that the prover changes, and is asked nothing more. For
the others each circumstance is in two of a few groups, no two of them in the same two. A process has one group
changed; a circumstance both of whose groups differ is changed alone, and is a cause if that shows it. One cause among
ten circumstances costs 5 + 1 processes so; one circumstance at a time would cost 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from helios_engine.proof.case import Case
from helios_engine.proof.differential.circumstances import KINDS, USUAL, Circumstances
from helios_engine.proof.differential.errands import AGAIN, Repeated
from helios_engine.proof.differential.fresh import Errand, answers

NOTHING = "nothing that the prover changes: the moment, randomness without a seed, or addresses in memory"
TOGETHER = "several of the changes together"
GROUPS = next(n for n in range(2, len(KINDS) + 2) if n * (n - 1) // 2 >= len(KINDS))
"""As few as have a pair for every circumstance."""
PAIRS = dict(zip(KINDS, combinations(range(GROUPS), 2), strict=False))
"""The two groups that each circumstance is in."""


class Asking:
    """Runs the recorded run again under some circumstances; `processes` counts the runs."""

    def __init__(self, case: Case, given: Mapping[str, Any]) -> None:
        self._case, self._given = case, {**given, "twice": False}
        self.processes = 0

    def differing(self, under: Sequence[Circumstances]) -> list[frozenset[str]]:
        """The parts that say something else, for each of the circumstances; nobody for a process that failed."""
        found = [frozenset[str]()] * len(under)
        for answer in answers(self._case, [Errand(AGAIN, self._given, each) for each in under]):
            if not answer.error:
                those = msgspec.convert(answer.result, Repeated).differences
                found[answer.number] = frozenset(d.part for d in those)
        self.processes += len(under)
        return found


def causes(asking: Asking, changed: Mapping[str, Circumstances]) -> dict[str, str]:
    """What each part depends on, in words; `changed` has the circumstances in which it was seen to differ."""
    if not changed:
        return {}
    (always,) = asking.differing([USUAL])
    found = dict.fromkeys(always & set(changed), NOTHING)
    for number in sorted({under.number for name, under in changed.items() if name not in found}):
        names = frozenset(name for name, under in changed.items() if under.number == number and name not in found)
        found |= _named(asking, names, number)
    return found


def _named(asking: Asking, names: frozenset[str], number: int) -> dict[str, str]:
    groups = [tuple(kind for kind in KINDS if group in PAIRS[kind]) for group in range(GROUPS)]
    by_group = asking.differing([Circumstances(kinds, number) for kinds in groups])
    possible = [kind for kind in KINDS if names & by_group[PAIRS[kind][0]] & by_group[PAIRS[kind][1]]]
    alone = dict(zip(possible, asking.differing([Circumstances((k,), number) for k in possible]), strict=True))
    return {name: ", ".join(kind for kind in possible if name in alone[kind]) or TOGETHER for name in names}
