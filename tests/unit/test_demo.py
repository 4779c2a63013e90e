"""The demonstration tells what it promises: the leak with its line, and nothing against its twin."""

from __future__ import annotations

import re
from pathlib import Path

from helios_engine.demo.story import tell
from tests.unit.test_cli import helios

LEAK = Path(__file__).resolve().parents[2] / "helios_engine/demo/leaky.py"


def test_it_names_the_line_of_the_leaky_twin_and_clears_the_honest_one(tmp_path: Path) -> None:
    said = "\n".join(tell(tmp_path, days=8, cuts=9))

    leaky, honest = said.split("2. The same trend", 1)
    line = re.search(rf"at {re.escape(str(LEAK))}:(\d+)", leaky)
    assert "violation: demo.leaky_trend reads the future" in leaky
    assert line is not None
    assert "yield Signal" in LEAK.read_text().splitlines()[int(line[1]) - 1]
    assert "no violation found in" in honest
    assert "violation:" not in honest


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    found = helios("demo", "--into", "file/below", cwd=tmp_path)

    assert found.returncode == 3
    assert "cannot be made" in found.stderr
    assert "Traceback" not in found.stderr
