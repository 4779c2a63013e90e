"""The grammar of numbers and times, against a second opinion and against what Python's own parsers let through."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_valr.fields import Amount, Positive, Signed, decimal, exact, hook, nearest
from helios_valr.moments import Moment, of_iso, of_milliseconds, of_seconds
from tests.unit.valr.oracle import strict_number, strict_time

REFUSED = (
    "NaN", "Infinity", "-Infinity", "inf", "1e5", "1E-5", "1_000", "١٢٣", "１２", "²", "+1", "00", "007", "1.", ".5",
    "1.2.3", "1,5", " 1", "1 ", "1\n", "", "-", "--1", "0x10", "9" * 19, "0." + "1" * 19, "1e2000000",
)  # fmt: skip


def _read(kind: object, text: str) -> str | None:
    try:
        found: str = msgspec.json.decode(msgspec.json.encode(text), type=kind, dec_hook=hook)  # type: ignore[call-overload]
    except msgspec.ValidationError:
        return None
    return found


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_plain_number_is_refused_before_decimal_and_float_see_it(text: str) -> None:
    assert _read(Signed, text) is None
    for read in (decimal, nearest, exact):
        with pytest.raises(ValueError, match="expected plain digits"):
            read(text)


@given(st.one_of(st.text(alphabet="0123456789.-+eE_ N١", max_size=24), st.decimals(places=8).map(str)))
def test_every_text_is_a_number_here_exactly_when_a_second_parser_says_so(text: str) -> None:
    number = strict_number(text)

    assert (_read(Signed, text) is None) == (number is None)
    assert (_read(Amount, text) is None) == (number is None or text.startswith("-"))
    assert (_read(Positive, text) is None) == (number is None or text.startswith("-") or number == 0)


@pytest.mark.parametrize("raw", [b"1", b"1.5", b"1e5", b"null", b"true", b"[]", b"{}"])
def test_a_json_number_where_text_is_sent_is_refused_for_its_digits_would_pass_a_float(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=Amount)


@given(st.integers(0, 10**18 - 1), st.integers(0, 18))
def test_a_float_that_is_taken_as_exact_gives_its_decimal_back(units: int, scale: int) -> None:
    text = f"{Decimal(units).scaleb(-scale):f}"
    try:
        found = exact(text)
    except ValueError:
        assert len(str(units).strip("0")) > 15
        return

    assert Decimal(repr(found)) == Decimal(text)
    assert found == nearest(text)


@given(
    st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 12, 30)),
    st.text(alphabet="0123456789", max_size=9),
    st.sampled_from(["", "Z", "+02:00", "-0930", "+00:00"]),
)
def test_times_with_any_fraction_and_zone_are_read_to_the_nanosecond(
    moment: datetime, fraction: str, zone: str
) -> None:
    text = str(moment)[:19].replace(" ", "T") + ("." + fraction if fraction else "") + zone

    assert of_iso(text) == strict_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30T00:00:00Z", "2024-03-27T25:00:00Z", "2024-03-27T12:33:60Z", "2024-03-27 12:33:19Z",
        "2024-03-27T12:33:19.1234567890Z", "2024-03-27T12:33:19+99:99", "２024-03-27T12:33:19Z", "1700000000", "",
        "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2024-03-27T12:33:19z", "2024-03-27T12:33:19Z\n",
    ],
)  # fmt: skip
def test_what_is_no_time_of_this_century_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        of_iso(text)


def test_seconds_where_milliseconds_are_sent_are_refused_and_so_are_huge_numbers() -> None:
    assert of_milliseconds(1_700_000_000_000) == of_seconds(1_700_000_000)
    for count in (1_700_000_000, 0, -1, 10**400):
        with pytest.raises(ValueError, match="expected a time from 2000"):
            of_milliseconds(count)


def test_a_time_is_iso_text_or_whole_milliseconds_and_never_a_float() -> None:
    read = msgspec.json.Decoder(Moment, dec_hook=hook).decode

    assert read(b'"2023-11-14T22:13:20"') == read(b"1700000000000") == 1_700_000_000_000_000_000
    for raw in (b"1700000000000.0", b"1.7e12", b"true", b"null", b'"1700000000000"'):
        with pytest.raises(msgspec.ValidationError):
            read(raw)
