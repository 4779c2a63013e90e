"""Thinned series are short and keep every extreme of their bins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.report.charts import POINTS, equity_series, price_series, thin
from helios_engine.report.frames import Frames
from tests.unit.report.run_folders import write_run


@pytest.mark.parametrize("size", [0, 1, 2, 3_999, 4_000, 4_001, 8_123, 525_600])
def test_a_thinned_series_has_at_most_four_thousand_points(size: int) -> None:
    values = np.random.default_rng(0).normal(size=size)

    assert len(thin(values)) == min(size, len(thin(values))) <= POINTS


@given(st.integers(5_000, 20_000), st.integers(0, 100))
def test_a_thinned_series_keeps_its_ends_and_its_extremes_in_order(size: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=size).cumsum()

    kept = thin(values)

    assert (np.diff(kept) > 0).all()
    assert {0, size - 1, int(values.argmin()), int(values.argmax())} <= set(kept.tolist())


def test_a_spike_of_one_point_survives() -> None:
    values = np.zeros(100_000)
    values[51_234] = -1.0

    assert values[thin(values)].min() == -1.0


def test_gross_equity_is_net_with_the_fees_paid_so_far(tmp_path: Path) -> None:
    write_run(tmp_path, days=60)
    frames = Frames(tmp_path)

    found = equity_series(frames.equity, frames.legs)

    assert found["gross"]["y"][-1] - found["net"]["y"][-1] == pytest.approx(frames.fills["fee"].sum())
    assert found["gross"]["y"][0] == found["net"]["y"][0]


def test_a_fee_without_a_price_leaves_no_gross_line(tmp_path: Path) -> None:
    write_run(tmp_path, days=60)
    frames = Frames(tmp_path)

    assert "gross" not in equity_series(frames.equity, frames.legs.assign(fee=np.nan))


def test_every_fill_is_a_mark_of_its_instrument(tmp_path: Path) -> None:
    write_run(tmp_path, days=60)
    frames = Frames(tmp_path)

    found = price_series(frames.prices, frames.legs)

    marks = sum(len(part["buys"]["x"]) + len(part["sells"]["x"]) for part in found.values())
    assert (set(found), marks) == ({"BTCZAR.VALR", "ETHZAR.VALR"}, len(frames.fills))
