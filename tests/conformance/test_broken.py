"""Each check fails what is broken in its way, in words that name the part, and passes what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from helios_engine.plugins import Kind
from helios_engine.testing import ConformanceError, Verdict, yield_checks
from helios_engine.testing.kit import CHECKS, SLOW
from helios_engine.testing.subject import kit_plugins
from tests.conformance.broken import plugin
from tests.conformance.broken.importers import HEADER

CSV = f"{HEADER}\n" + "".join(
    f"2024-01-01T{hour:02}:00:00Z,100.{hour:02},120.5,90.25,101.{hour:02},{hour + 1}.5\n" for hour in range(20)
)
ASK = {"instrument": "BTCZAR.VALR", "kind": "bars", "timeframe": "1h", "stamp": "open"}
COLUMNS = {name: name for name in HEADER.split(",")}


Judged = Callable[[str, str, str], Verdict]


@pytest.fixture
def judged(helios_subject: Callable[..., Any], tmp_path: Path) -> Judged:
    """The verdict of one check on one part of the broken plugin."""
    plugins = kit_plugins()
    plugins.register(plugin, "broken")
    path = tmp_path / "bars.csv"
    path.write_text(CSV, encoding="utf-8")

    def judge(kind: str, name: str, check: str) -> Verdict:
        more = {"files": [path], "ask": {**ASK, "columns": COLUMNS}} if kind == "importer" else {}
        (found,) = (c for c in yield_checks(helios_subject(kind, name, plugins=plugins, **more)) if c.name == check)
        return found.verdict()

    return judge


BROKEN = [
    ("stage", "broken.wordless", "contract", "docstring"),
    ("stage", "broken.silent", "contract", "said nothing"),
    ("stage", "broken.drawing", "repeats", "random.Random(seed)"),
    ("stage", "broken.counting", "repeats", "__init__"),
    ("stage", "broken.forgetful", "restores", "dump and load"),
    ("stage", "broken.dividing", "bears_edges", "ZeroDivisionError"),
    ("stage", "broken.believing", "bears_edges", "nan"),
    ("stage", "broken.marking", "contract", "changed the event"),
    ("stage", "broken.centredtrend", "causality", "Signal.value"),
    ("stage", "broken.nextrow", "drivers", "Signal.value"),
    ("stage", "broken.drawing", "determinism", "random"),
    ("feed", "broken.mislabelled", "contract", "annotat"),
    ("feed", "broken.backward", "order", "sort by time"),
    ("feed", "broken.greedy", "order", "start <= ts < stop"),
    ("feed", "broken.early", "stamps", "before its ts_close"),
    ("feed", "broken.unpinned", "pin", "same pin"),
    ("feed", "broken.foreseeing", "causality", "Bar."),
    ("feed", "broken.twofaced", "drivers", "the same rows"),
    ("feed", "broken.hashed", "determinism", "hash seed"),
    ("effect", "broken.mute", "contract", "docstring"),
    ("effect", "broken.elsewhere", "replies", "copy the request's id"),
    ("effect", "broken.otherkind", "replies", "emits"),
    ("effect", "broken.moody", "repeats", "random.Random(seed)"),
    ("effect", "broken.hindsight", "causality", "Prediction."),
    ("effect", "broken.hashed", "determinism", "hash seed"),
    ("venue", "broken.lacking", "contract", "finish"),
    ("venue", "broken.generous", "answers", "fills more than"),
    ("venue", "broken.deaf", "answers", "no fill"),
    ("venue", "broken.tallying", "repeats", "__init__"),
    ("venue", "broken.prescient", "causality", "Fill."),
    ("venue", "broken.chancy", "determinism", "Fill."),
    ("importer", "broken-certain", "recognises", "prose"),
    ("importer", "broken-unsure", "recognises", "not sure of its own"),
    ("importer", "broken-fickle", "reads", "two imports"),
    ("importer", "broken-certain", "refuses", "believed"),
]
SOUND: dict[Kind, str] = {
    "stage": "broken.sound",
    "feed": "broken.bars",
    "effect": "broken.model",
    "venue": "broken.sound",
    "importer": "broken-sound",
}


def cases(rows: Iterable[tuple[str, ...]]) -> list[Any]:
    marks = [pytest.mark.slow]
    return [pytest.param(*row, marks=marks if SLOW & set(row) else [], id="-".join(row[:3])) for row in rows]


@pytest.mark.parametrize(("kind", "name", "check", "word"), cases(BROKEN))
def test_what_is_broken_fails(kind: str, name: str, check: str, word: str, judged: Judged) -> None:
    found = judged(kind, name, check)

    assert found.status == "failed", found
    assert word in found.message


@pytest.mark.parametrize(
    ("kind", "name", "check"), cases((kind, name, check) for kind, name in SOUND.items() for check in CHECKS[kind])
)
def test_what_is_sound_passes(kind: str, name: str, check: str, judged: Judged) -> None:
    assert judged(kind, name, check) == (f"{kind} {name}", check, "passed", "")


def test_each_check_is_failed_by_something() -> None:
    assert {(kind, check) for kind, _, check, _ in BROKEN} == {(kind, c) for kind in CHECKS for c in CHECKS[kind]}


def test_a_check_that_is_not_passed_raises_and_one_that_cannot_be_made_is_not_passed(
    helios_check: Callable[..., None],
) -> None:
    with pytest.raises(ConformanceError, match="not judged.*files"):
        helios_check("importer", "valr", only=("reads",))
