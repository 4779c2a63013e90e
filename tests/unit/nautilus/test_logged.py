"""A venue that is made again from its log, at any moment of any world, answers on as if nothing had been."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from helios_engine.codec import Codec
from helios_engine.errors import JournalError
from tests.unit.nautilus.driving import Drive, through_ours
from tests.unit.nautilus.worlds import DATA, World, world

CODEC = Codec()
MODELS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "dense": {"dense": True},
    "participation": {"fill_model": "participation", "participation": 0.3, "slippage": "ticks", "slippage_ticks": 2},
    "queue": {"fill_model": "queue", "queue_trades": 3, "latency": "5ms", "latency_jitter": "300ms", "seed": 5},
    "probabilistic": {
        "fill_model": "probabilistic", "fill_probability": 0.4, "slippage": "half_spread", "slippage_bps": 20,
    },
    "impact": {"slippage": "sqrt_impact"},
    "without quotes and books": {"book": "trades"},
    "on books": {"book": "l2"},
}  # fmt: skip


class Lives:
    """A world through a venue that dies between two events now and then, and is made again from its log alone."""

    def __init__(self, case: World, **models: Any) -> None:
        self.case, self.models = case, models
        self.log: list[bytes] = []
        self.drive = self._new()
        self.alone = self.told = 0

    def run(self, deaths: set[int]) -> Drive:
        for number, (ts, body) in enumerate(self.case.market):
            before = len(self.log)
            self.drive.step(ts, body)
            self.alone += len(self.log) == before
            if number in deaths:
                self._die()
        return self.drive

    def _die(self) -> None:
        saved = msgspec.msgpack.decode(msgspec.msgpack.encode(self.drive.venue.save()))
        log, self.log = self.log, []
        after = self._new()
        self.log = log
        after.venue.retell([msgspec.msgpack.decode(raw) for raw in log], saved)
        self.told = len(log)
        after.heard, after.reacted, after.number = self.drive.heard, self.drive.reacted, self.drive.number
        self.drive = after

    def _new(self) -> Drive:
        return Drive(self.case, wrap=self._logged, **self.models)

    def _logged(self, venue: Any) -> Any:
        return venue.logged(CODEC, lambda record: self.log.append(CODEC.encode(record)))


@pytest.mark.parametrize(
    ("data", "name"), [(data, name) for data in DATA for name in MODELS if data == "l2" or name != "on books"]
)
def test_a_venue_that_is_made_again_answers_as_the_one_that_lived_on(data: str, name: str) -> None:
    models, fills = MODELS[name], 0
    for seed in range(8):
        case, draw = world(seed, data=data), random.Random(seed)
        deaths = set(draw.sample(range(len(case.market)), 4))
        lived = Lives(case, **models).run(deaths).outcome()
        expected = through_ours(case, **models)
        assert lived == expected, (seed, sorted(deaths))
        fills += len(expected.positions)
    assert fills


def test_what_nobody_can_have_noticed_is_not_in_the_log() -> None:
    case = world(3, data="trades", count=600)
    lives = Lives(case._replace(commands={}, reactions={}))
    lives.run({100, 300, 500})

    assert lives.alone > 500
    assert lives.told < 50


def test_a_venue_of_other_answers_is_refused() -> None:
    case = world(0, data="trades")
    lives = Lives(case)
    lives.run(set())
    lives.models = {"latency": "9s"}

    with pytest.raises(JournalError, match="made again it gives"):
        lives._die()
