"""A strategist without a language model: fixed rules on the figures of the prompt, no network."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from helios_engine.bodies import LlmReply, LlmRequest
from helios_llm.cassette import append

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_LINE = re.compile(rf"^\S+ \S+ return={_NUMBER} volatility={_NUMBER}", re.MULTILINE)


class Rules:
    """Halves risk when the mean return is below −`fall`, and again when a volatility is above `calm`.

    The figures are those `llm.strategist` writes: fractions, the return over its window and the
    deviation of the return of one bar. With `record` set, every reply is added to that cassette.
    """

    handles = LlmRequest
    writes = ("record",)

    def __init__(self, fall: float = 0.05, calm: float = 0.02, record: Path | None = None) -> None:
        self.fall, self.calm, self.record = fall, calm, record

    def answer(self, body: LlmRequest) -> LlmReply:
        """Read the figures, apply the rules, answer in the asked form."""
        text = self._verdict([(float(change), float(volatility)) for change, volatility in _LINE.findall(body.prompt)])
        if self.record is not None:
            append(self.record, body, text)
        return LlmReply(body.id, body.model, text)

    def _verdict(self, rows: list[tuple[float, float]]) -> str:
        if not rows:
            return json.dumps({"multiplier": 1.0, "reason": "no figures were given"})
        change = math.fsum(r for r, _ in rows) / len(rows)
        volatility = max(v for _, v in rows)
        multiplier = (0.5 if change < -self.fall else 1.0) * (0.5 if volatility > self.calm else 1.0)
        reason = f"mean return {change:.4f}, floor {-self.fall}; highest volatility {volatility:.4f}, limit {self.calm}"
        return json.dumps({"multiplier": multiplier, "reason": reason})
