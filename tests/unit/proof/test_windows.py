"""Where cuts are made, and on which part of the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helios_engine.config import parse_config
from helios_engine.plugins import Plugins
from helios_engine.proof.case import Case
from helios_engine.proof.cuts.futures import KINDS, Future
from helios_engine.proof.cuts.moments import choose
from helios_engine.proof.cuts.trials import Trial
from helios_engine.proof.cuts.windows import Window, confirmations, suspicion, windows
from helios_engine.proof.rehearsals.rehearsal import Span
from tests.market import CONFIG

HOUR = 3_600_000_000_000
INPUTS = np.arange(1, 1001, dtype=np.int64) * HOUR
SPAN = Span(HOUR, 1000 * HOUR + 1)
SAID = {"feed": [HOUR, 2 * HOUR], "stage": [40 * HOUR], "late": [900 * HOUR], "silent": []}


def planned(tmp_path: Path, cuts: int, seed: int) -> tuple[Trial, list[Window]]:
    case = Case(parse_config(CONFIG, tmp_path / "run.toml"), Plugins(), tmp_path, seed, cuts)
    whole = Trial(SPAN, tmp_path / "run.script", Future(HOUR, "remove", seed), HOUR, frozenset())
    random = np.random.default_rng(seed)
    moments = choose({"decision": [300 * HOUR, 500 * HOUR], "bar 1h": INPUTS.tolist()}, INPUTS, cuts, random)
    return whole, list(windows(case, SPAN, whole, moments, SAID, INPUTS))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cuts", [3, 12, 64])
def test_every_cut_lies_in_its_window_and_is_compared_up_to_itself(tmp_path: Path, cuts: int, seed: int) -> None:
    _, found = planned(tmp_path, cuts, seed)

    for window in found:
        for trial in window.trials + window.feeds:
            assert trial.span == window.span
            assert trial.until == trial.future.cut
            assert window.span.begin <= trial.future.cut <= window.span.stop + HOUR
            assert SPAN.begin <= window.span.begin < window.span.stop <= SPAN.stop
            assert trial.future.kind in KINDS


def test_the_first_words_of_early_parts_are_cut_at(tmp_path: Path) -> None:
    whole, found = planned(tmp_path, 12, 0)

    assert [trial.future.cut for trial in found[0].trials[:2]] == [HOUR, 40 * HOUR]
    assert all(trial.script == whole.script for trial in found[0].trials)


def test_windows_other_than_the_whole_have_scripts_of_their_own(tmp_path: Path) -> None:
    whole, found = planned(tmp_path, 64, 0)

    scripts = [window.trials[0].script for window in found if window.span != SPAN]
    assert len(scripts) == len(set(scripts))
    assert whole.script not in scripts


def test_the_same_seed_plans_the_same(tmp_path: Path) -> None:
    assert planned(tmp_path, 30, 7) == planned(tmp_path, 30, 7)
    assert planned(tmp_path, 30, 7) != planned(tmp_path, 30, 8)


def test_a_suspicion_changes_every_row_and_compares_the_whole_run(tmp_path: Path) -> None:
    whole, _ = planned(tmp_path, 3, 0)

    found = suspicion(whole, 0)

    assert found.future.cut < SPAN.begin
    assert found.future.until > SPAN.stop
    assert found.until > SPAN.stop


def test_suspicions_are_confirmed_right_where_they_arose(tmp_path: Path) -> None:
    whole, _ = planned(tmp_path, 3, 0)
    times = [n * HOUR for n in range(5, 400, 5)]

    found = confirmations(whole, times, 0)

    assert {t.future.cut for t in found} <= set(times)
    assert {times[0], times[1]} <= {t.future.cut for t in found}
    assert all(t.until == t.future.cut for t in found)
