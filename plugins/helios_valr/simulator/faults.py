"""Faults on a schedule: which is due, what it touched, and when it began and ended."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Literal, get_args

import msgspec

Frame = Literal["drop", "duplicate", "reorder", "bad_checksum", "stall", "blackhole", "close", "storm"]
Rest = Literal["429", "503", "html", "empty", "read_only", "slow"]
Kind = Literal["drop", "duplicate", "reorder", "bad_checksum", "stall", "blackhole", "close", "storm",
               "429", "503", "html", "empty", "read_only", "slow", "skew"]  # fmt: skip
LASTING = frozenset({"stall", "blackhole", "read_only", "skew", "slow"})


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """`at` and `seconds` count from the start. Without `seconds` it ends when it has touched `count` frames or answers.

    `stall` leaves PONG alone, `blackhole` nothing; `close` cuts the line that would have got the frame, `storm` all.
    """

    kind: Kind
    at: float = 0.0
    seconds: float = 0.0
    count: int = 1
    touched: list[str] = []
    times: int = 0
    began: float | None = None
    ended: float | None = None


class Faults:
    """A list of faults, in order of time; `touches` says whether one of a kind is due and notes what it hit."""

    def __init__(self, planned: Iterable[Fault] = ()) -> None:
        self.all = sorted(planned, key=lambda fault: fault.at)

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
        self.all = sorted([*self.all, fault], key=lambda one: one.at)

    def touches(self, kind: Kind, now: float, what: str) -> bool:
        """Whether a fault of `kind` is due at `now` (seconds since the start); it has then touched `what`."""
        for fault in self.all:
            if fault.at > now:
                return False
            if fault.ended is not None:
                continue
            if fault.seconds and now >= fault.at + fault.seconds:
                fault.ended = fault.at + fault.seconds
            elif fault.kind == kind:
                fault.began = now if fault.began is None else fault.began
                fault.times += 1
                if len(fault.touched) < 100:
                    fault.touched.append(what)
                if not fault.seconds and fault.times >= fault.count:
                    fault.ended = now
                return True
        return False
