"""The settings of the sim venue, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from helios_engine.errors import ConfigError
from helios_engine.fees import FeeIn
from helios_engine.nautilus.models.settings import Models
from helios_engine.nautilus.models.words import words
from helios_engine.timeframe import duration_text, nanoseconds

Book = Literal["auto", "trades", "quotes", "l2"]
_MATCHING = {
    "auto": "on the book or quotes where they are fed; trades and bars alone have no spread",
    "trades": "on trades and bars alone, which have no spread",
    "quotes": "on quotes and trades",
    "l2": "on the order book and trades",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run says of its venue; amounts are Decimal."""

    balances: Mapping[str, Decimal]
    models: Models
    dense: bool
    book: Book
    account: Literal["cash", "margin"]
    leverage: Decimal
    borrow: Mapping[str, Decimal]
    delay: int
    fees_in: Mapping[str, tuple[FeeIn, FeeIn]]
    books: frozenset[str]

    def book_of(self, instrument: str) -> Book:
        """What an instrument is matched on: on its book from the start, if the run feeds one."""
        return "l2" if self.book == "auto" and instrument in self.books else self.book

    def words(self) -> dict[str, str]:
        """The settings in words, for the report."""
        account: str = self.account
        if account == "margin":
            account += f", leverage up to {self.leverage:f}; no liquidation"
        if self.borrow:
            account += "; may owe " + ", ".join(f"{amount:f} {code}" for code, amount in self.borrow.items())
            account += ", without interest"
        told = words(self.models)
        told["fills"] += f"; market orders at the next event, {_MATCHING[self.book]}"
        if self.delay:
            told["latency"] += f"; every command sets out {duration_text(self.delay)} late"
        return {**told, "account": account}


def read(
    *,
    balances: Mapping[str, str],
    models: Models,
    dense: bool,
    book: Book,
    account: Literal["cash", "margin"],
    leverage: str,
    borrow: Mapping[str, str],
    delay: str,
    fees_in: Mapping[str, tuple[FeeIn, FeeIn]],
    books: Iterable[str],
) -> Settings:
    """The settings of a run's texts. Raises ConfigError for what is no amount, or contradicts itself."""
    limit = _amount("leverage", leverage)
    if limit < 1 or (account == "cash" and limit != 1):
        raise ConfigError(
            f"nautilus.sim leverage = {leverage!r}: it must be at least 1, and a cash account has none; "
            'set account = "margin"'
        )
    return Settings(
        balances={code: _amount(f"[account] balances: {code}", text) for code, text in balances.items()},
        models=models,
        dense=dense,
        book=book,
        account=account,
        leverage=limit,
        borrow={code: _amount(f"nautilus.sim borrow: {code}", text) for code, text in borrow.items()},
        delay=_duration(delay),
        fees_in=fees_in,
        books=frozenset(books),
    )


def _duration(text: str) -> int:
    try:
        return nanoseconds(text)
    except ValueError as error:
        raise ConfigError(f"nautilus.sim delay: {error}") from None


def _amount(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{name} = {text!r} is not an amount of money") from None
    if not found.is_finite() or found < 0:
        raise ConfigError(f"{name} = {text!r} must be finite and not negative")
    return found
