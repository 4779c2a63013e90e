"""A small exchange's protocol, and its parser: `I` a definition, `T,price,quantity,id` a trade, `M,text` a mood."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from helios_engine.bodies import Instrument, Trade, VenueStatus
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.hookspecs import hookimpl
from helios_engine.recorder import Frame, Gap, Limits, Recorder
from helios_engine.recorder.parsing import Intake, Parsed
from helios_engine.stage import ParserSpec

COIN = Instrument("BTCZAR.ACME", "BTC", "ZAR", 2, 4, Decimal("0.01"), Decimal("0.0001"))
START = 1_700_000_000_000_000_000
SMALL = Limits(segment_bytes=2500, warn_free=0, stop_free=0)


class Acme:
    """Remembers how many trades there were, as a real parser remembers a book."""

    def __init__(self) -> None:
        self._trades = 0

    def frame(self, frame: Frame) -> Iterator[tuple[int, Body]]:
        kind, *words = frame.raw.decode().split(",")
        match kind:
            case "I":
                yield frame.recv_ns, COIN
            case "T":
                self._trades += 1
                price, quantity, name = words
                trade = Trade("BTCZAR.ACME", frame.recv_ns, float(price), float(quantity), "BUY", name)
                yield frame.recv_ns, trade
                if self._trades % 10 == 0:
                    yield frame.recv_ns, VenueStatus("ACME", frame.recv_ns, f"{self._trades} trades")

    def gap(self, gap: Gap) -> Iterator[tuple[int, Body]]:
        yield gap.recv_ns, VenueStatus("ACME", gap.recv_ns, f"gap: {gap.reason}")


class Other(Acme):
    """Reads the same frames with a mistake: a trade of a certain price is lost."""

    def frame(self, frame: Frame) -> Iterator[tuple[int, Body]]:
        if b"100.17" not in frame.raw:
            yield from super().frame(frame)


def begin(kind: type[Acme] = Acme) -> Parsed:
    return Parsed("acme", kind(), Codec())


def trade_of(number: int) -> bytes:
    return f"T,{100 + number % 50 / 100:.2f},0.{1 + number % 9:04d},{number}".encode()


def record(folder: Path, numbers: range, limits: Limits = SMALL) -> list[tuple[int, Body]]:
    """Record and parse trades as a live run does; returns the inputs it saw. The clock steps back now and then."""
    moments = (START + n * 1_000_000 - (n % 7 == 0) * 5_000_000 for n in range(numbers.start, 1 << 40))
    seen: list[tuple[int, Body]] = []
    with Recorder(folder, limits, wall=lambda: next(moments)) as recorder:
        intake = Intake(recorder, begin())
        seen += intake.take(b"I", "public")
        for number in numbers:
            seen += intake.take(trade_of(number), "public")
            if number % 20 == 0:
                recorder.flush()
            if number % 50 == 0:
                intake.mark()
        intake.mark()
    return seen


@hookimpl
def helios_parsers() -> list[ParserSpec]:
    return [ParserSpec("acme", Acme)]
