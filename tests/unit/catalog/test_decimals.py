from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.catalog.decimals import parse
from helios_engine.errors import DataError

numbers = st.decimals(min_value=0, max_value=10**7, places=8, allow_nan=False, allow_infinity=False)


def column(*texts: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(texts, pa.string())])


def where(row: int) -> str:
    return f"file.csv:{row + 1}"


@given(st.lists(numbers, min_size=1, max_size=20), st.integers(0, 8))
def test_every_number_is_kept_exactly(values: list[Decimal], places: int) -> None:
    texts = [f"{value:.{places}f}" for value in values]

    units, scale = parse(column(*texts), "price", where)

    assert [Decimal(unit).scaleb(-scale) for unit in units.tolist()] == [Decimal(text) for text in texts]


@given(st.integers(1, 2**53 // 10**4), st.integers(0, 4))
def test_the_float_of_a_stored_number_turns_back_into_it(units: int, scale: int) -> None:
    assert round(units / 10**scale * 10**scale) == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "inf",
        "-1",
        "+1",
        "1e5",
        "1e999999",
        "1_000",
        "1,5",
        " 1",
        "0x10",
        "1.2.3",
        ".5",
        "9" * 19,
        "1." + "0" * 19,
        None,
    ],
)
def test_what_is_not_plain_digits_is_refused_with_its_line(text: str | None) -> None:
    with pytest.raises(DataError, match=r"file.csv:2: price is .*expected plain digits"):
        parse(column("1.0", text), "price", where)


def test_a_number_too_large_for_a_float_of_its_own_is_refused() -> None:
    with pytest.raises(DataError, match="file.csv:1: price 90071992.5 .* too large to be kept exactly"):
        parse(column("90071992.5", "0.123456789"), "price", where)


def test_small_exponents_are_read_when_asked_for_and_hinted_at_when_not() -> None:
    assert parse(column("5.28E-06"), "price", where, allow_exponent=True)[0].tolist() == [528]
    with pytest.raises(DataError, match="add --allow-exponent"):
        parse(column("5.28E-06"), "price", where)
