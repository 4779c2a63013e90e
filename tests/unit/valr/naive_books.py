"""An exchange's book kept the plainest way, which writes frames; and a reader's that follows the engine's bodies."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zlib import crc32

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_engine.events import Body
from helios_valr.messages import read

Levels = tuple[tuple[tuple[float, float], ...], ...]


class NaiveBook:
    """Lists of `[price, order id, quantity]`, sorted whenever somebody looks."""

    def __init__(self) -> None:
        self.sides: dict[str, list[list[str]]] = {"b": [], "a": []}
        self.sequence = 100

    def enter(self, side: str, price: str, order: str, quantity: str) -> None:
        """Set, change or (with 0) remove an order."""
        rows = self.sides[side]
        at = next((n for n, row in enumerate(rows) if (Decimal(row[0]), row[1]) == (Decimal(price), order)), None)
        if quantity == "0":
            if at is not None:
                del rows[at]
        elif at is None:
            rows.append([price, order, quantity])
        else:
            rows[at][2] = quantity

    def sorted(self, side: str) -> list[list[str]]:
        """The rows of a side, best price first, in the order they came within a price."""
        return sorted(self.sides[side], key=lambda row: Decimal(row[0]) * (-1 if side == "b" else 1))

    def is_crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        bids, asks = self.sorted("b"), self.sorted("a")
        return bool(bids) and bool(asks) and Decimal(bids[0][0]) >= Decimal(asks[0][0])

    def levels(self) -> Levels:
        """Bids and asks by price."""
        found = []
        for side in "ba":
            by_price: dict[Decimal, Decimal] = {}
            for price, _, quantity in self.sorted(side):
                by_price[Decimal(price)] = by_price.get(Decimal(price), Decimal(0)) + Decimal(quantity)
            found.append(tuple((float(price), float(size)) for price, size in by_price.items()))
        return tuple(found)

    def crc(self, first: int) -> int:
        """The checksum over column `first` (0 price, 1 order id) and the quantity."""
        bids, asks = self.sorted("b")[:25], self.sorted("a")[:25]
        words = []
        for n in range(25):
            for rows in (bids, asks):
                if n < len(rows):
                    words += [rows[n][first], rows[n][2]]
        return crc32(":".join(words).encode())

    def l1(self, kind: str, entries: list[tuple[str, str, str, str]]) -> Any:
        """A frame of the L1 feed, of everything or of `(side, price, id, quantity)`."""
        told = entries if kind == "OB_L1_DIFF" else [(s, p, o, q) for s in "ba" for p, o, q in self.sides[s]]
        lists = {side: [[price, quantity] for s, price, _, quantity in told if s == side] for side in "ba"}
        row = {"lc": 1_700_000_000_000 + self.sequence, **lists, "sq": self.sequence, "cs": self.crc(0)}
        return read(json.dumps({"type": kind, "ps": "BTCZAR", "d": row}))

    def l3(self, kind: str, entries: list[tuple[str, str, str, str]]) -> Any:
        """A frame of the L3 feed, of everything or of `(side, price, id, quantity)`."""
        is_update = kind == "FULL_ORDERBOOK_UPDATE"
        told = entries if is_update else [(s, p, o, q) for s in "ba" for p, o, q in self.sides[s]]
        row = {
            "LastChange": 1_700_000_000_000 + self.sequence,
            "SequenceNumber": self.sequence,
            "Checksum": self.crc(1),
        } | {
            name: [{"Price": p, "Orders": [{"orderId": o, "quantity": q}]} for s, p, o, q in told if s == side]
            for side, name in (("b", "Bids"), ("a", "Asks"))
        }
        return read(json.dumps({"type": kind, "currencyPairSymbol": "BTCZAR", "data": row}))


class Follower:
    """What a stage would know that only sees the bodies."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[float, float]] = {"BUY": {}, "SELL": {}}

    def follow(self, bodies: tuple[Body, ...]) -> None:
        """Apply snapshots and deltas."""
        for body in bodies:
            match body:
                case BookSnapshot():
                    self.sides = {"BUY": dict(body.bids), "SELL": dict(body.asks)}
                case BookDelta():
                    self.sides[body.side].pop(body.price, None)
                    if body.quantity:
                        self.sides[body.side][body.price] = body.quantity

    def levels(self) -> Levels:
        """Bids and asks, best first."""
        bids, asks = self.sides["BUY"], self.sides["SELL"]
        return tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items()))
