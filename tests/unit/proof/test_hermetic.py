"""What parts reach for is seen, each with its line, and honest parts are left in peace."""

from __future__ import annotations

import pytest

from helios_engine.proof.findings import Outcome
from helios_engine.proof.hermetic import guard
from tests.unit.proof import leaky
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
