"""Less exposure the deeper the drawdown, none below a floor."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Account, Control, RiskDecision
from helios_engine.events import Event


class Drawdown:
    """Scale from 1 at `soft` drawdown of marked equity to 0 at `hard`, fractions of the highest equity.

    Once at 0 it stays there until the drawdown is below `rearm`: without that distance it would trade
    in and out at the edge. In cash nothing recovers by itself, so 0 is for good unless somebody sends
    the control `rearm`, which makes the equity of now the peak. Decisions hold for every instrument
    (`*`) and come only when the scale changes.
    """

    consumes = (Account, Control)

    def __init__(self, soft: float = 0.10, hard: float = 0.20, rearm: float = 0.05) -> None:
        if not 0 <= rearm <= soft < hard <= 1:
            raise ValueError(f"expected 0 <= rearm <= soft < hard <= 1, found {rearm}, {soft}, {hard}")
        self.soft, self.hard, self.rearm = soft, hard, rearm
        self.equity = 0.0
        self.peak = 0.0
        self.is_stopped = False
        self.last: float | None = None

    def on_event(self, event: Event[Account | Control]) -> Iterator[RiskDecision]:
        body = event.body
        if isinstance(body, Account):
            self.equity = float(body.equity)
            self.peak = max(self.peak, self.equity)
        elif body.name == "rearm":
            self.peak = max(0.0, self.equity)
        if self.last is None and isinstance(body, Control):
            return  # no account yet, so nothing to judge
        fall = 1.0 - self.equity / self.peak if self.peak > 0 else 1.0
        if fall >= self.hard:
            self.is_stopped = True
        elif fall < self.rearm or fall == 0.0:
            self.is_stopped = False
        scale = 0.0 if self.is_stopped else min(1.0, max(0.0, (self.hard - fall) / (self.hard - self.soft)))
        if scale != self.last:
            self.last = scale
            yield RiskDecision("*", scale, f"drawdown {fall:.4f} of soft {self.soft:.4f}, hard {self.hard:.4f}")
