"""The lines of a raw capture: when each was received, what it is, and its JSON with every digit kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from helios_engine.catalog.importers.contract import Source
from helios_engine.errors import DataError

S, MS, US, NS = 9, 6, 3, 0
"""How many digits each unit of time is short of nanoseconds."""
_EARLIEST, _LATEST = 31_536_000 * 10**9, 4_102_444_800 * 10**9
_STAMP = r"(\d{8,10}(?:\.\d{1,9})?)"
_RECEIVED = re.compile(_STAMP + r": (.+)", re.S)
_WIRE = re.compile(r"(\S+) (<->|<-|->) " + _STAMP + r"(?:: (.*))?", re.S)
_MARK = re.compile(rb"(?:wss?|https?)://\S+ (?:<->|<-|->) \d{8,10}(?:\.\d+)?(?::|\r?\n|$)")
_NAME = re.compile(r"([A-Z][A-Z_]*[A-Z])\.(?:(ws|http)\.)?\d+(?:\.\d+)*")
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)")


class Name(NamedTuple):
    """What a file's name says: the venue, and `ws`, `http` or, for the answers at the start, an empty string."""

    venue: str
    role: str


class Line(NamedTuple):
    """A line: `received` (ns as written), `url` and `text`; what was received on a stream has no url.

    `kind` is `<-` (sent), `->` (answered), `<->` (a connection was opened) or empty (received).
    """

    place: str
    kind: str
    received: int
    url: str
    text: str


def named(source: Source) -> Name | None:
    """The venue and role in a file's name, if it is one of a capture's."""
    found = _NAME.fullmatch(Path(source.member or source.path.name).name.removesuffix(".gz"))
    return Name(found[1], found[2] or "") if found else None


def is_capture(head: bytes) -> bool:
    """Whether a file begins as captures do: an address, an arrow, a time."""
    return _MARK.match(head) is not None


def lines(source: Source) -> Iterator[Line]:
    """The lines with a time, in order; DataError for one of no known form."""
    for number, text in source.lines():
        if not text or text.startswith("configuration: "):
            continue
        place = f"{source.name}:{number}"
        if found := _RECEIVED.fullmatch(text):
            yield Line(place, "", _bounded(moment(found[1], S), place), "", found[2])
        elif found := _WIRE.fullmatch(text):
            yield Line(place, found[2], _bounded(moment(found[3], S), place), found[1], found[4] or "")
        else:
            raise DataError(
                f"{place}: the line is {text[:60]!r}, expected `<epoch s>: <JSON>` or `<url> <- <epoch s>`; "
                "is the file cut or edited?"
            )


def decoded(text: str, place: str) -> Any:
    """JSON whose numbers stay text, so that no digit is lost; DataError for what is no JSON."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not readable JSON: {error}; is the file cut?") from None


def moment(text: str, unit: int) -> int:
    """A written number of `S`, `MS`, `US` or `NS` since 1970 as ns, exactly; ValueError if it is none."""
    whole, _, fraction = text.partition(".")
    if not text.isascii() or not whole.isdigit() or not (fraction.isdigit() or not fraction) or len(fraction) > unit:
        raise ValueError(f"the time is {text!r}, expected a plain number")
    return int(whole + fraction.ljust(unit, "0"))


def iso_moment(text: str) -> int:
    """ISO 8601 in UTC as ns, exactly; ValueError if it is something else."""
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(f"the time is {text!r}, expected ISO 8601 that ends with Z")
    seconds = int(datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp())
    return seconds * 10**9 + int((found[2] or "").ljust(9, "0"))


def _bounded(ts: int, place: str) -> int:
    check_time(ts, place)
    return ts


def check_time(ts: int, place: str) -> None:
    """DataError unless a time lies between 1971 and 2100: anything else was in another unit."""
    if not _EARLIEST <= ts <= _LATEST:
        raise DataError(
            f"{place}: the time {ts} ns since 1970 is not between 1971 and 2100; another unit than expected?"
        )


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
