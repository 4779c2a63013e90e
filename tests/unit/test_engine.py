from __future__ import annotations

import random
from pathlib import Path

import pytest

from helios_engine.assemble import assemble, heads
from helios_engine.bodies import Fill
from helios_engine.build import Plan, build
from helios_engine.config import parse_config
from helios_engine.engine import Engine
from tests.market import CONFIG, NextPrint, market_plugins
from tests.recreating import recreate
from tests.stages import MINUTE


def plan(text: str = CONFIG) -> Plan:
    return build(parse_config(text, Path("walk.toml")), market_plugins())


def finished(made: Plan) -> Engine:
    engine = assemble(made)
    for _ in engine.run():
        pass
    engine.finish(made.stop)
    return engine


def test_the_same_plan_gives_the_same_heads_twice_in_one_process() -> None:
    made = plan()

    first, second = (heads(made, finished(made)) for _ in range(2))

    assert first == second


def test_an_order_decided_at_a_close_is_filled_at_the_next_open() -> None:
    made = plan()
    engine = assemble(made)
    fills: list[tuple[int, Fill]] = []
    heard = engine.port.book
    engine.port.book = lambda ts, answer: (fills.append((ts, answer)), heard(ts, answer))[1]  # type: ignore[method-assign,assignment,func-returns-value]
    for _ in engine.run():
        pass

    times = [ts for ts, answer in fills if isinstance(answer, Fill)]

    assert len(times) > 30
    assert {ts % MINUTE for ts in times} == {1}


def test_a_stage_that_is_made_anew_at_random_points_changes_no_head() -> None:
    made = plan()
    expected = heads(made, finished(made))
    draw = random.Random(3)

    engine = assemble(made)
    for _ in engine.run():
        if draw.random() < 0.2:
            recreate(engine.pipeline, draw.randrange(len(made.nodes)))
    engine.finish(made.stop)

    assert heads(made, engine) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('use = "test.walk"', 'use = "test.walk"\nseed = 2'),
        ('use = "test.buyer"', 'use = "test.buyer"\nevery = 4'),
        ('use = "test.next_print"', 'use = "test.next_print"\nfee = "0.002"'),
    ],
)
def test_data_strategy_and_venue_each_move_a_head(old: str, new: str) -> None:
    one, two = plan(), plan(CONFIG.replace(old, new))

    assert heads(one, finished(one)) != heads(two, finished(two))


def test_intents_before_the_start_are_turned_away_and_counted() -> None:
    made = plan(CONFIG.replace('name = "walk"', 'name = "walk"\nwarmup = "1h"'))

    port = finished(made).port

    assert port.early == 20
    assert port.rejects["gate: warm-up"] == 20
    assert port.orders > 20


def test_answers_of_one_turn_open_turns_of_their_own_in_venue_order() -> None:
    made = plan()
    engine = finished(made)

    counts = engine.journal.counts()

    venue = engine.port.venue
    assert isinstance(venue, NextPrint)
    assert counts["inputs"] == venue.fills + engine.port.orders + counts["stage.test.asker"]


def test_a_reply_waits_for_its_delay() -> None:
    made = plan(CONFIG.replace('use = "test.model"', 'use = "test.model"\ndelay = "1m"'))
    engine = assemble(made)

    order = [(given.source, given.ts // MINUTE) for given in engine.run()]

    assert order.index(("test.model", 3)) > order.index(("test.walk", 3))
