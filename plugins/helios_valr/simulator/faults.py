"""Faults on a schedule: which is due, what it touched, and when it began and ended."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from random import Random
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

Kind = Literal[
    "drop", "duplicate", "reorder", "bad_checksum", "delay",
    "stall", "blackhole", "deaf", "half_open", "close", "storm",
    "429", "503", "html", "empty", "torn", "cut", "slow", "loris", "read_only", "skew",
]  # fmt: skip
LASTING = frozenset({"delay", "stall", "blackhole", "deaf", "storm", "read_only", "skew", "slow"})
"""Kinds that a random schedule gives a length; the others touch one frame, line or answer."""
BY = {"delay": 2.0, "slow": 2.0, "loris": 0.5, "skew": 30.0}
"""What `by` is where it is not given."""
KEPT = 100
Seconds = Annotated[float, Meta(ge=0, le=1e9)]


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """A fault as it is asked for. Times are seconds, `at` from the beginning of the simulation.

    With `seconds` it lasts as long and touches whatever comes, without it ends once it has touched `count` things.
    It touches only what has `only` in its name: `OB_L1_DIFF:BTCZAR`, `PONG`, `/v1/public/time`. `by` is how much:
    seconds that a frame (`delay`), an answer (`slow`) or each byte of one (`loris`) comes late, that the clock is
    ahead (`skew`), that a `429` says to wait (nothing if not given).
    """

    kind: Kind
    at: Seconds = 0.0
    seconds: Seconds = 0.0
    count: Annotated[int, Meta(ge=1)] = 1
    by: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None
    only: str = ""

    @property
    def much(self) -> float:
        """`by`, or what it is for this kind where it was not given."""
        return BY.get(self.kind, 0.0) if self.by is None else self.by


class Fault(Plan):
    """A fault and what came of it: the first 100 things it touched, how many there were, when it began and ended."""

    touched: list[str] = []
    times: int = 0
    began: float | None = None
    ended: float | None = None


class Faults:
    """A list of faults, in order of time; `touches` finds the one that is due and notes what it hit."""

    def __init__(self, planned: Iterable[Fault] = ()) -> None:
        self.all = sorted(planned, key=_at)
        self._open: dict[str, list[Fault]] = {}
        for fault in self.all:
            self._open.setdefault(fault.kind, []).append(fault)

    @classmethod
    def seeded(cls, seed: int, per_minute: float, minutes: int = 600) -> Faults:
        """Faults of every kind at random times, the same for the same seed."""
        draw = Random(f"faults {seed}")
        planned = []
        for _ in range(round(per_minute * minutes)):
            kind: Kind = draw.choice(get_args(Kind))
            seconds = draw.uniform(1, 20) if kind in LASTING else 0.0
            planned.append(Fault(kind, round(draw.uniform(5, minutes * 60), 3), round(seconds, 3)))
        return cls(planned)

    def add(self, fault: Fault) -> None:
        """One more."""
        for some in (self.all, self._open.setdefault(fault.kind, [])):
            insort(some, fault, key=_at)

    def touches(self, kind: Kind, now: float, what: str, *, if_lasting: bool = False) -> Fault | None:
        """The fault of `kind` that is due at `now` (seconds since the beginning), if any; it has touched `what`."""
        for fault in self._due(kind, now):
            if fault.only not in what or (if_lasting and not fault.seconds):
                continue
            fault.began = now if fault.began is None else fault.began
            fault.times += 1
            if len(fault.touched) < KEPT:
                fault.touched.append(what)
            if not fault.seconds and fault.times >= fault.count:
                fault.ended = now
            return fault
        return None

    def next_at(self, kind: Kind, now: float) -> float:
        """When the next fault of `kind` is due, infinity if none will be."""
        due = self._due(kind, now)
        return (
            now if due else next((fault.at for fault in self._open.get(kind, ()) if fault.ended is None), float("inf"))
        )

    def settle(self, now: float) -> list[Fault]:
        """Every fault, those ended whose time is over."""
        for kind in get_args(Kind):
            self._due(kind, now)
        return self.all

    def _due(self, kind: Kind, now: float) -> list[Fault]:
        """Those that may touch something now; those that are over are ended and left behind."""
        some = self._open.get(kind, [])
        due = []
        is_over = False
        for fault in some:
            if fault.at > now:
                break
            if fault.seconds and fault.ended is None and now >= fault.at + fault.seconds:
                fault.ended = fault.at + fault.seconds
            if fault.ended is None:
                due.append(fault)
            else:
                is_over = True
        if is_over:
            some[:] = [fault for fault in some if fault.ended is None]
        return due


def _at(fault: Fault) -> float:
    return fault.at
