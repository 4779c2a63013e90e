"""Models, tables and cassettes: what they have seen, and that no run uses one inside its own past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.artefact_gate import check_artefacts
from helios_engine.artefacts import Artefact, Provenance, digest, sidecar, stamp
from helios_engine.bodies import Bar, Signal
from helios_engine.build import Plan, build
from helios_engine.codec import Codec
from helios_engine.config import parse_config
from helios_engine.errors import ConfigError, ContaminatedError, DataError
from helios_engine.events import Event
from helios_engine.journal import JournalReader
from helios_engine.plugins import Plugins
from helios_engine.proof.prover import prove
from helios_engine.replay import replay
from helios_engine.runner import backtest
from helios_engine.stage import StageSpec
from helios_engine.timeframe import DAY, iso, parse_time
from tests import stages
from tests.unit.test_cli import EMA, ROOT, helios

DAY_1 = parse_time("2026-01-08")


class Weighted:
    """A signal as large as the number in a model file."""

    consumes = Bar
    writes = ("log",)

    def __init__(self, model: Path, more: tuple[Path, ...] = (), log: Path | None = None) -> None:
        self.weight = float(model.read_text())
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        before, self.last = self.last, event.body.close
        yield Signal(event.body.instrument, self.weight if event.body.close > before else -self.weight)


def plan(folder: Path, settings: str = "", start: str = "2026-01-08") -> Plan:
    """The sample's hourly bars with a model of 0.5 in `model.txt`."""
    (folder / "model.txt").write_text("0.5")
    text = EMA.replace("../data_catalog/sample", str(ROOT / "data_catalog/sample")).replace(
        "strategy.cross", "test.weighted"
    )
    lines = [line for line in text.splitlines() if line.split(" ")[0] not in ("kind", "fast", "slow", "start")]
    text = "\n".join(lines).replace('"test.weighted"', f'"test.weighted"\nmodel = "model.txt"\n{settings}')
    text = text.replace("[run]", f'[run]\nstart = "{start}"')
    plugins = Plugins()
    plugins.register(stages.plugin(StageSpec("test.weighted", Weighted)), "test")
    return build(parse_config(text, folder / "run.toml"), plugins)


def seen(through: str, horizon: str = "0s", embargo: str = "0s", cutoff: str = "") -> Provenance:
    begin = "2020-01-01" if through else ""
    return Provenance(
        sha256="",
        trained_from=begin,
        trained_through=through,
        label_horizon=horizon,
        embargo=embargo,
        knowledge_cutoff=cutoff,
    )


@given(st.integers(0, 10**12), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_run_may_start_after_training_horizon_and_embargo_and_the_cutoff(through: int, h: int, e: int) -> None:
    p = msgspec.structs.replace(seen(iso(through * 10**6), f"{h}s", f"{e}s"), sha256="0" * 64)

    assert p.usable_from == through * 10**6 + (h + e) * 10**9
    later = msgspec.structs.replace(p, knowledge_cutoff=iso(p.usable_from + 5_000))
    assert later.usable_from == p.usable_from + 5_000


def test_a_bare_day_is_meant_to_its_end() -> None:
    assert seen("2026-01-07").usable_from == DAY_1
    assert seen("2026-01-07T00:00:00Z").usable_from == DAY_1 - DAY
    assert seen("", cutoff="2026-01-07").usable_from == DAY_1


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        (seen(""), "neither trained_through nor knowledge_cutoff"),
        (msgspec.structs.replace(seen("2026-01-01"), trained_from=""), "belong together"),
        (msgspec.structs.replace(seen("2019-01-01")), "lies after trained_through"),
        (seen("yesterday"), "expected ISO 8601 times"),
        (seen("2026-01-01", horizon="soon"), "expected ISO 8601 times and durations"),
    ],
)
def test_a_provenance_that_makes_no_sense_is_not_written(tmp_path: Path, provenance: Provenance, said: str) -> None:
    (tmp_path / "m").write_text("1")

    with pytest.raises(ConfigError, match=said):
        stamp(tmp_path / "m", provenance)
    assert not sidecar(tmp_path / "m").exists()


def test_an_artefact_that_is_not_the_stamped_one_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_text("1")
    stamp(path, seen("2026-01-01"))
    assert Artefact.load(path).provenance is not None
    path.write_text("2")

    with pytest.raises(DataError, match=r"its content is not what m\.provenance\.json speaks of"):
        Artefact.load(path)
    sidecar(path).write_text('{"sha256": "x", "trained": 1}')
    with pytest.raises(DataError, match="not a readable provenance"):
        Artefact.load(path)
    with pytest.raises(DataError, match="no artefact at"):
        Artefact.load(tmp_path / "nothing")


def test_a_folders_digest_changes_with_a_name_a_byte_and_not_with_its_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep/w.bin").write_bytes(b"weights")
        (tmp_path / name / "s.json").write_bytes(b"{}")
    whole = digest(tmp_path / "a")

    assert digest(tmp_path / "b") == whole
    (tmp_path / "b/deep/w.bin").write_bytes(b"weightz")
    assert digest(tmp_path / "b") != whole
    (tmp_path / "a/s.json").rename(tmp_path / "a/t.json")
    assert digest(tmp_path / "a") != whole
    (tmp_path / "a/link").symlink_to(tmp_path / "b")
    with pytest.raises(DataError, match="a link to a folder"):
        digest(tmp_path / "a")


@pytest.mark.parametrize(("through", "clean"), [("2026-01-06", True), ("2026-01-07", False), ("2026-01-20", False)])
def test_a_run_inside_the_past_of_its_model_is_refused_and_told_when_it_could(
    tmp_path: Path, through: str, clean: bool
) -> None:
    made = plan(tmp_path, start="2026-01-08")
    stamp(tmp_path / "model.txt", seen(through, horizon="6h", embargo="18h"))

    if clean:
        assert check_artefacts(made) == ("", [])
        return
    with pytest.raises(ContaminatedError, match="a run with it can start at") as raised:
        backtest(made, tmp_path / "runs")
    assert iso(parse_time(through) + 2 * DAY) in str(raised.value)
    assert not (tmp_path / "runs").exists()


def test_every_output_of_a_run_that_was_allowed_all_the_same_is_marked(tmp_path: Path) -> None:
    made = plan(tmp_path)
    stamp(tmp_path / "model.txt", seen("2026-01-20"))
    (tmp_path / "clean").mkdir()
    clean = backtest(plan(tmp_path / "clean"), tmp_path / "clean")
    marked = backtest(made, tmp_path / "runs", allow_contaminated=True)

    assert clean.heads == marked.heads  # the mark changes what is said of a run, not the run
    assert "CONTAMINATED" not in clean.report.read_text()
    assert marked.summary.contaminated.startswith("CONTAMINATED: model.txt (stage test.weighted, setting model)")
    page = marked.report.read_text()
    assert "<title>CONTAMINATED · " in page
    assert '"mark":"CONTAMINATED"' in page
    assert JournalReader(marked.folder / "journal.hlj", Codec()).header()["contaminated"].startswith("CONTAMINATED")
    assert b"contaminated" in pq.read_schema(marked.folder / "equity.parquet").metadata
    plugins = Plugins()
    plugins.register(stages.plugin(StageSpec("test.weighted", Weighted)), "test")
    assert replay(marked.folder, plugins=plugins).contaminated == marked.summary.contaminated


def test_a_file_without_provenance_runs_with_a_warning_and_what_is_only_written_needs_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    made = plan(tmp_path, 'more = ["x"]\nlog = "log.txt"')

    assert [(use.setting, use.path) for use in made.artefacts] == [
        ("model", tmp_path / "model.txt"),
        ("more", tmp_path / "x"),
    ]
    warnings = backtest(made, tmp_path / "runs").summary.warnings
    assert warnings[0].startswith("model.txt (stage test.weighted, setting model) has no provenance")


@pytest.mark.parametrize(
    ("through", "verdict", "said"),
    [
        ("", "not provable", "model.txt has no provenance"),
        ("2026-01-20", "violation", "1 finding (artefacts)"),
        ("2026-01-07", "no violation found", "coverage: artefacts"),
    ],
)
def test_the_prover_judges_the_part_that_uses_it(tmp_path: Path, through: str, verdict: str, said: str) -> None:
    made = plan(tmp_path)
    if through:
        stamp(tmp_path / "model.txt", seen(through))

    proof = prove(made.config, made.plugins, layers=["artefacts"])

    (row,) = [row for row in proof.rows if row.part.name == "test.weighted"]
    assert (row.verdict, said in row.reason) == (verdict, True), row
    if through == "2026-01-07":  # it warms up inside, which is to be known and no fault
        assert made.begin < DAY_1 == made.start
        assert [f.is_note for o in proof.outcomes for f in o.findings] == [True]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with replies recorded by a run, its result, and a config that plays them back."""
    place = tmp_path_factory.mktemp("recorded")
    text = (ROOT / "configs/six_kinds_bars.toml").read_text()
    text = text.replace("../data_catalog/sample", str(ROOT / "data_catalog/sample"))
    (place / "record.toml").write_text(text.replace('"llm.rules"\ndelay', '"llm.rules"\nrecord = "tape"\ndelay'))
    (place / "run.toml").write_text(
        text.replace('use = "llm.rules"', 'use = "llm.cassette"\nname = "llm.rules"\ncassette = "tape"')
    )
    (place / "recorded.json").write_text(helios("backtest", "record.toml", "--json", cwd=place).stdout)
    return place


def test_a_cassette_is_stamped_and_described(recorded: Path) -> None:
    sidecar(recorded / "tape").unlink(missing_ok=True)
    assert helios("artefact", "describe", "tape", cwd=recorded).returncode == 4

    stamped = helios("artefact", "stamp", "tape", "--knowledge-cutoff", "2026-01-12", "--json", cwd=recorded)

    assert json.loads(stamped.stdout)["usable_from"] == "2026-01-13T00:00:00Z"
    assert "a run may start at 2026-01-13T00:00:00Z" in helios("artefact", "describe", "tape", cwd=recorded).stdout


def test_a_run_on_a_cassette_is_refused_and_allowed_from_the_command_line(recorded: Path) -> None:
    stamp(recorded / "tape", seen("", cutoff="2026-01-12"))
    refused = helios("backtest", "run.toml", cwd=recorded)
    allowed = json.loads(helios("backtest", "run.toml", "--allow-contaminated", "--json", cwd=recorded).stdout)

    assert refused.returncode == 2
    assert "a run with it can start at 2026-01-13T00:00:00Z" in refused.stderr
    assert allowed["contaminated"].startswith("CONTAMINATED: tape (effect llm.rules, setting cassette)")
    before = json.loads((recorded / "recorded.json").read_text())
    assert allowed["heads"]["decisions"] == before["heads"]["decisions"]
