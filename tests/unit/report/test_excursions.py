from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from helios_engine.bodies import Instrument
from helios_engine.report.excursions import with_excursions
from helios_engine.report.round_trips import round_trips
from helios_engine.report.valuation import Valuation
from tests.unit.report.test_round_trips import fills, prices

BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, Decimal(1), Decimal("0.001"))
MARKS = prices([(1, "BTCZAR.VALR", 50.0), (2, "BTCZAR.VALR", 90.0), (3, "BTCZAR.VALR", 125.0), (9, "BTCZAR.VALR", 1.0)])


@pytest.mark.parametrize(
    ("sides", "mae", "mfe"), [(("BUY", "SELL"), -0.10, 0.25), (("SELL", "BUY"), -0.25, 0.10)], ids=["long", "short"]
)
def test_excursions_are_the_worst_and_best_marks_between_entry_and_exit(
    sides: tuple[str, str], mae: float, mfe: float
) -> None:
    # Entered at 2 and left at 4, at 100 and 110; the marks of 1 and 9 lie outside.
    found = fills([(sides[0], 2, 100, 0, "ZAR"), (sides[1], 2, 110, 0, "ZAR")])
    found.index = pd.DatetimeIndex([2, 4], tz="UTC", name="ts")
    trips, _ = round_trips(found, Valuation("ZAR", [BTC], {}, MARKS), 100)

    (trip,) = with_excursions(trips, MARKS)

    assert (trip.mae, trip.mfe) == (pytest.approx(mae), pytest.approx(mfe))


def test_the_exit_counts_where_no_mark_lies_between() -> None:
    trips, _ = round_trips(
        fills([("BUY", 1, 100, 0, "ZAR"), ("SELL", 1, 80, 0, "ZAR")]), Valuation("ZAR", [BTC], {}, prices([])), 100
    )

    (trip,) = with_excursions(trips, prices([]))

    assert (trip.mae, trip.mfe) == (pytest.approx(-0.2), 0.0)
