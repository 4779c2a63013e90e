"""Requests, labels and the linear model, against closed forms."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest

from helios_engine import state
from helios_engine.bodies import Bar, Features, Label, Prediction, PredictRequest
from helios_engine.errors import DataError
from helios_engine.events import Body
from helios_features.basic import Basic
from helios_ml.least_squares import LeastSquares
from helios_ml.online_linear import OnlineLinear
from helios_ml.predictor import Predictor
from helios_ml.standardiser import Standardiser
from tests.unit.plugins.feeding import NAME, bar, bars, features, turn, walk


def request(number: int, *values: float | None, series: str = f"{NAME}:1m", schema: str = "basic/1") -> PredictRequest:
    row = features(*values)
    return PredictRequest(f"{series}:{number}", "ml.online_linear", NAME, schema, row.values, row.mask)


def test_recursive_least_squares_is_ridge_regression() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(60, 4)), draw.normal(size=60)
    model = LeastSquares(4, ridge=0.7, memory=1.0)
    for row, target in zip(x.tolist(), y.tolist(), strict=True):
        model.learn(row, target)

    expected = np.linalg.solve(x.T @ x + 0.7 * np.eye(4), x.T @ y)

    assert model.weights == pytest.approx(expected.tolist(), rel=1e-9)


def test_forgetting_weighs_old_observations_less() -> None:
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(60, 3)), draw.normal(size=60)
    model = LeastSquares(3, ridge=0.5, memory=0.9)
    for row, target in zip(x.tolist(), y.tolist(), strict=True):
        model.learn(row, target)

    ages = 0.9 ** np.arange(59, -1, -1)
    expected = np.linalg.solve((x.T * ages) @ x + 0.9**60 * 0.5 * np.eye(3), (x.T * ages) @ y)

    assert model.weights == pytest.approx(expected.tolist(), rel=1e-8)


def test_weights_that_leave_the_floats_start_over() -> None:
    model = LeastSquares(2, ridge=1.0, memory=0.5)
    for _ in range(3000):
        model.learn([1.0, 0.0], 1.0)

    assert all(map(math.isfinite, model.weights))


def test_a_row_is_scaled_by_the_rows_before_it_alone() -> None:
    draw = random.Random(4)
    rows = [[draw.gauss(50.0, 9.0), draw.gauss(0.0, 0.001)] for _ in range(40)]
    scaler = Standardiser(2)

    found = [scaler.scale(row) for row in rows]

    for n in (5, 20, 39):
        for column in (0, 1):
            past = [row[column] for row in rows[:n]]
            z = (rows[n][column] - statistics.fmean(past)) / statistics.stdev(past)
            assert found[n][column] == pytest.approx(max(-5.0, min(5.0, z)), rel=1e-9)


def test_a_value_that_is_not_there_is_the_mean_and_teaches_nothing() -> None:
    with_gap, without = Standardiser(1), Standardiser(1)
    for x in (1.0, 2.0, 4.0):
        with_gap.scale([x])
        without.scale([x])

    assert with_gap.scale([math.nan]) == [0.0]
    assert with_gap.scale([3.0]) == without.scale([3.0])


def test_the_model_predicts_before_it_learns_and_then_by_ridge_of_the_past() -> None:
    draw = random.Random(6)
    model, scaler = OnlineLinear(ridge=2.0, limit=9.0), Standardiser(2)
    rows: list[list[float]] = []
    labels: list[float] = []
    for number in range(50):
        values = (draw.gauss(50.0, 9.0), draw.gauss(0.0, 0.001))
        x = [*scaler.scale(values), 1.0]
        past = np.array(rows).reshape(-1, 3)
        weights = np.linalg.solve(past.T @ past + 2.0 * np.eye(3), past.T @ np.array(labels))

        answer = model.answer(request(number, *values))

        assert isinstance(answer, Prediction)
        assert answer.value == pytest.approx(float(weights @ x), rel=1e-8, abs=1e-12)
        rows.append(x)
        labels.append(draw.gauss(0.0, 1.0))
        assert model.answer(Label(f"{NAME}:1m:{number}", NAME, labels[-1])) is None


def test_a_prediction_stays_within_the_limit() -> None:
    model = OnlineLinear(limit=0.1)
    for number in range(20):
        model.answer(request(number, float(number)))
        model.answer(Label(f"{NAME}:1m:{number}", NAME, 5.0))

    answer = model.answer(request(20, 20.0))

    assert answer is not None and answer.value == 0.1


def test_series_learn_apart() -> None:
    model = OnlineLinear()
    for number in range(10):
        model.answer(request(number, float(number)))
        model.answer(Label(f"{NAME}:1m:{number}", NAME, 0.05))

    other = model.answer(request(1, 5.0, series=f"{NAME}:5m"))

    assert other is not None and other.value == 0.0


def test_a_series_that_changes_its_schema_is_an_error() -> None:
    model = OnlineLinear()
    model.answer(request(1, 1.0))

    with pytest.raises(DataError, match="expected features basic/1 as before"):
        model.answer(request(2, 1.0, 2.0, schema="other/1"))


def test_a_label_nobody_asked_for_teaches_nothing() -> None:
    model = OnlineLinear()

    assert model.answer(Label("never:asked:1", NAME, 0.5)) is None
    assert model.models == {}


def drive(stage: Predictor, given: list[Bar]) -> list[Body]:
    """Each bar, then a complete row of features of it."""
    found: list[Body] = []
    for one in given:
        found += turn(stage, one) + turn(stage, features(one.close), one.ts_close)
    return found


def test_a_label_is_the_return_over_the_horizon_and_comes_before_the_next_request() -> None:
    found = drive(Predictor(horizon=2), bars(100.0, 110.0, 121.0, 100.0))

    told = [(type(b).__name__, b.request_id if isinstance(b, Label) else getattr(b, "id", "")) for b in found]
    assert told == [
        ("PredictRequest", f"{NAME}:1m:1"),
        ("PredictRequest", f"{NAME}:1m:2"),
        ("Label", f"{NAME}:1m:1"),
        ("PredictRequest", f"{NAME}:1m:3"),
        ("Label", f"{NAME}:1m:2"),
        ("PredictRequest", f"{NAME}:1m:4"),
    ]
    assert [b.value for b in found if isinstance(b, Label)] == pytest.approx([0.21, 100 / 110 - 1])


def test_masked_rows_and_other_schemas_are_not_asked_about() -> None:
    stage = Predictor()
    turn(stage, bar(100.0))

    assert turn(stage, features(1.0, None)) == []
    assert turn(stage, features(1.0, schema="other/1")) == []


def test_a_model_finds_a_rule_in_the_features_of_the_engine() -> None:
    # Closes that fall after a rise and rise after a fall: the last return predicts the next.
    draw = random.Random(8)
    given, close, sign = [], 1000.0, 1.0
    for number in range(300):
        sign = -sign
        close *= 1.0 + sign * draw.uniform(0.001, 0.01)
        given.append(bar(close, number))
    basic, stage, model = Basic(), Predictor(), OnlineLinear()
    guesses: dict[str, float] = {}
    right: list[bool] = []
    for one in given:
        rows = [row for row in turn(basic, one) if isinstance(row, Features)]
        for body in [*turn(stage, one), *(out for row in rows for out in turn(stage, row, one.ts_close))]:
            if isinstance(body, Label):
                right.append((guesses[body.request_id] > 0) == (body.value > 0))
            answer = model.answer(body)  # type: ignore[arg-type]
            if answer is not None:
                guesses[answer.request_id] = answer.value

    assert sum(right[50:]) / len(right[50:]) > 0.95


def test_predictor_saved_and_restored_in_the_middle_says_the_same() -> None:
    given = walk(40)
    first, second = Predictor(horizon=3), Predictor(horizon=3)
    expected = drive(Predictor(horizon=3), given)

    found = drive(first, given[:17])
    state.load(second, state.dump(first))

    assert found + drive(second, given[17:]) == expected
