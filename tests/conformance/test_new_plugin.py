"""A plugin that `plugin new` writes passes as it is written, for every kind; nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helios_engine.cli.plugin import KINDS
from helios_engine.errors import ConfigError
from helios_engine.testing import scaffold
from helios_engine.testing.kit import CHECKS

PAGE = Path(__file__).resolve().parents[2] / "docs/plugins.md"


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

    # Causality and determinism fork and start interpreters: `helios-engine plugin test` runs them too.
    quick = "not causality and not determinism"
    command = [sys.executable, "-m", "pytest", "-q", "-k", quick, str(tmp_path / f"fresh_{kind}")]
    done = subprocess.run(command, cwd=tmp_path / f"fresh_{kind}", capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


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
