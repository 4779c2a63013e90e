"""Numbers read as a person would write them."""

from __future__ import annotations

import pytest

from helios_engine.report import wording
from helios_engine.timeframe import DAY, UNITS


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (1_500_000, "0.002s"),
        (40 * UNITS["s"], "40s"),
        (90 * UNITS["m"], "1h 30m"),
        (3 * DAY + 5 * UNITS["s"], "3d"),
        (400 * DAY + 4 * UNITS["h"] + 1, "400d 4h"),
    ],
)
def test_a_duration_has_its_two_largest_units(value: int | None, text: str) -> None:
    assert wording.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0"), (0.00000001, "0.00000001"), (814482.333333333, "814,482.3333"), (1200.0, "1,200")],
)
def test_a_quantity_has_ten_digits_and_no_trailing_zeros(value: float | None, text: str) -> None:
    assert wording.quantity(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.1234, "+12.34%"), (-0.5, "-50.00%")])
def test_a_percentage_has_two_digits(value: float | None, text: str) -> None:
    assert wording.percent(value, signed=True) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234.50 ZAR"), (0.0, "0.00 ZAR"), (0.00012, "0.00012 ZAR"), (None, "–")]
)
def test_money_has_its_currency(value: float | None, text: str) -> None:
    assert wording.money(value, "ZAR") == text
