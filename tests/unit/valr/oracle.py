"""A second opinion on what was accepted, made without msgspec, without patterns and without the plugin's parsers."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from helios_engine.events import Body
from helios_valr.fields import Places
from helios_valr.frames import Other
from helios_valr.messages import KINDS
from helios_valr.moments import Moment, Second

NUMBERS = frozenset(
    {
        "Price",
        "a",
        "askPrice",
        "autoCloseMarginFraction",
        "b",
        "baseVolume",
        "bidPrice",
        "changeFromPrevious",
        "close",
        "estimatedFundingRate",
        "fundingRate",
        "high",
        "highPrice",
        "initialMarginFraction",
        "lastTradedPrice",
        "low",
        "lowPrice",
        "maintenanceMarginFraction",
        "markPrice",
        "maxBaseAmount",
        "maxQuoteAmount",
        "minBaseAmount",
        "minQuoteAmount",
        "open",
        "openInterest",
        "previousClosePrice",
        "price",
        "quantity",
        "quoteVolume",
        "tickSize",
        "volume",
    }
)
SIGNED = frozenset({"changeFromPrevious", "estimatedFundingRate", "fundingRate"})
POSITIVE = frozenset({"price", "Price", "open", "high", "low", "close", "tickSize"})


def strict_number(text: str) -> Decimal | None:
    """The number, or None: ASCII digits with one point between them, at most 18 a side, no needless zero in front."""
    whole, point, rest = text.removeprefix("-").partition(".")
    if not whole or len(whole) > 18 or (len(whole) > 1 and whole[0] == "0"):
        return None
    if bool(point) != bool(rest) or len(rest) > 18 or any(c not in "0123456789" for c in whole + rest):
        return None
    return Decimal(text)


def strict_time(text: str) -> int | None:
    """Nanoseconds of ISO text, or None; the fraction is read apart, for datetime knows only microseconds."""
    head, rest = text[:19], text[19:]
    fraction = ""
    if rest.startswith("."):
        fraction = rest[1:].rstrip("Z").split("+")[0].split("-")[0]
        rest = rest[1 + len(fraction) :]
    if len(fraction) > 9 or any(c not in "0123456789" for c in fraction) or not head.isascii():
        return None
    try:
        zone = "+00:00" if rest in ("", "Z") else rest
        moment = datetime.fromisoformat(head + zone)
    except ValueError:
        return None
    seconds = (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(seconds=1)
    return seconds * 10**9 + int(fraction.ljust(9, "0"))


def disagreement(message: Any, raw: bytes) -> str:
    """Where the message says something else than the JSON it was read from, or nothing."""
    if isinstance(message, Other):
        return "" if message.raw == raw and message.type not in KINDS else "a frame that was changed or is known"
    try:
        found = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        return f"json says {error}"
    return _differs(message, found, "")


def _differs(value: Any, found: Any, name: str) -> str:
    where = f"{name}: {value!r} of {found!r}"
    match value:
        case msgspec.Struct():
            if not isinstance(found, dict):
                return where
            for field in msgspec.structs.fields(value):
                told = getattr(value, field.name)
                if field.encode_name not in found and told != field.default:
                    return f"{name}.{field.encode_name}: {told!r} from nowhere"
                if (
                    field.encode_name in found
                    and field.name != "raw"
                    and (trouble := _differs(told, found[field.encode_name], field.encode_name))
                ):
                    return trouble
            return ""
        case tuple():
            if not isinstance(found, list) or len(found) != len(value):
                return where
            return next((trouble for a, b in zip(value, found, strict=True) if (trouble := _differs(a, b, name))), "")
        case Moment():
            told_time = strict_time(found) if isinstance(found, str) else found * 10**6 if type(found) is int else None
            return "" if value == told_time and 946684800 * 10**9 <= value < 4102444800 * 10**9 else where
        case Second():
            return "" if type(found) is int and value == found * 10**9 else where
        case Places():
            return "" if str(found) == str(int(value)) and 0 <= value <= 18 else where
        case msgspec.Raw():
            return ""
        case str():
            return "" if value == found and _is_sane(value, name) else where
        case _:
            return "" if type(value) is type(found) and value == found else where


def _is_sane(text: str, name: str) -> bool:
    if name not in NUMBERS:
        return True
    number = strict_number(text)
    if number is None or (number < 0 and name not in SIGNED):
        return False
    return number > 0 or name not in POSITIVE


def absurd(bodies: tuple[Body, ...]) -> str:
    """The first number of a body that no market has, or nothing."""
    for body in bodies:
        for number in _floats(msgspec.structs.astuple(body)):
            if not math.isfinite(number):
                return f"{number} in {body}"
    return ""


def _floats(found: Any) -> list[float]:
    if isinstance(found, float):
        return [found]
    return [number for part in found for number in _floats(part)] if isinstance(found, tuple) else []
