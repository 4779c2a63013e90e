"""The grammar of single fields. A message that is decoded holds nothing that breaks it.

Numbers stay the text that was sent, since checksums are made of it, and have passed a pattern before Decimal or
float sees them: ASCII digits, one point, at most 18 digits on either side; no exponent, underscore, plus sign,
leading zero, NaN or infinity. A JSON number where VALR sends text is refused, for its digits would go through a float.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from helios_valr.moments import Moment, Second, of_iso, of_milliseconds, of_seconds

_PLAIN = r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?"
_NOT_ZERO = r"(?!0(\.0+)?\Z)"

Amount = Annotated[str, Meta(pattern=rf"\A{_PLAIN}\Z")]
"""A number that may be 0: a quantity (0 removes a level), a volume, a price that may be missing."""
Positive = Annotated[str, Meta(pattern=rf"\A{_NOT_ZERO}{_PLAIN}\Z")]
"""A number above 0: a price."""
Signed = Annotated[str, Meta(pattern=rf"\A-?{_PLAIN}\Z")]
"""A number of either sign: a rate, a change."""
Pair = Annotated[str, Meta(pattern=r"\A[A-Z0-9]{2,32}\Z")]
"""A pair as VALR writes it, `BTCZAR`; it becomes part of paths and names."""
Word = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9 ._/&()+-]{1,64}\Z")]
"""A name of a currency, a kind of order."""
Id = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z-]{1,64}\Z")]
"""An id of a trade or an order."""
Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A sequence number or a long id: exact, though beyond 2**53 (a JSON number with a point is refused)."""
Crc = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""An unsigned CRC32."""
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
"""How many."""
Text = Annotated[str, Meta(max_length=1000)]
"""What is said to people."""
Side = Literal["buy", "sell", "BUY", "SELL"]


class Places(int):
    """A number of decimals, 0 … 18; VALR sends it as text in REST and as a number in streams."""


_PLACES = re.compile(r"[0-9]|1[0-8]")
_NUMBER = re.compile(rf"-?{_PLAIN}")
T = TypeVar("T")


def hook(kind: type, found: Any) -> Any:
    """Make our own field types from what JSON has, for msgspec; ValueError says what was expected."""
    if kind is Moment:
        if type(found) is str:
            return Moment(of_iso(found))
        if type(found) is int:
            return Moment(of_milliseconds(found))
        raise ValueError(f"expected ISO 8601 text or milliseconds, found {type(found).__name__}")
    if kind is Second:
        if type(found) is int:
            return Second(of_seconds(found))
        raise ValueError(f"expected whole seconds, found {type(found).__name__}")
    if kind is Places:
        text = str(found) if type(found) is int else found
        if type(text) is not str or not _PLACES.fullmatch(text):
            raise ValueError(f"expected a number of decimals from 0 to 18, found {str(found)[:20]!r}")
        return Places(text)
    raise NotImplementedError(f"no field type {kind.__name__}")


def decimal(text: str) -> Decimal:
    """The number of a field, exactly; ValueError if the text is none by the grammar."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"expected plain digits such as 1234.5, found {text[:40]!r}")
    return Decimal(text)


def nearest(text: str) -> float:
    """The float nearest to the number; ValueError if the text is none by the grammar. For volumes and rates."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"expected plain digits such as 1234.5, found {text[:40]!r}")
    return float(text)


def exact(text: str) -> float:
    """The float that stands for this number and no other of as many digits; ValueError if there is none.

    Prices and quantities are kept as integers of a scale later, so a float that cannot give them back is refused.
    """
    found = nearest(text)
    # Every decimal of 15 digits has a float of its own: most numbers need no second look.
    if len(text) > 16 and Decimal(repr(found)) != Decimal(text):
        raise ValueError(f"{text[:40]} has more digits than a float can give back; expected at most 15 to 17")
    return found
