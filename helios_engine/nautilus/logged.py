"""A venue with a log of what it was told, from which it can be made again: nautilus itself cannot be saved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from helios_engine.bodies import FundingRate, Instrument, MarkPrice
from helios_engine.codec import Codec
from helios_engine.errors import JournalError
from helios_engine.events import Body
from helios_engine.nautilus import soft
from helios_engine.nautilus.market import Market

if TYPE_CHECKING:
    from helios_engine.nautilus.venue import SimVenue

OPEN, INSTRUMENT, MARKET, SEND, SETTLE, STATE = "open", "instrument", "market", "send", "settle", "state"


class Logged:
    """The sim venue as it is; `write` gets a record of everything that nautilus may be shown.

    While nothing rests in a market and nothing is on its way there, nautilus sees none of its events: they change what
    we remember of it alone (`soft`), and that is written once, before the next thing that nautilus is shown. So a
    log holds the whole truth, and grows with orders and with events while they rest, not with time.
    """

    def __init__(self, venue: SimVenue, codec: Codec, write: Callable[[list[Any]], None]) -> None:
        self._venue, self._codec, self._write = venue, codec, write
        self._opened: list[Any] = []
        self._changed: set[str] = set()
        self._answers, self._digest = 0, b""

    def models(self) -> dict[str, str]:
        """The models in words, for the report."""
        return self._venue.models()

    def pins(self) -> dict[str, str]:
        """Digests of the files that answers depend on, for the journal's header."""
        return self._venue.pins()

    def balances(self) -> dict[str, Decimal]:
        """Total balance by currency."""
        return self._venue.balances()

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Open the account."""
        known = list(instruments)
        self._opened = [OPEN, ts, [self._as_record(d) for d in known]]
        self._write(self._opened)
        self._venue.open(ts, known)

    def instrument(self, ts: int, body: Instrument) -> None:
        """Add an instrument, or change one."""
        if body.instrument in self._venue.markets:
            self._show(body.instrument)
        self._write([INSTRUMENT, ts, *self._as_record(body)])
        self._venue.instrument(ts, body)

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match what rests on a market event."""
        name: str = body.instrument  # type: ignore[attr-defined]
        if self._is_shown(self._venue.markets[name], body):
            self._show(name)
            self._write([MARKET, ts, *self._as_record(body)])
        elif not isinstance(body, FundingRate):  # which changes nothing, unless it is paid
            self._changed.add(name)
        return self._heard(self._venue.market(ts, body))

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way."""
        self._show(intent.instrument)  # type: ignore[attr-defined]
        self._write([SEND, ts, *self._as_record(intent)])
        self._venue.send(ts, intent)

    def settle(self, ts: int) -> list[Body]:
        """Let commands take effect that are due at the market event of this moment."""
        if not self._venue.settles:
            return []
        # A margin account is judged by the prices of all its markets.
        for name in sorted(self._changed):
            self._show(name)
        self._write([SETTLE, ts])
        return self._heard(self._venue.settle(ts))

    def finish(self, ts: int) -> list[Body]:
        """The run ends; nothing more is due."""
        return self._heard(self._venue.finish(ts))

    def save(self) -> dict[str, Any]:
        """What is not in the log so far, as plain values, and by what it can be checked."""
        markets = self._venue.markets
        states = {name: soft.save(markets[name]) for name in sorted(self._changed)}
        return {"answers": self._answers, "digest": self._digest, "markets": states}

    def retell(self, records: Iterable[list[Any]], saved: dict[str, Any]) -> None:
        """Tell a venue that was just opened what another was told, and give it what that one `save`d.

        Nothing is written. JournalError if it answers otherwise: it is not the same venue then.
        """
        for record in records:
            self._again(record)
        for name, state in saved["markets"].items():
            soft.restore(self._venue.markets[name], state)
        self._changed = set(saved["markets"])
        if (self._answers, self._digest) != (saved["answers"], saved["digest"]):
            raise JournalError(
                f"the venue gave {saved['answers']} answers, made again it gives {self._answers}, or others: config, "
                "plugins or libraries have changed"
            )

    def _again(self, record: list[Any]) -> None:
        venue = self._venue
        match record:
            case ["market", ts, tag, fields]:
                self._heard(venue.market(ts, self._body(tag, fields)))
            case ["settle", ts]:
                self._heard(venue.settle(ts))
            case ["state", name, state]:
                soft.restore(venue.markets[name], state)
            case ["send", ts, tag, fields]:
                venue.send(ts, self._body(tag, fields))
            case ["instrument", ts, tag, fields]:
                body = self._body(tag, fields)
                assert isinstance(body, Instrument)
                venue.instrument(ts, body)
            case ["open", *_]:
                if record != msgspec.msgpack.decode(self._codec.encode(self._opened)):
                    raise JournalError("the venue was opened with other instruments, or at another time")
            case _:
                raise JournalError(f"expected a record of a venue's log, found {str(record)[:80]}")

    def _is_shown(self, market: Market, body: Body) -> bool:
        """Whether nautilus may come to know of an event as it happens."""
        if isinstance(body, FundingRate):
            return bool(market.position.quantity)
        rests = bool(self._venue.is_dense or market.open or market.flight.queue or market.expiries)
        return rests or (not isinstance(body, MarkPrice) and market.sight.stirs(body))

    def _show(self, name: str) -> None:
        """Before nautilus is shown anything of a market: write what has changed there since it last was."""
        if name in self._changed:
            self._changed.discard(name)
            self._write([STATE, name, soft.save(self._venue.markets[name])])

    def _heard(self, answers: list[Body]) -> list[Body]:
        for answer in answers:
            self._answers += 1
            raw = self._codec.encode(self._as_record(answer))
            self._digest = hashlib.blake2b(self._digest + raw, digest_size=16).digest()
        return answers

    def _as_record(self, body: Body) -> tuple[str | None, Body]:
        return self._codec.tag(type(body)), body

    def _body(self, tag: str, fields: Any) -> Body:
        return self._codec.decode(tag, msgspec.msgpack.encode(fields))
