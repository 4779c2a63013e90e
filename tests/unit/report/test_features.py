"""The features in a run's report: what the sample says, how large it may be, and what the page shows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Features, Schema
from helios_engine.errors import JournalError
from helios_engine.feature_ear import ROWS, Sample, Sampled
from helios_engine.report.features import FILE, POINTS, described, read_features, sparkline, write_features
from helios_engine.report.page import write_page
from tests.unit.report.run_folders import write_run

SCHEMA = Schema("three/1", ("step", "<b>gap</b>", "never"))


def sample(rows: int) -> tuple[Sample, list[Features]]:
    """A column that steps from 0 to 10 in the middle with noise, one that is masked every other row, one always."""
    noise = np.random.default_rng(1).normal(size=rows)
    bodies = []
    for n in range(rows):
        step = noise[n] + (10.0 if n >= rows // 2 else 0.0)
        bodies.append(Features.of("BTCZAR.VALR", SCHEMA, [step, None if n // 2 % 2 else float(n), None], "1m"))
    found = Sample()
    for n, body in enumerate(bodies):
        found.add(n + 1, body)
    return found, bodies


def whole(found: Sample) -> Sampled:
    assert found.last is not None
    about = ("features.three", "BTCZAR.VALR", "1m", SCHEMA.name, SCHEMA.columns)
    return Sampled(*about, found.count, found.every, found.rows, found.last[1])


@given(st.integers(1, 12_000))
def test_a_sample_is_every_so_many_rows_from_the_first_on_and_bounded(count: int) -> None:
    body = Features.of("A.B", Schema("one/1", ("x",)), [1.0])
    found = Sample()
    for n in range(count):
        found.add(n, body)

    assert [ts for ts, _ in found.rows] == list(range(0, count, found.every))
    assert min(count, ROWS) <= len(found.rows) < 2 * ROWS + 1
    assert found.count == count and found.last == (count - 1, body)


def test_a_short_set_is_described_exactly() -> None:
    found, bodies = sample(1001)
    told = described(whole(found))
    step, gap, never = told.columns
    values = np.array([body.array[0] for body in bodies])

    assert (told.rows, told.every, told.sampled) == (1001, 1, 1001)
    assert (step.masked, step.low, step.high) == (0.0, values.min(), values.max())
    assert step.median == np.median(values) and step.last == values[-1]
    assert len(step.spark) == POINTS
    first, second = values[:500], values[500:]
    freedom = len(values) - 2
    pooled = math.sqrt((first.var(ddof=1) * 499 + second.var(ddof=1) * 500) / freedom)
    assert step.drift == pytest.approx((second.mean() - first.mean()) / pooled, rel=1e-9)
    assert gap.masked == pytest.approx(500 / 1001)
    assert (never.masked, never.low, never.last, never.drift) == (1.0, None, None, None)
    assert set(never.spark) == {None} and sparkline(never) == ""


def test_a_long_set_says_how_it_was_sampled_and_keeps_the_last_row() -> None:
    found, bodies = sample(10_000)
    told = described(whole(found))

    assert (told.rows, told.every, told.sampled) == (10_000, 8, 1250)
    assert told.columns[0].last == bodies[-1].array[0]
    assert told.columns[0].drift == pytest.approx(10, rel=0.1)


def test_a_constant_column_has_no_drift_and_a_flat_line() -> None:
    found = Sample()
    for n in range(10):
        found.add(n, Features.of("A.B", Schema("one/1", ("x",)), [0.1]))
    assert found.last is not None
    column = described(Sampled("s", "A.B", "", "one/1", ("x",), 10, 1, found.rows, found.last[1])).columns[0]

    assert column.drift is None
    assert sparkline(column).startswith("M0.0 11.0L")


def test_the_page_has_the_section_only_when_there_were_features(tmp_path: Path) -> None:
    write_run(tmp_path, days=5)
    assert 'id="features"' not in write_page(tmp_path).read_text(encoding="utf-8")

    write_features(tmp_path, [whole(sample(10_000)[0])], left_out=7)
    text = write_page(tmp_path).read_text(encoding="utf-8")

    assert 'id="features"' in text
    assert "one row in 8: 1,250 of 10,000" in text
    assert "7 rows of further sets are not shown" in text
    assert "&lt;b&gt;gap&lt;/b&gt;" in text and "<b>gap</b>" not in text
    assert text.count('<svg class="spark"') == 2


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(JournalError, match=r"features\.json: cannot be read"):
        read_features(tmp_path)


def test_nothing_is_written_for_a_run_without_features(tmp_path: Path) -> None:
    write_features(tmp_path, [], 0)
    assert not (tmp_path / FILE).exists()
    assert read_features(tmp_path) is None
