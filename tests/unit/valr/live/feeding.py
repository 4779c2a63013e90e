"""Frames by hand for the parser: envelopes with rows, and what this side says."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.recorder.entries import Frame, Gap
from helios_engine.recorder.parsing import Parsed
from helios_engine.timeframe import UNITS, iso
from helios_valr.live.envelopes import EDGE, REST, Told, edge, envelope
from helios_valr.live.parser import ValrParser

PAIR, NAME = "BTCZAR", "BTCZAR.VALR"
MINUTE = 60 * UNITS["s"]
START = 1_790_133_600 * UNITS["s"]
"""The beginning of a minute."""
Row = dict[str, Any]


class Fed:
    """A parser, and the frames it gets one after the other."""

    def __init__(self) -> None:
        self.parser = ValrParser()
        self._parsed = Parsed("valr", self.parser, Codec())
        self._seq = count(1)

    def take(self, raw: bytes, connection: str, at: int) -> list[Body]:
        """The bodies of a frame received at (ns UTC)."""
        frame = Frame(next(self._seq), at, at, connection, "in", raw)
        return [body for _, body in self._parsed.take(frame)]

    def gap(self, at: int) -> list[Body]:
        """What follows from something missing at (ns UTC)."""
        return [body for _, body in self._parsed.take(Gap(next(self._seq), at, at, None, "a test"))]

    def edge(self, told: Told, at: int = START) -> list[Body]:
        return self.take(edge(told), EDGE, at)

    def say(self, message: Row, at: int, line: str = "valr.stream.a") -> list[Body]:
        return self.take(json.dumps(message).encode(), line, at)

    def answer(self, path: str, body: Any, sent: int, status: int = 200, received: int = 0) -> list[Body]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.take(envelope(f"/v1/public/{path}", status, sent, raw), REST, received or sent + 1_000_000)

    def clock(self, ahead: int = 0, at: int = START) -> None:
        """VALR's clock is so many ns ahead of ours."""
        told = at + ahead
        text = iso(told // UNITS["s"] * UNITS["s"])
        self.answer("time", {"epochTime": told // UNITS["s"], "time": text}, told - ahead, received=told - ahead)


def bucket(opened: int, close: str = "101", volume: str = "2", **more: str) -> Row:
    return {
        "currencyPairSymbol": PAIR, "bucketPeriodInSeconds": 60, "startTime": iso(opened),
        "open": "100", "high": "110", "low": "90", "close": close, "volume": volume, "quoteVolume": "200",
    } | more  # fmt: skip


def trade(name: str, at: int, price: str = "100", quantity: str = "1") -> Row:
    seconds, rest = divmod(at, UNITS["s"])
    text = iso(seconds * UNITS["s"]).removesuffix("Z") + f".{rest // 1_000_000:03}Z"
    return {
        "price": price, "quantity": quantity, "currencyPair": PAIR, "tradedAt": text, "takerSide": "buy", "id": name,
    }  # fmt: skip
