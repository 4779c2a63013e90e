"""Every attribute of what a snapshot restores is saved, or stands here with the reason why it need not be."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from helios_engine.assemble import assemble
from helios_engine.bodies import Control, Health, OrderIntent, Trade, VenueStatus
from helios_engine.components import Place, is_component, places, restore, save
from helios_engine.config import parse_config
from helios_engine.engine import Engine
from helios_engine.errors import JournalError
from helios_engine.gate.limits import Limits
from helios_engine.journal import Chain
from helios_engine.live.planning import live_plan
from helios_engine.live.snapshot import LEFT
from helios_engine.live.timeline import LiveTimeline, Stored, Ticks
from helios_engine.nautilus import soft
from tests.unit.live.acme import COIN
from tests.unit.live.runs import CONFIG, plugins
from tests.unit.nautilus.driving import Drive
from tests.unit.nautilus.worlds import world

GATE = """
[gate]
price_collar = 0.5
max_position = "1000000"
max_notional = "1000000"
max_exposure = "1000000"
max_leverage = 3
max_open_orders = 9
max_open_orders_per_instrument = 9
max_orders_per_second = 9
max_orders_per_minute = 90
max_daily_loss = 0.5
max_drawdown = 0.5
duplicate_window = "1s"
max_data_age = "1m"
max_lag = "1s"
quarantine = "1m"
"""
MADE = "made with the run, from its config, and never changed"
EMPTY = "empty between two inputs"
CHAINS = "saved by Journal.save"
TOLD = "made again as the venue's log is told"
NAMED: dict[str, dict[str, str]] = {
    "Engine": {
        **dict.fromkeys(("turns", "now", "seq"), "saved by snapshot.of_engine"),
        **dict.fromkeys(("timeline", "pipeline", "port", "journal", "_hears", "effects", "_recording"), MADE),
        **dict.fromkeys(("_ask_beside", "_until", "_pinned"), MADE),
        **dict.fromkeys(("results", "_met"), "of the tables, which are made at the end"),
        "_refused": EMPTY,
        "containment": "while a stage is out no snapshot is taken; its turn only tells one input from the next",
    },
    "Pipeline": {
        **dict.fromkeys(("nodes", "_ahead", "_record", "run", "_leaves"), MADE),
        **dict.fromkeys(("_routes", "_plain"), "follow from the nodes"),
        "_inbox": EMPTY,
    },
    "Node": {
        **dict.fromkeys(("stage", "count", "given"), "saved by snapshot.of_engine"),
        **dict.fromkeys(("_pace", "_met"), "how long it took before, of which a restart knows nothing"),
        **dict.fromkeys(("_run", "_said", "_turn"), "of the input at hand"),
        "out": "while a stage is out no snapshot is taken",
        **dict.fromkeys(("name", "make", "consumes", "emits", "on", "_codec", "_vetted"), MADE),
    },
    "Journal": {
        **dict.fromkeys(("_file", "_encode", "_codec", "_stages"), MADE),
        **dict.fromkeys(("_stage_chains", "_decisions", "_venue", "_inputs"), CHAINS),
    },
    "LiveTimeline": {
        **dict.fromkeys(("_taken", "_boundary"), "saved, and given to the timeline as it is made"),
        **dict.fromkeys(("_past", "_clock", "_ticks", "_start"), MADE),
        **dict.fromkeys(("_put", "_due", "_number"), "what was not journaled is lost with the process, as documented"),
        **dict.fromkeys(("_names", "_orders", "_ranks", "_streams", "_counts", "_last", "_heap"), "of no use live"),
        "now": "for people to look at",
    },
    "SimVenue": {
        **dict.fromkeys(("_settings", "_dense", "_margin", "_funds", "_desk", "_ear"), MADE),
        **dict.fromkeys(("_assembly", "_markets", "_execution"), TOLD),
        **dict.fromkeys(("_now", "_body", "_answers"), TOLD),
    },
    "Market": {
        **dict.fromkeys(("sight", "flight", "mark"), "saved by soft.save"),
        **dict.fromkeys(("_assembly", "_number", "simulation"), MADE),
        **dict.fromkeys(("definition", "open", "expiries", "position", "_digits", "_sizes", "_used"), TOLD),
        **dict.fromkeys(("instrument", "ticker", "engine"), TOLD),
        **dict.fromkeys(("why", "is_silent"), EMPTY),
    },
    "Simulation": {
        **dict.fromkeys(("latency", "_execution", "is_idle"), MADE),
        "_watch": "saved by soft.save",
        "_working": TOLD,
    },
}


def traded() -> Engine:
    """An engine whose gate has every limit and has seen something of every kind."""
    config = parse_config(CONFIG + GATE, Path("saved.toml"))
    plan = live_plan(config, [COIN], 1_000, plugins())
    timeline = LiveTimeline(Stored(iter(())), lambda: 1, Ticks("200ms", 200_000_000, 0, 10**12))
    engine = assemble(plan, timeline=timeline)
    hears, port = engine.port.hears(), engine.port
    name = COIN.instrument
    for number in range(20):
        hears[Trade](2_000 + number, Trade(name, 2_000 + number, 1000.0 + number, 0.5, "BUY", str(number)))
        port.venue.market(2_000 + number, Trade(name, 2_000 + number, 1000.0 + number, 0.5, "SELL", str(number)))
    hears[Control](3_000, Control("pause", "elsewhere"))
    hears[Control](3_000, Control("resume", "all"))
    for number in range(3):
        order = OrderIntent(f"a-{number}", name, "BUY", Decimal("0.01") * (number + 1), "LIMIT", Decimal(900))
        assert port.submit(10**9 * (number + 1), order) is None
    port.account(4 * 10**9)
    hears[Health](5 * 10**9, Health("elsewhere", "lag", 9.0))
    hears[VenueStatus](5 * 10**9, VenueStatus("ELSEWHERE", 5 * 10**9, "halted"))
    return engine


def test_every_attribute_below_the_port_is_saved_or_made_with_it() -> None:
    engine = traded()
    found = {(id(place.owner), place.name): getattr(place.owner, place.name) for place in _places(engine)}
    shared = {id(value) for value in found.values() if isinstance(value, dict | list | set | deque)}
    todo, seen, attributes = [("port", engine.port)], set(), 0
    while todo:
        path, one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for name, value in vars(one).items():
            attributes += 1
            calls = value if isinstance(value, tuple) and value else (value,)
            if name in LEFT:
                continue
            if is_component(value):
                todo.append((f"{path}.{name}", value))
            elif all(callable(call) for call in calls):
                # Whose methods they are is reached this way alone; it may hold settings and references.
                todo += [(f"{path}.{name}", owner) for call in calls if is_component(owner := _owner(call))]
            else:
                is_kept = id(value) in shared or (id(one), name) in found or isinstance(value, Limits)
                assert is_kept, f"{path}.{name} is neither saved nor named"
    assert attributes > 60
    assert {"venue"} == LEFT


def _places(engine: Engine) -> list[Place]:
    return list(places({"port": engine.port}, LEFT))


def _owner(call: Any) -> Any:
    return getattr(call, "__self__", None)


@pytest.mark.parametrize("kind", ["Engine", "Pipeline", "Node", "Journal", "LiveTimeline"])
def test_every_attribute_of_the_engine_is_saved_or_named(kind: str) -> None:
    engine = traded()
    parts: dict[str, Any] = {
        "Engine": engine,
        "Pipeline": engine.pipeline,
        "Node": engine.pipeline.nodes[0],
        "Journal": engine.journal,
        "LiveTimeline": engine.timeline,
    }
    assert vars(parts[kind]).keys() == NAMED[kind].keys()


def test_a_chain_saves_all_that_it_holds() -> None:
    assert len(Chain("a").save()) == len(Chain.__slots__)


@pytest.mark.parametrize("kind", ["SimVenue", "Market", "Simulation"])
def test_every_attribute_of_the_venue_is_saved_or_named(kind: str) -> None:
    drive = Drive(world(5), fill_model="queue", queue_trades=3, slippage="sqrt_impact")
    for ts, body in drive.world.market:
        drive.step(ts, body)
    market = next(iter(drive.venue.markets.values()))
    parts = {"SimVenue": drive.venue, "Market": market, "Simulation": market.simulation}

    assert vars(parts[kind]).keys() == NAMED[kind].keys()
    assert {"mark", "sight.last", "watch.fills._recent", "watch.slips._day._hours"} <= soft.save(market).keys()


def test_what_was_restored_knows_the_same_and_shares_the_same() -> None:
    before, after = traded().port, fresh().port
    restore({"port": after}, LEFT, save({"port": before}, LEFT))

    assert save({"port": after}, LEFT) == save({"port": before}, LEFT)
    assert after.marks._prices is after.ledger.prices
    assert after.gate._switches._instruments is after.ledger.instruments
    assert len(after.gate.orders) == 3
    # The next order is judged alike: ids, pace, collar and size are all there.
    again = OrderIntent("a-1", COIN.instrument, "BUY", Decimal("0.01"), "LIMIT", Decimal(900))
    refused = [port.submit(10**10, again) for port in (before, after)]
    assert refused[0] == refused[1]
    assert refused[0] is not None


def fresh() -> Engine:
    plan = live_plan(parse_config(CONFIG + GATE, Path("saved.toml")), [COIN], 1_000, plugins())
    return assemble(plan, timeline=LiveTimeline(Stored(iter(())), lambda: 1, Ticks("200ms", 200_000_000, 0, 10**12)))


def test_the_state_of_other_components_is_refused() -> None:
    saved = save({"port": traded().port}, LEFT)
    del saved["port.gate._identity._ids"]

    with pytest.raises(JournalError, match="port.gate._identity._ids"):
        restore({"port": fresh().port}, LEFT, saved)
