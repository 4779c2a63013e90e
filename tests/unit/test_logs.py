"""Logs are JSON by component, rotate, and never hold a secret."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helios_engine import logs
from helios_engine.errors import ConfigError
from helios_engine.logs import Secret, component, configure
from helios_engine.settings import Settings

KEY = 'k3y-"with quotes"/and+signs'


@pytest.fixture(autouse=True)
def _leave_no_handler() -> Iterator[None]:
    yield
    root = logging.getLogger(logs.ROOT)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.NOTSET)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_json_with_time_level_component_message_and_fields(tmp_path: Path) -> None:
    path = configure(Settings(), tmp_path)

    component("catalog").warning("skipped %d rows", 3, extra={"file": "a.csv"})

    (line,) = lines(path)
    assert line.pop("ts").endswith("Z")
    assert line == {"level": "WARNING", "component": "catalog", "message": "skipped 3 rows", "file": "a.csv"}


def test_a_field_cannot_pass_for_the_level(tmp_path: Path) -> None:
    path = configure(Settings(), tmp_path)

    component("catalog").info("x", extra={"level": "ERROR"})

    assert (lines(path)[0]["level"], lines(path)[0]["level_"]) == ("INFO", "ERROR")


def test_levels_hold_by_component(tmp_path: Path) -> None:
    path = configure(Settings(log_level="WARNING", log_levels={"catalog": "DEBUG"}), tmp_path)

    component("catalog").debug("heard")
    component("venue").info("not heard")

    assert [line["message"] for line in lines(path)] == ["heard"]


def test_a_second_configuration_replaces_the_first(tmp_path: Path) -> None:
    first = configure(Settings(log_levels={"catalog": "ERROR"}), tmp_path / "a")
    second = configure(Settings(), tmp_path / "b")

    component("catalog").info("here")

    assert (first.exists(), [line["message"] for line in lines(second)]) == (False, ["here"])


def test_no_file_is_made_before_the_first_line(tmp_path: Path) -> None:
    path = configure(Settings(logs=str(tmp_path / "logs")))

    assert not path.parent.exists()


def test_a_full_file_is_rotated_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    path = configure(Settings(log_bytes=1024, log_files=2), tmp_path)

    for number in range(60):
        component("catalog").info("line %02d %s", number, "x" * 60)

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["helios.log", "helios.log.1", "helios.log.2"]
    assert all(file.stat().st_size <= 1024 for file in files)
    assert lines(path)[-1]["message"].startswith("line 59")


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(KEY)

    assert [str(secret), repr(secret), f"{secret}", "%s" % secret] == ["[secret]"] * 4  # noqa: UP031
    assert secret.reveal() == KEY


def test_a_secret_does_not_leave_its_process() -> None:
    with pytest.raises(TypeError, match="does not leave its process"):
        pickle.dumps(Secret(KEY))


def test_a_text_too_short_to_be_a_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 6 characters"):
        Secret("abc")


def speak(how: str) -> None:
    log = component("venue")
    match how:
        case "message":
            log.info(f"sent {KEY}")
        case "argument":
            log.info("sent %s", KEY)
        case "mapping":
            log.info("sent %(key)s", {"key": KEY})
        case "object":
            log.info("sent %r", [KEY])
        case "field":
            log.info("sent", extra={"header": KEY})
        case "nested field":
            log.info("sent", extra={"headers": {"auth": [f"Bearer {KEY}"], "raw": KEY.encode()}})
        case "address":
            log.info("GET https://host/?key=k3y-%22with%20quotes%22%2Fand%2Bsigns")
        case "stack":
            log.info("sent", stack_info=True, extra={"here": KEY})
        case "broken format":
            log.info("sent %d", KEY)
        case "traceback":
            try:
                raise ValueError(f"refused {KEY}")
            except ValueError:
                log.exception("failed")
        case "chained traceback":
            try:
                try:
                    raise KeyError(KEY)
                except KeyError as error:
                    raise RuntimeError("outer") from error
            except RuntimeError:
                log.exception("failed")


WAYS = [
    *("message", "argument", "mapping", "object", "field", "nested field", "address"),
    *("stack", "broken format", "traceback", "chained traceback"),
]


@pytest.mark.parametrize("how", WAYS)
def test_a_secret_is_struck_out_of_a(tmp_path: Path, how: str) -> None:
    Secret(KEY)
    path = configure(Settings(), tmp_path)

    speak(how)

    text = path.read_text(encoding="utf-8")
    assert "[secret]" in text
    assert "k3y-" not in text
    assert len(lines(path)) == 1


def test_a_traceback_is_kept_where_it_holds_no_secret(tmp_path: Path) -> None:
    path = configure(Settings(), tmp_path)

    speak("traceback")

    assert "Traceback" in lines(path)[0]["exception"]
    assert "ValueError" in lines(path)[0]["exception"]


def test_handlers_of_others_see_no_secret_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Secret(KEY)
    configure(Settings(), tmp_path)

    with caplog.at_level(logging.INFO):
        speak("traceback")
        speak("field")

    assert "[secret]" in caplog.text
    assert "k3y-" not in caplog.text
    assert caplog.records[-1].__dict__["header"] == "[secret]"


def test_a_slip_in_a_log_line_does_not_stop_the_run(tmp_path: Path) -> None:
    path = configure(Settings(), tmp_path)

    component("catalog").info("%d and %d", "one")

    assert lines(path)[0]["message"] == "%d and %d ('one',)"
