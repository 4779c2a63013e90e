"""A plugin that `plugin new` writes passes as it is written, for every kind; nothing is overwritten."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helios_engine.cli.plugin import KINDS
from helios_engine.errors import ConfigError
from helios_engine.testing import scaffold
from helios_engine.testing.kit import CHECKS

PAGE = Path(__file__).resolve().parents[2] / "docs/plugins.md"


def plugin_test(place: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of `helios-engine plugin test`."""
    command = [sys.executable, "-m", "helios_engine", "plugin", "test", str(place), "--json"]
    done = subprocess.run(command, cwd=place.parent, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_page_for_authors_names_every_kind_and_check() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [
        name for name in (*KINDS, *(check for checks in CHECKS.values() for check in checks)) if name not in text
    ] == []


def test_the_command_knows_the_kinds_that_there_are_templates_for() -> None:
    assert tuple(scaffold.KINDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_test_passes_as_written(kind: str, tmp_path: Path) -> None:
    scaffold.write_plugin(f"fresh_{kind}", kind, tmp_path)

    # Determinism starts interpreters: `plugin test` below asks for it too.
    command = [sys.executable, "-m", "pytest", "-q", "-k", "not determinism", str(tmp_path / f"fresh_{kind}")]
    done = subprocess.run(command, cwd=tmp_path / f"fresh_{kind}", capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["feature", "ml", "feed", "venue", "importer"])
def test_plugin_test_passes_all_of_it(kind: str, tmp_path: Path) -> None:
    scaffold.write_plugin(f"fresh_{kind}", kind, tmp_path)
    what = scaffold.KINDS[kind].what

    code, found = plugin_test(tmp_path / f"fresh_{kind}")

    assert (code, [(v["check"], v["status"]) for v in found["verdicts"]]) == (
        0,
        [(check, "passed") for check in CHECKS[what]],  # type: ignore[index]
    ), found


def test_plugin_test_tells_failed_from_not_made_and_not_there(tmp_path: Path) -> None:
    scaffold.write_plugin("fresh_format", "importer", tmp_path)
    part = tmp_path / "fresh_format/fresh_format/part.py"
    honest = part.read_text(encoding="utf-8")
    part.write_text(honest.replace("0.95", "0.5"), encoding="utf-8")

    code, found = plugin_test(tmp_path / "fresh_format")

    assert (code, found["verdicts"][0]["status"]) == (1, "failed")
    assert "is not sure of its own bars.csv" in found["verdicts"][0]["message"]

    part.write_text(honest, encoding="utf-8")
    project = tmp_path / "fresh_format/pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8").replace("files =", "# files ="), encoding="utf-8")
    code, found = plugin_test(tmp_path / "fresh_format")

    assert (code, {v["status"] for v in found["verdicts"]}) == (4, {"not judged"})
    assert plugin_test(tmp_path / "nothing")[0] == 2


def test_a_projects_own_tests_are_run_and_a_failed_one_is_told(tmp_path: Path) -> None:
    scaffold.write_plugin("fresh_format", "importer", tmp_path)
    (tmp_path / "fresh_format/tests/test_mine.py").write_text("def test_mine():\n    assert 2 + 2 == 5\n")

    code, found = plugin_test(tmp_path / "fresh_format")

    assert (code, found["verdicts"][0]["subject"], found["verdicts"][0]["status"]) == (1, "own tests", "failed")
    assert "assert (2 + 2) == 5" in found["verdicts"][0]["message"]


def test_a_trial_with_an_unknown_word_is_refused_with_its_table(tmp_path: Path) -> None:
    scaffold.write_plugin("fresh_format", "importer", tmp_path)
    project = tmp_path / "fresh_format/pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8").replace("files =", "flies ="), encoding="utf-8")

    code, found = plugin_test(tmp_path / "fresh_format")

    assert code == 2
    assert 'trial."fresh-format"]' in found["error"]
    assert "flies" in found["error"]


def test_pytest_loads_nothing_of_helios_before_a_test_asks(tmp_path: Path) -> None:
    (tmp_path / "test_foreign.py").write_text(
        "import sys\n\n\ndef test_foreign():\n    assert 'helios_pytest' in sys.modules\n"
        "    assert 'helios_engine' not in sys.modules\n"
    )

    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "."], cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Upper", "1st", "with-dash", "class", "_private", "json", "features"])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        scaffold.write_plugin(name, "feature", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()

    with pytest.raises(ConfigError, match="overwritten"):
        scaffold.write_plugin("mine", "feature", tmp_path)

    assert list((tmp_path / "mine").iterdir()) == []
