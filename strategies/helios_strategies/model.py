"""Follow a model: the larger its prediction against what is usual, the larger the signal."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Prediction, Signal
from helios_engine.events import Event


class FollowModel:
    """Signal = prediction over `scale` times its usual size, clipped to ±1; 0 under `threshold`.

    The usual size is an exponential mean of past absolute predictions with weight `decay` on the past.
    """

    consumes = Prediction

    def __init__(self, threshold: float = 0.0, scale: float = 2.0, decay: float = 0.98) -> None:
        if threshold < 0 or scale <= 0 or not 0 < decay < 1:
            raise ValueError(f"expected threshold >= 0, scale > 0, 0 < decay < 1; got {threshold}, {scale}, {decay}")
        self.threshold, self.scale, self.decay = threshold, scale, decay
        self.usual: dict[str, float] = {}

    def on_event(self, event: Event[Prediction]) -> Iterator[Signal]:
        name, value = event.body.instrument, event.body.value
        usual = self.usual.get(name)
        self.usual[name] = abs(value) if usual is None else self.decay * usual + (1.0 - self.decay) * abs(value)
        if not usual:
            return
        strength = value / (self.scale * usual) if abs(value) > self.threshold else 0.0
        yield Signal(name, max(-1.0, min(1.0, strength)))
