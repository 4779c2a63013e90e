"""A venue's own list of instruments: definitions, and the currencies of the symbols in its streams."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.cryptofeed.lines import decoded, lines
from helios_engine.catalog.importers.cryptofeed.reader import Listed, Venue
from helios_engine.catalog.importers.cryptofeed.stream import SYMBOL
from helios_engine.catalog.importers.symbols import currencies
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import DataError

BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""What comes of a message that has not the form of its venue."""


class Listing:
    """What is known of a venue's instruments, by the venue's symbols."""

    def __init__(self, name: str, venue: Venue, ask: Ask) -> None:
        self._name, self._venue, self._ask = name, venue, ask
        self._listed: dict[str, Listed] = {}
        self._found: dict[str, Instrument | Symbol | None] = {}

    def read(self, source: Source) -> tuple[Rows | None, list[Issue]]:
        """The definitions in a file of answers, if any can be read, and what is to be said of the rest."""
        found, places = list[Instrument](), list[str]()
        left, first, last, answers = Counter[str](), 0, 0, 0
        for line in lines(source):
            if line.kind != "->":
                continue
            body, known = decoded(line.text, line.place), line.received + (self._ask.clock_offset or 0)
            first, last, answers = first or known, known, answers + 1
            try:
                listed = list(self._venue.listed(line.url, body))
                if not all(isinstance(one.symbol, str) for one in listed):
                    raise TypeError("a symbol is no text")
            except BROKEN as error:
                raise DataError(
                    f"{line.place}: an answer of another form than {self._name}'s list of instruments: "
                    f"{type(error).__name__}: {error}"
                ) from None
            for one in listed:
                if self._listed.get(one.symbol) == one:
                    continue
                self._listed[one.symbol] = one
                made = define(one, self._name, known)
                if isinstance(made, Instrument):
                    found.append(made)
                    places.append(line.place)
                else:
                    left[made] += 1
        if not answers:
            raise DataError(f"{source.name}: no answers `<url> -> <time>: <JSON>` in it; is the file whole?")
        issues = []
        if left:
            parts = ", ".join(f"{count:,} {why}" for why, count in left.most_common())
            detail = f"{source.name}: {left.total():,} instruments are not defined: {parts}"
            issues.append(_info(detail, first, last + 1))
        if not found:
            return None, issues or [_info(f"{source.name}: it lists no instruments with their terms", first, last + 1)]
        made_rows = rows.instruments(source, self._name, found, lambda row: places[row])
        return made_rows._replace(clock_offset=self._ask.clock_offset or 0), issues

    def who(self, symbol: str) -> Instrument | Symbol | None:
        """An instrument by the venue's symbol; None if its currencies cannot be told."""
        if symbol not in self._found:
            self._found[symbol] = self._who(symbol)
        return self._found[symbol]

    def contracts(self, symbol: str) -> str:
        """What a quantity counts, if not the base currency."""
        listed = self._listed.get(symbol)
        return listed.contracts if listed else self._venue.contracts(symbol)

    def _who(self, symbol: str) -> Instrument | Symbol | None:
        listed, ask = self._listed.get(symbol), self._ask
        if listed and not (ask.instrument or ask.base or ask.quote or ask.tick or ask.lot):
            made = define(listed, self._name, 0)
            if isinstance(made, Instrument):
                return made
        pair = (listed.base, listed.quote) if listed and _is_name(listed.base) and _is_name(listed.quote) else None
        pair = pair or self._venue.pair(symbol) or currencies(symbol)
        if pair is None:
            named = ask.instrument is not None or (ask.base and ask.quote)
            return Symbol(plain(symbol), self._name) if named else None
        return Symbol(plain(symbol), self._name, *pair)


def plain(symbol: str) -> str:
    """A venue's symbol as the first half of our name: XMR/USD is XMRUSD."""
    return symbol.upper().replace("/", "").replace(":", "")


def define(listed: Listed, venue: str, known: int) -> Instrument | str:
    """The definition of a listed instrument known at a time, or why there is none."""
    if not _is_name(listed.symbol):
        return "without a plain name"
    if max(listed.listed, listed.delisted) >= 2**63:
        return "with times that are none"
    if listed.contracts:
        return "counted in contracts"
    if not _is_name(listed.base) or not _is_name(listed.quote):
        return "without currencies"
    tick, lot = _number(listed.tick), _number(listed.lot)
    if tick is None or lot is None or tick <= 0 or lot <= 0:
        return "without tick or lot"
    quantity, notional = _number(listed.min_quantity), _number(listed.min_notional)
    maker, taker = _number(listed.maker_fee), _number(listed.taker_fee)
    if quantity is None or notional is None or maker is None or taker is None:
        return "with terms that are no numbers"
    return Instrument(
        instrument=f"{plain(listed.symbol)}.{venue}",
        base=listed.base,
        quote=listed.quote,
        price_scale=_decimals(tick),
        size_scale=max(_decimals(lot), _decimals(quantity)),
        tick=tick,
        lot=lot,
        min_quantity=quantity,
        min_notional=notional,
        maker_fee=maker,
        taker_fee=taker,
        valid_from=known,
        listed=listed.listed,
        delisted=listed.delisted,
    )


def _is_name(text: object) -> bool:
    return isinstance(text, str) and SYMBOL.fullmatch(text) is not None


def _number(text: object) -> Decimal | None:
    """A number without the zeros behind it; None for what is none, or has more digits than are kept."""
    if not isinstance(text, str):
        return None
    try:
        found = Decimal(text)
    except ArithmeticError:
        return None
    if not found.is_finite() or not -18 <= found.adjusted() <= 18:
        return Decimal(0) if found.is_finite() and not found else None
    plain_form = found.normalize()
    return plain_form.quantize(Decimal(1)) if int(plain_form.as_tuple().exponent) > 0 else plain_form


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _info(detail: str, begin: int, end: int) -> Issue:
    return Issue(kind="left_out", severity="info", ts_from=begin, ts_to=end, detail=detail, origin="import")
