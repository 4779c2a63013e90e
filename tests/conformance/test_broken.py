"""Each check fails what is broken in its way, in words that name the part, and passes what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helios_engine.testing import ConformanceError, Verdict, yield_checks
from helios_engine.testing.subject import kit_plugins
from tests.conformance import broken

CSV = "ts,open,high,low,close,volume\n" + "".join(
    f"2024-01-01T{hour:02}:00:00Z,100.{hour:02},120.5,90.25,101.{hour:02},{hour + 1}.5\n" for hour in range(20)
)
ASK = {"instrument": "BTCZAR.VALR", "kind": "bars", "timeframe": "1h", "stamp": "open"}
COLUMNS = {name: name for name in ("ts", "open", "high", "low", "close", "volume")}


def verdict(make: Callable[..., Any], kind: str, name: str, check: str, **more: Any) -> Verdict:
    plugins = kit_plugins()
    plugins.register(broken, "broken")
    (found,) = (c for c in yield_checks(make(kind, name, plugins=plugins, **more)) if c.name == check)
    return found.verdict()


@pytest.mark.parametrize(
    ("kind", "name", "check", "word"),
    [
        ("stage", "broken.wordless", "contract", "docstring"),
        ("stage", "broken.silent", "contract", "said nothing"),
        ("stage", "broken.drawing", "repeats", "random.Random(seed)"),
        ("stage", "broken.counting", "repeats", "__init__"),
        ("stage", "broken.forgetful", "restores", "dump and load"),
        ("stage", "broken.dividing", "bears_edges", "ZeroDivisionError"),
        ("stage", "broken.believing", "bears_edges", "nan"),
        ("stage", "broken.centredtrend", "causality", "Signal.value"),
        ("feed", "broken.backward", "order", "sort by time"),
        ("feed", "broken.greedy", "order", "start <= ts < stop"),
        ("feed", "broken.early", "stamps", "before its ts_close"),
        ("feed", "broken.mislabelled", "contract", "annotat"),
        ("feed", "broken.unpinned", "pin", "same pin"),
        ("effect", "broken.elsewhere", "replies", "copy the request's id"),
        ("effect", "broken.otherkind", "replies", "emits"),
        ("effect", "broken.moody", "repeats", "random.Random(seed)"),
    ],
)
def test_what_is_broken_fails(kind: str, name: str, check: str, word: str, helios_subject: Callable[..., Any]) -> None:
    found = verdict(helios_subject, kind, name, check)

    assert found.status == "failed", found
    assert word in found.message


@pytest.mark.slow
def test_a_hidden_generator_fails_determinism(helios_subject: Callable[..., Any]) -> None:
    found = verdict(helios_subject, "stage", "broken.drawing", "determinism")

    assert found.status == "failed", found
    assert "random" in found.message


@pytest.mark.parametrize(
    ("kind", "name", "checks"),
    [
        ("stage", "broken.sound", ("contract", "repeats", "restores", "bears_edges", "keeps_events", "causality")),
        ("feed", "broken.bars", ("contract", "order", "stamps", "pin")),
        ("effect", "broken.model", ("contract", "replies", "repeats")),
    ],
)
def test_what_is_sound_passes(
    kind: str, name: str, checks: tuple[str, ...], helios_subject: Callable[..., Any]
) -> None:
    found = [verdict(helios_subject, kind, name, check) for check in checks]

    assert [(v.check, v.status, v.message) for v in found] == [(check, "passed", "") for check in checks]


@pytest.mark.parametrize(
    ("name", "check", "status"),
    [
        ("broken-certain", "recognises", "failed"),
        ("broken-unsure", "recognises", "failed"),
        ("broken-certain", "refuses", "failed"),
        ("broken-sound", "reads", "passed"),
        ("broken-sound", "refuses", "passed"),
    ],
)
def test_importers(name: str, check: str, status: str, helios_subject: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(CSV, encoding="utf-8")

    found = verdict(helios_subject, "importer", name, check, files=[path], ask={**ASK, "columns": COLUMNS})

    assert found.status == status, found


def test_a_check_that_is_not_passed_raises_and_one_that_cannot_be_made_is_not_passed(
    helios_check: Callable[..., None],
) -> None:
    with pytest.raises(ConformanceError, match="not judged.*files"):
        helios_check("importer", "valr", only=("reads",))
