"""A strategist without a language model: fixed rules on the figures of the prompt, no network."""

from __future__ import annotations

import json
import re
from pathlib import Path

from helios_engine.bodies import LlmReply, LlmRequest
from helios_llm.cassette import append

_LINE = re.compile(r"^(\S+) return=(-?\d+\.\d+) volatility=(\d+\.\d+)$", re.MULTILINE)


class Rules:
    """Halves risk when the mean return is below −`fall`, and again when volatility is above `calm` (per bar).

    With `record` set, every reply is added to that cassette.
    """

    handles = LlmRequest

    def __init__(self, fall: float = 0.05, calm: float = 0.02, record: Path | None = None) -> None:
        self.fall, self.calm, self.record = fall, calm, record

    def answer(self, body: LlmRequest) -> LlmReply:
        """Read the figures, apply the rules, answer in the asked form."""
        rows = [(float(change), float(volatility)) for _, change, volatility in _LINE.findall(body.prompt)]
        text = self._verdict(rows)
        if self.record is not None:
            append(self.record, body, text)
        return LlmReply(body.id, body.model, text)

    def _verdict(self, rows: list[tuple[float, float]]) -> str:
        if not rows:
            return json.dumps({"multiplier": 1.0, "reason": "no figures were given"})
        change = sum(r for r, _ in rows) / len(rows)
        volatility = max(v for _, v in rows)
        multiplier = (0.5 if change < -self.fall else 1.0) * (0.5 if volatility > self.calm else 1.0)
        reason = f"mean return {change:.4f} against -{self.fall}, highest volatility {volatility:.4f} against {self.calm}"
        return json.dumps({"multiplier": multiplier, "reason": reason})
