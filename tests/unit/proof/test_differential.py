"""What a part's words depend on is found and named; honest parts say the same in every process."""

from __future__ import annotations

import pytest

from helios_engine.proof.differential.layer import vary
from helios_engine.proof.findings import Outcome
from tests.unit.proof import fickle, leaky
from tests.unit.proof.trying import case, is_in

SECOND = "an earlier run in the same process"
NOTHING = "nothing that the prover changes"
LEAKS = {
    fickle.Year: "wall clock",
    fickle.PandasYear: "wall clock",
    fickle.LocalHour: "time zone",
    fickle.Locale: "locale",
    fickle.Variable: "environment",
    fickle.Folder: "working directory",
    fickle.Home: "home directory",
    fickle.Temporary: "temporary directory",
    fickle.Hash: "hash seed",
    fickle.SetOrder: "hash seed",
    fickle.HiddenNumpy: "global random seeds",
    fickle.Processors: "threads",
    fickle.Unseeded: NOTHING,
    fickle.Ticking: NOTHING,
    fickle.Module: SECOND,
    fickle.OnClass: SECOND,
}
HONEST = (leaky.Clean, leaky.Asking, fickle.Memoised, fickle.Sorted, fickle.Drawn, fickle.Dated)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One trial of a run with every part in it."""
    folder = tmp_path_factory.mktemp("differential")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MY_SIGNAL", "3")
        (found,) = vary(case(folder, [*LEAKS, *HONEST], [fickle.Model]))
    return found


@pytest.mark.parametrize(("kind", "cause"), LEAKS.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_what_a_part_depends_on_is_named(outcome: Outcome, kind: type, cause: str) -> None:
    (found,) = [f for f in outcome.findings if f.part.name == f"leaky.{kind.__name__.lower()}"]

    assert f"it depends on {cause}" in found.what
    assert found.column == "Signal.value"
    assert found.first > 0
    assert is_in(found.where, leaky.Clean)
    assert found.remedy


@pytest.mark.parametrize("kind", HONEST, ids=lambda kind: kind.__name__)
def test_honest_parts_say_the_same_in_every_process(outcome: Outcome, kind: type) -> None:
    assert [f for f in outcome.findings if f.part.name == f"leaky.{kind.__name__.lower()}"] == []


def test_an_effect_is_judged_and_a_silent_venue_is_not(outcome: Outcome) -> None:
    (found,) = [f for f in outcome.findings if f.part.kind == "effect"]

    assert "it depends on wall clock" in found.what
    assert found.column == "Prediction.value"
    assert "did not speak" in outcome.not_provable["venue"]
    assert outcome.coverage["fresh processes"] > 4
