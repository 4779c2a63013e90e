"""The terminal's table fits its width and tells everything."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from helios_engine.report.summary import Summary, summary_text
from helios_engine.stage import Pin
from tests.unit.report.run_folders import write_run


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return write_run(tmp_path_factory.mktemp("run"), days=30)


def test_no_line_is_wider_than_a_hundred_columns(summary: Summary) -> None:
    wide = msgspec.structs.replace(
        summary,
        name="n" * 300,
        error="one long explanation of what went wrong " * 20,
        heads={f"stage.features.with_a_rather_long_name_{n}": "ab" * 32 for n in range(9)},
        pins={"f" * 150: Pin("ab" * 16, 10**12, 1, 2, 10**6)},
        models={"fill_model_of_the_venue": "word " * 60},
        warnings=["w" * 250],
    )

    assert max(map(len, summary_text(wide, is_tty=False).splitlines())) <= 100


@pytest.mark.parametrize(
    "part",
    [
        "random_walk",
        "Sharpe",
        "deepest -",
        "fees ",
        "exposure",
        "decisions 0123456789ab",
        "stage.features.basic aaaaaaaaaaaa",
        "cdcdcdcdcdcd  98,765 rows, 4 issues",
        "next print, no queue",
        "250ms",
        "3 × gate: max_position",
        "before start 2",
        "4 doubts about the data",
    ],
)
def test_the_summary_names(summary: Summary, part: str) -> None:
    assert part in summary_text(summary, is_tty=False)


def test_heads_show_twelve_digits_and_no_more(summary: Summary) -> None:
    assert "0123456789abc" not in summary_text(summary, is_tty=False)


def test_the_paths_come_last_and_whole(summary: Summary, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)

    lines = summary_text(summary, folder, is_tty=False).splitlines()

    assert lines[-2:] == [f"run         {folder}", f"report      {folder / 'report.html'}"]


def test_there_is_no_colour_where_there_is_no_terminal(summary: Summary, capsys: pytest.CaptureFixture[str]) -> None:
    print(summary_text(summary))

    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_shows_the_status_in_colour(summary: Summary) -> None:
    assert "\x1b[32mcomplete\x1b[0m" in summary_text(summary, is_tty=True)


def test_a_failed_run_without_metrics_says_so(summary: Summary) -> None:
    failed = msgspec.structs.replace(summary, metrics=None, status="failed", error="stage x raised")

    text = summary_text(failed, is_tty=False)

    assert "stage x raised" in text
    assert "did not get far enough" in text
