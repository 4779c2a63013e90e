"""Work in children: what they answer, and what is told of those that cannot."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helios_engine.errors import ConfigError, DataError, HeliosError
from helios_engine.proof.forks import Answer, answer_of, forked


def raise_error() -> None:
    raise ValueError("not today")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


def hang() -> None:
    while True:
        time.sleep(60)


def answer_an_object() -> object:
    return object()


def only(job: Callable[[], Any], seconds: float = 60.0) -> Answer:
    (answer,) = forked([job], seconds=seconds)
    return answer


def test_every_job_is_answered_once_whatever_the_order() -> None:
    jobs = [partial(pow, n, 2) for n in range(20)]

    answers = {a.number: a.result for a in forked(jobs, processes=3)}

    assert answers == {n: n * n for n in range(20)}


def test_no_jobs_no_answers() -> None:
    assert list(forked([])) == []


def test_a_large_answer_comes_whole() -> None:
    assert only(lambda: b"x" * 5_000_000).result == b"x" * 5_000_000


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (raise_error, "ValueError: not today"),
        (die, "the process ended with -9"),
        (leave, "the process ended with 3"),
        (answer_an_object, "the process ended with 70"),
    ],
)
def test_a_child_that_fails_is_reported_and_others_go_on(
    job: Callable[[], Any], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = sorted(forked([job, partial(pow, 3, 2), job], processes=2))

    assert [a.error for a in answers] == [said, "", said]
    assert answers[1].result == 9
    capfd.readouterr()  # a child that cannot encode its answer says so on stderr


def test_a_child_that_hangs_is_killed_and_reported() -> None:
    answer = only(hang, seconds=0.3)

    assert answer.error == "took too long"


def test_what_a_child_changes_stays_there() -> None:
    seen: list[int] = []

    assert only(lambda: seen.append(1) or len(seen)).result == 1  # type: ignore[func-returns-value]
    assert seen == []


def test_an_error_of_ours_keeps_its_kind() -> None:
    def refuse() -> None:
        raise DataError("bars BTC 1h: row 3: low above high")

    with pytest.raises(DataError, match=r"^bars BTC 1h: row 3: low above high$"):
        answer_of(refuse)
    with pytest.raises(HeliosError, match="ValueError|not today"):
        answer_of(raise_error)
    assert not issubclass(DataError, ConfigError)


def test_nobody_is_left_behind_when_the_reader_stops_early() -> None:
    answers = forked([partial(pow, 1, 1), hang, hang], processes=3)

    assert next(answers).result == 1
    answers.close()  # type: ignore[attr-defined]

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_the_child_of_a_killed_child_ends_by_itself(tmp_path: Path) -> None:
    def note_and_hang() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        hang()

    assert only(lambda: list(forked([note_and_hang], seconds=1.0)), seconds=0.7).error == "took too long"

    pid = int((tmp_path / "pid").read_text())
    while is_alive(pid):  # the test's own timeout is the limit
        time.sleep(0.05)


def test_who_is_told_to_end_ends_its_children_and_cleans_up(tmp_path: Path) -> None:
    def note_and_hang() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        hang()

    def clean_up() -> None:
        try:
            list(forked([note_and_hang]))
        finally:
            (tmp_path / "cleaned").touch()

    answers = forked([partial(pow, 1, 1), clean_up], processes=2)
    next(answers)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    answers.close()  # type: ignore[attr-defined]

    assert (tmp_path / "cleaned").exists()
    assert not is_alive(int((tmp_path / "pid").read_text()))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
