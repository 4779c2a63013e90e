"""`[containment]` of a config: how long and how much a plugin may take in a live run before it is put out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from helios_engine.timeframe import nanoseconds

Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,8}(ms|s|m|h)$")]
Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]


class ContainmentSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[containment]`: bounds of plugins in a live run; a backtest has none of these, it stops at the first error.

    A turn is one input and all it caused; the times are of one stage, over all events that it gets in a turn.
    """

    turn_budget: Annotated[Duration, Meta(description="a turn of a stage that takes longer is slow")] = "250ms"
    slow_turns: Annotated[Count, Meta(description="slow turns within a minute that put a stage out")] = 3
    turn_limit: Annotated[
        Duration,
        Meta(description="a stage is interrupted after that; tenfold for the first event of a kind"),
    ] = "2s"
    max_share: Annotated[Share, Meta(description="the most of the time, over a minute, that a stage may take")] = 0.5
    max_outputs: Annotated[Count, Meta(description="the most that a stage may yield in one turn")] = 1000
    effect_patience: Annotated[Duration, Meta(description="how long an effect may take for a reply")] = "30s"
    effect_requests: Annotated[Count, Meta(description="the most requests that may wait for one effect")] = 100
    max_memory: Annotated[
        Count | None, Meta(description="MiB of memory of the process, above which no new risk is taken")
    ] = None

    @property
    def budget(self) -> float:
        """`turn_budget` in seconds."""
        return nanoseconds(self.turn_budget) / 1e9

    @property
    def limit(self) -> float:
        """`turn_limit` in seconds."""
        return nanoseconds(self.turn_limit) / 1e9

    @property
    def patience(self) -> float:
        """`effect_patience` in seconds."""
        return nanoseconds(self.effect_patience) / 1e9
