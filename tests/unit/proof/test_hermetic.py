"""What parts reach for is seen, each with its line, and honest parts are left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.proof.findings import Outcome
from helios_engine.proof.hermetic.layer import guard
from tests.unit.proof import early, leaky
from tests.unit.proof.early import Early
from tests.unit.proof.trying import PARQUET, case, is_in

LEAKS = {
    leaky.Clock: "time.time",
    leaky.Now: "datetime.now",
    leaky.Today: "datetime.today",
    leaky.PandasNow: "wall clock",
    leaky.Environment: "environment",
    leaky.Getenv: "environment",
    leaky.HiddenRandom: "hidden generator",
    leaky.Unseeded: "without a seed",
    leaky.NumpyGlobal: "numpy.random.rand",
    leaky.NumpyShared: "numpy's global generator",
    leaky.NumpyUnseeded: "operating system's randomness",
    leaky.Urandom: "operating system's randomness",
    leaky.Uuid: "operating system's randomness",
    leaky.Opens: "/etc/hostname",
    leaky.Lists: "does not declare (/)",
    leaky.Stats: "os.stat",
    leaky.Writes: "writes or changes a file",
    leaky.Store: "reads the catalog",
    leaky.StoreInC: "reads the catalog",
    leaky.StoreDeep: "through C code",
    leaky.StoreDuck: "through C code",
    leaky.StorePolars: "reads the catalog",
    leaky.Network: "opens a socket",
    leaky.Socket: "opens a socket",
    leaky.Process: "starts a program",
    leaky.Thread: "starts a thread",
    leaky.Objects: "all objects",
    leaky.Frames: "sys._getframe",
    leaky.Inspect: "sys._getframe",
    leaky.Traceback: "tb_frame",
    leaky.Library: "ctypes",
    leaky.Patches: "changed helios_engine.pipeline.Pipeline.push",
}
HONEST = (
    leaky.Clean,
    leaky.Seeded,
    leaky.Logging,
    leaky.Imports,
    leaky.Artefact,
    leaky.Calendar,
    leaky.Frame,
)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run with every leak and every honest part in it, and two effects."""
    folder = tmp_path_factory.mktemp("hermetic")
    (folder / "weights.txt").write_text("1.0 2.0\n")
    file = {"file": str(PARQUET)}
    settings = {kind.__name__: file for kind in LEAKS if kind.__name__.startswith("Store") and kind is not leaky.Store}
    settings["Artefact"] = {"weights": str(folder / "weights.txt")}
    tried = case(folder, [*LEAKS, *HONEST, leaky.Asking], [leaky.Outside], settings)
    (found,) = guard(tried)
    return found


@pytest.mark.parametrize(("kind", "words"), LEAKS.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_a_reach_for_the_outside_is_found_with_its_line(outcome: Outcome, kind: type, words: str) -> None:
    mine = [f for f in outcome.findings if f.part.name == f"leaky.{kind.__name__.lower()}"]

    assert any(words in f.what and is_in(f.where, kind) for f in mine), [(f.what, f.where) for f in mine]
    assert all(f.remedy and f.part.plugin and not f.is_note for f in mine)


@pytest.mark.parametrize("kind", HONEST, ids=lambda kind: kind.__name__)
def test_an_honest_part_is_left_in_peace(outcome: Outcome, kind: type) -> None:
    name = f"leaky.{kind.__name__.lower()}"

    assert [f for f in outcome.findings if f.part.name == name and not f.is_note] == []
    assert name not in outcome.not_provable


def test_effects_may_work_outside_and_it_is_told(outcome: Outcome) -> None:
    mine = [f for f in outcome.findings if f.part.name == "leaky.outside"]

    assert all(f.is_note for f in mine)
    assert {"reads a clock (time.time)", "reads the environment (os.environ)"} <= {
        f.what.removeprefix("it ").partition(",")[0] for f in mine
    }


def test_a_declared_artefact_is_listed_with_its_digest(outcome: Outcome) -> None:
    (told,) = [f for f in outcome.findings if f.part.name == "leaky.artefact"]

    assert told.is_note
    assert "weights.txt (sha256 6b83d4b213cd)" in told.what
    assert outcome.coverage["declared artefacts"] == 1


def test_an_effect_that_reads_the_catalog_is_a_finding(tmp_path: Path) -> None:
    (found,) = guard(case(tmp_path, [leaky.Asking], [leaky.Peeking]))

    (told,) = [f for f in found.findings if "reads the catalog" in f.what]
    assert not told.is_note
    assert is_in(told.where, leaky.Peeking)


def test_a_silent_part_is_not_judged(tmp_path: Path) -> None:
    (found,) = guard(case(tmp_path, [leaky.Clean, leaky.Silent]))

    assert found.not_provable == {"leaky.silent": "it did not speak under guard"}


def test_parts_that_no_fresh_process_can_import_are_not_judged(tmp_path: Path) -> None:
    class Local(leaky.Clean):
        """Nowhere to be found."""

    (found,) = guard(case(tmp_path, [Local]))

    assert "cannot be imported by a fresh process" in found.not_provable["leaky.local"]


def test_a_module_that_reads_the_clock_when_it_is_imported_is_found(tmp_path: Path) -> None:
    (found,) = guard(case(tmp_path, [Early]))

    (told,) = found.findings
    assert "reads a clock (time.time) when its module was imported" in told.what
    assert told.where.startswith(str(Path(early.__file__)))
