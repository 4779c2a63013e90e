"""The strategist, the rules behind it, and the cassette."""

from __future__ import annotations

import hashlib
import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import Bar, LlmReply, LlmRequest, StrategicView, VolForecast
from helios_engine.errors import DataError, NotAvailableError, StorageError
from helios_llm import cassette
from helios_llm.cassette import Cassette
from helios_llm.rules import Rules
from helios_llm.strategist import Strategist
from tests.unit.plugins.feeding import DAY, MINUTE, NAME, START, feed, turn, walk

HOUR = 60 * MINUTE
TTL = 2 * DAY


def hourly(*closes: float, first: int = 1) -> list[Bar]:
    """Hourly bars; the `first`-th hour after START is the end of the first one."""
    ends = [START + (first + n) * HOUR for n in range(len(closes))]
    return [Bar(NAME, "1h", ts - HOUR, ts, c, c, c, c, 1.0) for ts, c in zip(ends, closes, strict=True)]


def asked(**changes: str) -> LlmRequest:
    words = {"id": "view-1", "model": "m", "system": "s", "prompt": "p", "reply_schema": "{}"}
    return LlmRequest(**{**words, **changes})


def answered(text: str, error: str = "") -> StrategicView:
    """The view that a reply to the first request becomes."""
    stage = Strategist(every="1h")
    requests = feed(stage, hourly(100.0, 101.0))
    assert [r.id for r in requests if isinstance(r, LlmRequest)] == ["view-1"]
    (view,) = turn(stage, LlmReply("view-1", "m", text, error))
    assert isinstance(view, StrategicView)
    return view


def test_a_question_comes_at_each_multiple_of_every() -> None:
    stage = Strategist(every="24h")

    found = [(b.ts_close, turn(stage, b)) for b in hourly(*[100.0 + n for n in range(60)], first=5)]

    assert [ts for ts, bodies in found if bodies] == [START + DAY, START + 2 * DAY]


def test_the_prompt_tells_return_volatility_and_forecast_of_the_window() -> None:
    closes = [100.0, 103.0, 99.0, 104.0, 102.0]
    stage = Strategist(every="1h", window=3)
    given = hourly(*closes)
    feed(stage, [*given[:4], VolForecast(NAME, "1h", 0.0123456789)])

    (request,) = turn(stage, given[4])

    assert isinstance(request, LlmRequest)
    returns = [99.0 / 103.0 - 1, 104.0 / 99.0 - 1, 102.0 / 104.0 - 1]
    assert request.prompt == (
        f"{NAME} 1h return={102.0 / 103.0 - 1:.6f} volatility={statistics.pstdev(returns):.6f} forecast=0.012346"
    )


def test_the_prompt_does_not_depend_on_what_comes_after() -> None:
    closes = [b.close for b in walk(100)]

    assert feed(Strategist(), hourly(*closes[:50])) == feed(Strategist(), hourly(*closes))[:2]


def test_a_good_reply_becomes_a_view_with_its_reason() -> None:
    assert answered('{"multiplier": 0.25, "reason": "stormy"}') == StrategicView(0.25, TTL, "stormy")


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "\ud800", '{"multiplier": 0.5}',
     '{"multiplier": "0.5", "reason": ""}', '{"multiplier": 1.5, "reason": ""}',
     '{"multiplier": -0.1, "reason": ""}', '{"multiplier": NaN, "reason": ""}',
     '{"multiplier": 1, "reason": "", "x": 1}',
     '{"multiplier": 0.5, "reason": ""} and more'],
)  # fmt: skip
def test_a_reply_of_another_form_is_neutral_and_says_why(text: str) -> None:
    view = answered(text)

    assert (view.multiplier, view.ttl) == (1.0, TTL)
    assert view.reason.startswith("neutral: ")


def test_a_model_that_failed_is_neutral_and_says_why() -> None:
    assert answered("", "out of credit") == StrategicView(1.0, TTL, "neutral: the model failed: out of credit")


def test_replies_to_others_and_replies_overtaken_by_newer_ones_are_left_alone() -> None:
    stage = Strategist(every="1h")
    feed(stage, hourly(100.0, 101.0, 102.0))
    text = '{"multiplier": 0.5, "reason": ""}'

    found = [turn(stage, LlmReply(name, "m", text)) for name in ("other-1", "view-2", "view-1", "view-2")]

    assert [len(bodies) for bodies in found] == [0, 1, 0, 0]


def test_strategist_saved_and_restored_in_the_middle_says_the_same() -> None:
    given = hourly(*[b.close for b in walk(60)])
    first, second = Strategist(every="4h"), Strategist(every="4h")

    found = feed(first, given[:30])
    state.load(second, state.dump(first))

    assert found + feed(second, given[30:]) == feed(Strategist(every="4h"), given)


@pytest.mark.parametrize(
    ("figures", "multiplier"),
    [("return=0.01 volatility=0.01", 1.0), ("return=-0.06 volatility=0.01", 0.5),
     ("return=0.01 volatility=0.03", 0.5), ("return=-0.06 volatility=0.03 forecast=0.1", 0.25), ("nothing", 1.0)],
)  # fmt: skip
def test_the_rules_halve_risk_for_a_fall_and_for_a_storm(figures: str, multiplier: float) -> None:
    reply = Rules(fall=0.05, calm=0.02).answer(asked(prompt=f"{NAME} 1h {figures}"))

    assert json.loads(reply.text)["multiplier"] == multiplier


def test_the_rules_read_what_the_strategist_writes() -> None:
    requests = [
        r for r in feed(Strategist(), hourly(*[100.0 * 0.98**n for n in range(30)])) if isinstance(r, LlmRequest)
    ]

    reply = Rules().answer(requests[0])

    assert json.loads(reply.text)["multiplier"] == 0.5


def test_a_recorded_run_is_replayed_word_for_word(tmp_path: Path) -> None:
    path = tmp_path / "made" / "replies.jsonl"
    requests = [
        r for r in feed(Strategist(every="3h"), hourly(*[b.close for b in walk(50)])) if isinstance(r, LlmRequest)
    ]
    rules = Rules(record=path)
    live = [rules.answer(request) for request in requests]

    replayed = Cassette(path)

    assert len(requests) == 16
    assert [replayed.answer(request) for request in requests] == live


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5, unique_by=lambda pair: pair[0]))
@settings(max_examples=50, deadline=None)
def test_any_words_survive_the_cassette(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("cassette") / "replies.jsonl"
    path.touch()
    for prompt, text in pairs:
        cassette.append(path, asked(prompt=prompt), text)

    found = Cassette(path)

    assert [found.answer(asked(prompt=prompt)).text for prompt, _ in pairs] == [text for _, text in pairs]


def test_a_line_written_by_others_may_hold_any_letter(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    words = cassette.question(asked())
    entry = {"key": cassette.key_of(words), "request": words, "text": "é\u2028ö"}
    path.write_text(json.dumps(entry, ensure_ascii=False) + "\n", encoding="utf-8")

    assert Cassette(path).answer(asked()).text == "é\u2028ö"


def test_the_key_is_the_documented_digest() -> None:
    canonical = '{"model":"m","prompt":"p","schema":"{}","system":"s"}'

    assert cassette.key_of(cassette.question(asked())) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("field", ["model", "system", "prompt", "reply_schema"])
def test_other_words_are_another_question_and_another_id_is_not(tmp_path: Path, field: str) -> None:
    path = tmp_path / "replies.jsonl"
    cassette.append(path, asked(), "yes")
    found = Cassette(path)

    assert found.answer(asked(id="view-77")).text == "yes"
    with pytest.raises(NotAvailableError, match="record one by a run whose effect has record ="):
        found.answer(asked(**{field: "else"}))


def test_of_two_replies_to_one_question_the_later_wins(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    cassette.append(path, asked(), "first")
    cassette.append(path, asked(), "second")

    assert Cassette(path).answer(asked()).text == "second"


def test_a_cassette_that_is_not_there_says_how_to_record_it(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match="no such cassette; record one"):
        Cassette(tmp_path / "none.jsonl")


@pytest.mark.parametrize("line", ['{"key": "x"', "[]", '{"key": "x", "request": {}, "text": "t"}', "7"])
def test_a_line_that_is_not_whole_or_was_changed_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "replies.jsonl"
    cassette.append(path, asked(), "yes")
    with path.open("a") as file:
        file.write(line + "\n")

    with pytest.raises(DataError, match=r"replies\.jsonl:2: .*record its reply again"):
        Cassette(path)


def test_a_cassette_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be recorded"):
        Rules(record=tmp_path).answer(asked())


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"window": 1}, {"every": "0s"}, {"ttl": "0s"}, {"every": "soon"}):
        with pytest.raises(ValueError, match="expected"):
            Strategist(**wrong)
