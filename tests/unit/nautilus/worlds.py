"""Worlds from a seed: markets of every kind, and orders of every type on them, with reactions to fills."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    CancelIntent,
    FundingRate,
    Instrument,
    MarkPrice,
    ModifyIntent,
    OrderIntent,
    Print,
    Quote,
    Trade,
)
from helios_engine.events import Body

D = Decimal
MS = 1_000_000
LATENCIES = ("1ns", "1ms", "250ms", "2500ms")
DATA = ("trades", "quotes", "l2", "prints")
FEES: dict[str, Any] = {"maker_fee": D("0.0018"), "taker_fee": D("0.0035")}
SPOT = (
    Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"), **FEES),
    Instrument("ETHZAR.VALR", "ETH", "ZAR", 2, 4, tick=D("0.05"), lot=D("0.01"), min_quantity=D("0.05"), **FEES),
    Instrument("SOLUSDT.VALR", "SOL", "USDT", 2, 2, tick=D("0.25"), lot=D("0.1"), min_notional=D(20), **FEES),
)
CARRIED = {"contract": "perpetual", "margin_init": D("0.05"), "margin_maint": D("0.02")}
PERPETUAL = tuple(msgspec.structs.replace(d, **CARRIED) for d in SPOT)


class World(NamedTuple):
    """Bodies with their times, what is decided right after which of them, and what follows an order's first fill."""

    instruments: tuple[Instrument, ...]
    market: list[tuple[int, Body]]
    commands: dict[int, list[Body]]
    reactions: dict[str, list[Body]]
    data: str
    account: str
    latency: str
    is_touch: bool


def world(seed: int, count: int = 160, data: str = "", names: int = 3, is_plain: bool = False) -> World:
    """The world of a seed. `is_plain` leaves out what is refused before it reaches the market."""
    draw = random.Random(seed)
    kind = data or DATA[seed % 4]
    account = ("cash", "margin")[seed // 4 % 2]
    instruments = (PERPETUAL if account == "margin" else SPOT)[:names]
    market = _Market(draw, instruments, kind)
    rows = market.rows(count, is_plain)
    commands, reactions = _Orders(draw, rows, {d.instrument: d for d in instruments}, is_plain).all()
    return World(
        instruments, rows, commands, reactions, kind, account, LATENCIES[seed // 8 % 4], bool(draw.getrandbits(1))
    )


class _Market:
    """Rows of several instruments; several of them at one time now and then."""

    def __init__(self, draw: random.Random, instruments: tuple[Instrument, ...], kind: str) -> None:
        self.draw, self.kind = draw, kind
        self.definitions = {d.instrument: d for d in instruments}
        self.middle = {d.instrument: 1000 for d in instruments}  # in ticks
        self.books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}
        self.count = 0

    def rows(self, count: int, is_plain: bool) -> list[tuple[int, Body]]:
        ts, rows = 10_000 * MS, []
        for name in self.definitions:
            rows += [(ts, body) for body in self._first(name, ts)]
        if self.kind == "prints":
            return rows + self._bars(ts, count // (4 * len(self.definitions)))
        while len(rows) < count:
            ts += 0 if self.draw.random() < 0.25 else self.draw.choice((1, MS, 40 * MS, 400 * MS))
            name = self.draw.choice(list(self.definitions))
            rows += [(ts, body) for body in self._next(name, ts)]
            if not is_plain and self.draw.random() < 0.03:
                rows += [(ts, body) for body in self._rare(name, ts)]
        return [*rows, (ts, self._trade(name, ts, "BUY"))]

    def _first(self, name: str, ts: int) -> list[Body]:
        if self.kind == "l2":
            return [self._snapshot(name, ts), self._trade(name, ts, "SELL"), self._trade(name, ts, "BUY")]
        if self.kind == "quotes":
            return [self._quote(name, ts), self._trade(name, ts, "SELL"), self._trade(name, ts, "BUY")]
        if self.kind == "prints":
            return [Print(name, ts, self._price(name, 0), 5.0, "open")]
        return [self._trade(name, ts, "SELL"), self._trade(name, ts, "BUY")]

    def _next(self, name: str, ts: int) -> list[Body]:
        self.middle[name] = max(50, self.middle[name] + self.draw.randint(-3, 3))
        if self.kind == "trades" or self.draw.random() < 0.4:
            return [self._trade(name, ts, self.draw.choice(("BUY", "SELL", "BUY", "SELL", "")))]
        if self.kind == "quotes":
            return [self._quote(name, ts)]
        return self._changes(name, ts)

    def _rare(self, name: str, ts: int) -> list[Body]:
        d = self.definitions[name]
        if d.contract == "perpetual" and self.draw.random() < 0.7:
            mark = MarkPrice(name, ts, self._price(name, 1))
            return [mark, FundingRate(name, ts, self.draw.choice((0.0001, -0.0003)))]
        fee, steps = self.draw.choice((D("0.001"), D("0.004"))), self.draw.choice((1, 2))
        first = next(known for known in SPOT if known.instrument == name)
        changed = msgspec.structs.replace(d, tick=first.tick * steps, lot=first.lot * steps, taker_fee=fee)
        self.definitions[name] = changed
        return [changed]

    def _price(self, name: str, ticks: int) -> float:
        return float((self.middle[name] + ticks) * self.definitions[name].tick)

    def _size(self) -> float:
        return self.draw.choice((0.1, 0.5, 2.0, 4.0))

    def _trade(self, name: str, ts: int, side: str) -> Trade:
        self.count += 1
        away = {"BUY": 1, "SELL": -1, "": 0}[side]
        return Trade(name, ts, self._price(name, away), self._size(), side, str(self.count))

    def _quote(self, name: str, ts: int) -> Quote:
        wide = self.draw.randint(1, 3)
        return Quote(name, ts, self._price(name, -wide), self._price(name, wide), self._size(), self._size())

    def _snapshot(self, name: str, ts: int) -> BookSnapshot:
        levels = range(1, 9)
        bids = {self._price(name, -n): self._size() + 1 for n in levels}
        asks = {self._price(name, n): self._size() + 1 for n in levels}
        self.books[name] = (bids, asks)
        self.count += 1
        return BookSnapshot(name, ts, tuple(bids.items()), tuple(asks.items()), self.count)

    def _changes(self, name: str, ts: int) -> list[Body]:
        """A new snapshot, or some levels of one message: what is crossed goes, what is missing comes."""
        if self.draw.random() < 0.1:
            return [self._snapshot(name, ts)]
        self.count += 1
        bids, asks = self.books[name]
        found: list[Body] = []
        for side, levels, sign in (("BUY", bids, -1), ("SELL", asks, 1)):
            wanted = {self._price(name, sign * n) for n in range(1, 9)}
            gone, come = sorted(set(levels) - wanted), sorted(wanted - set(levels))
            for price in [*gone, *come, self.draw.choice(sorted(wanted))]:
                quantity = 0.0 if price in gone else self._size() + 1
                levels.pop(price, None)
                if quantity:
                    levels[price] = quantity
                found.append(BookDelta(name, ts, side, price, quantity, self.count))
        return found

    def _bars(self, ts: int, count: int) -> list[tuple[int, Body]]:
        hour, rows = 3_600_000 * MS, []
        for bar in range(1, count + 1):
            start = ts + bar * hour
            for phase, away in (("open", 1), ("extreme", hour // 3), ("extreme", 2 * hour // 3), ("close", hour - 1)):
                for name in self.definitions:
                    self.middle[name] += self.draw.randint(-4, 4)
                    body = Print(name, start + away, self._price(name, 0), self._size(), phase)
                    rows.append((start + away, body))
        return rows


class _Orders:
    """Commands on about one row in five, or on so few that most rows can change nothing."""

    def __init__(
        self, draw: random.Random, rows: list[tuple[int, Body]], known: dict[str, Instrument], is_plain: bool
    ) -> None:
        self.draw, self.rows, self.known, self.is_plain = draw, rows, known, is_plain
        self.density = draw.choice((0.2, 0.2, 0.04))
        self.sent: list[OrderIntent] = []
        self.count = 0

    def all(self) -> tuple[dict[int, list[Body]], dict[str, list[Body]]]:
        commands: dict[int, list[Body]] = {}
        reactions: dict[str, list[Body]] = {}
        warm, last = 4 * len(self.known), {}
        for number, (ts, body) in enumerate(self.rows):
            if isinstance(body, Trade | Print):
                last[body.instrument] = body.price
            if (
                number < warm
                or self.draw.random() > self.density
                or isinstance(body, MarkPrice | FundingRate | Instrument)
            ):
                continue
            name = self.draw.choice(sorted(last))
            for command in self._decide(ts, name, last[name]):
                commands.setdefault(number, []).append(command)
                if isinstance(command, OrderIntent) and self.draw.random() < 0.3:
                    self._react(command, last, reactions)
        return commands, reactions

    def _decide(self, ts: int, name: str, price: float) -> list[Body]:
        if self.sent and self.draw.random() < 0.25:
            return [self._change(self.draw.choice(self.sent))]
        order = self._order(ts, name, price)
        # Wired, nautilus forgets that a stop has woken up while a command to change or cancel it is under way.
        if not (self.is_plain and order.type == "STOP_LIMIT"):
            self.sent.append(order)
        return [order]

    def _change(self, order: OrderIntent) -> Body:
        if self.draw.random() < 0.5:
            return CancelIntent(order.id, order.instrument)
        tick, lot = self.known[order.instrument].tick, self.known[order.instrument].lot
        away = self.draw.randint(1, 6) * tick
        kept = None if order.price is None or (self.draw.random() < 0.2 and not self.is_plain) else order.price + away
        stop = None if order.trigger is None or kept is not None or self.is_plain else order.trigger + away
        more = order.quantity + 10 * lot if self.draw.random() < 0.3 or (kept is None and stop is None) else None
        if not self.is_plain and self.draw.random() < 0.1:
            kept = order.price and order.price + tick / 2
        return ModifyIntent(order.id, order.instrument, more, kept, stop)

    def _order(self, ts: int, name: str, price: float) -> OrderIntent:
        d, draw = self.known[name], self.draw
        self.count += 1
        side: Any = draw.choice(("BUY", "SELL"))
        up = 1 if side == "BUY" else -1
        quantity = D(str(draw.choice((0.1, 0.3, 1.0, 3.0)))) * (1 if d.lot < 1 else 10)
        terms: dict[str, Any] = {}
        kind: Any = draw.choice(("MARKET", "MARKET", "LIMIT", "LIMIT", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"))
        base = int(D(repr(price)) / d.tick)
        if kind == "LIMIT":
            terms["price"] = (base + draw.randint(-5, 5)) * d.tick
            force = draw.choice(("GTC", "GTC", "IOC", "FOK", "GTD"))
            terms |= {"time_in_force": force, "post_only": force == "GTC" and draw.random() < 0.3}
        elif kind == "STOP":
            terms["trigger"] = (base + up * draw.randint(-1, 6)) * d.tick
        elif kind == "STOP_LIMIT":
            terms["trigger"] = (base + up * draw.randint(1, 6)) * d.tick
            terms["price"] = terms["trigger"] + draw.randint(-3, 3) * d.tick
            terms["post_only"] = draw.random() < 0.2
        elif kind == "TRAILING_STOP":
            terms["offset"] = draw.randint(2, 8) * d.tick
        if kind in ("STOP", "STOP_LIMIT", "TRAILING_STOP") and draw.random() < 0.3:
            terms["time_in_force"] = "GTD"
        if terms.get("time_in_force") == "GTD":
            terms["expires"] = ts + draw.choice((5000, 9000) if self.is_plain else (1, 300, 3000, 20000)) * MS
        terms["reduce_only"] = draw.random() < 0.15 and not self.is_plain
        if not self.is_plain and draw.random() < 0.08:
            quantity += d.lot / 2 if draw.random() < 0.5 else D(0)
            if "price" in terms and draw.random() < 0.5:
                terms["price"] += d.tick / 2
            if d.min_quantity and draw.random() < 0.5:
                quantity = d.lot
        return OrderIntent(f"O-{self.count}", name, side, quantity, kind, **terms)

    def _react(self, entry: OrderIntent, last: dict[str, float], reactions: dict[str, list[Body]]) -> None:
        """An exit on both sides of an entry, each of which takes the other back; or a hedge elsewhere."""
        if self.draw.random() < 0.4:
            self.count += 1
            name = self.draw.choice(sorted(last))
            reactions[entry.id] = [OrderIntent(f"O-{self.count}", name, entry.side, D("1.0"))]
            return
        d, up = self.known[entry.instrument], 1 if entry.side == "BUY" else -1
        other: Any = "SELL" if up == 1 else "BUY"
        base = int(D(repr(last[entry.instrument])) / d.tick) * d.tick
        profit = OrderIntent(f"{entry.id}-tp", entry.instrument, other, entry.quantity, "LIMIT", base + 4 * up * d.tick)
        loss = OrderIntent(
            f"{entry.id}-sl", entry.instrument, other, entry.quantity, "STOP", trigger=base - 6 * up * d.tick
        )
        reactions[entry.id] = [profit, loss]
        reactions[profit.id] = [CancelIntent(loss.id, entry.instrument)]
        reactions[loss.id] = [CancelIntent(profit.id, entry.instrument)]
