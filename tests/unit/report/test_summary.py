"""`run.json` is written whole, read back the same, and a bad one is named."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from helios_engine.errors import JournalError, StorageError
from helios_engine.report.summary import Summary, read_status, read_summary, write_summary
from tests.unit.report.run_folders import write_run


def test_a_summary_reads_back_as_it_was_written(tmp_path: Path) -> None:
    summary = write_run(tmp_path, days=5)

    assert read_summary(tmp_path) == summary


def test_a_missing_summary_says_the_run_did_not_end(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="killed before its end"):
        read_summary(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": "x"}', b"\xff\xfe"])
def test_a_damaged_summary_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)

    with pytest.raises(JournalError, match=r"run\.json: not the summary of a run"):
        read_summary(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_told_and_the_old_summary_stays(tmp_path: Path) -> None:
    summary = write_run(tmp_path, days=5)
    (tmp_path / f".run.json.{os.getpid()}.draft").symlink_to("/dev/full")

    with pytest.raises(StorageError, match="no space left"):
        write_summary(tmp_path, msgspec.structs.replace(summary, name="other"))

    assert read_summary(tmp_path) == summary
    assert not (tmp_path / f".run.json.{os.getpid()}.draft").is_symlink()


def test_the_status_of_a_run_is_one_line_of_it(tmp_path: Path) -> None:
    summary = write_run(tmp_path, days=5)

    row = read_status(tmp_path)

    assert summary.metrics is not None
    assert (row["status"], row["return"], row["trades"]) == (
        "complete",
        summary.metrics.total_return,
        summary.metrics.trades,
    )
    assert row["decisions"] == summary.heads["decisions"]


def test_the_status_of_a_killed_run_is_unfinished(tmp_path: Path) -> None:
    assert read_status(tmp_path)["status"] == "unfinished"


def test_one_damaged_summary_does_not_break_a_list(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")

    row = read_status(tmp_path)

    assert (row["status"], row["return"], "run.json" in row["error"]) == ("unreadable", None, True)


def test_a_summary_needs_no_metrics(tmp_path: Path) -> None:
    summary: Summary = msgspec.structs.replace(write_run(tmp_path, days=5), metrics=None, status="failed", error="why")
    write_summary(tmp_path, summary)

    assert read_status(tmp_path)["return"] is None
