"""Whatever the blocks, both drivers say the same: outputs, causes, the order of inputs, and errors at their time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.block import Block
from helios_engine.bodies import Bar, Features, Signal, Tick, Trade
from helios_engine.codec import Codec
from helios_engine.driving.market_only import run_ahead
from helios_engine.events import Event
from helios_engine.node import Node
from tests.unit.driving.worlds import MINUTE, NAMES, START, Turns, World, definition, said, stages, worlds


def drawn(seed: int) -> Iterator[int]:
    """Sizes of stretches without end."""
    rng = random.Random(seed)
    return iter(lambda: rng.choice([1, 1, 2, 3, 7, 30, 1000]), 0)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(0, 2**32), st.sampled_from([1, 3, 50, 1000]))
def test_both_drivers_say_the_same(world: World, seed: int, chunk: int) -> None:
    made = stages(world.grace)
    expected, inputs, error = said(world, made, blocks=False)

    assert said(world, made, blocks=True, chunk=chunk) == (expected, inputs, error)
    assert said(world, made, blocks=True, sizes=drawn(seed), chunk=chunk) == (expected, inputs, error)
    # What nobody takes one by one is passed over, and changes nothing of what is said.
    assert said(world, made, blocks=True, sizes=drawn(seed), chunk=chunk, free=True)[0] == expected


def test_stages_that_hear_of_the_market_alone_run_ahead() -> None:
    nodes = [Node(name, make, {}, Codec()) for name, make in stages("0s")]

    assert run_ahead(nodes, ()) == {0, 1, 2}
    assert run_ahead(nodes, (Bar,)) == {0}  # where bars answer a request, who hears of them is reactive
    assert run_ahead(nodes[1:2], ()) == frozenset()  # nobody behind it takes blocks


def tape(count: int = 40) -> World:
    trades = [(START + n * 20_000_000_000, n) for n in range(1, count)]
    rows: list[Any] = [(ts, Trade(NAMES[0], ts, 100.0 + n, 1.0, "BUY", str(n))) for ts, n in trades]
    ticks: list[Any] = [(START + n * MINUTE, Tick("1m", START + n * MINUTE)) for n in range(1, 14)]
    sources = {"instruments": (0, [(START, definition(NAMES[0], 8))]), NAMES[0]: (20, rows), "tick": (100, ticks)}
    return World(sources, "0s")


class Fails(Turns):
    """Fails at a bar in the middle, whichever way it is driven."""

    def step(self, name: str, value: float) -> Signal:
        if value > 118.0:
            raise ArithmeticError(f"{value} is too high")
        return super().step(name, value)


def test_a_stage_that_fails_does_so_at_its_time_with_the_words_of_the_event() -> None:
    made = [*stages("0s")[:2], ("fails", Fails)]
    expected = said(tape(), made, blocks=False)

    assert "on Bar bars#" in expected[2]
    assert "120.0 is too high" in expected[2]
    for size in (1, 7, 1000):
        assert said(tape(), made, blocks=True, sizes=itertools.repeat(size)) == expected


def test_a_feed_that_fails_ends_the_run_at_the_same_input() -> None:
    world = tape()
    rank, rows = world.sources[NAMES[0]]
    world.sources[NAMES[0]] = (rank, [*rows[:17], (rows[3][0], rows[17][1]), *rows[18:]])
    expected = said(world, stages("0s"), blocks=False)

    assert "a feed must deliver oldest first" in expected[2]
    assert len(expected[1]) > 17
    for chunk in (1, 5, 17, 18, 1000):
        assert said(world, stages("0s"), blocks=True, chunk=chunk) == expected


class OnlyByBlocks(Turns):
    """Fails by blocks alone."""

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        raise KeyError("volume")


class Beyond(Turns):
    """Names an input that the block does not have."""

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        yield len(block), Signal(NAMES[0], 1.0)


class Shared(Turns):
    """Yields a row whose content it could write later."""

    def on_event(self, event: Event[Any]) -> Iterator[Features]:  # type: ignore[override]
        yield Features(NAMES[0], "1m", "shared/1", bytes(8), b"\x01")

    def on_columns(self, block: Block) -> Iterator[tuple[int, Features]]:  # type: ignore[override]
        yield 0, Features(NAMES[0], "1m", "shared/1", memoryview(bytearray(8)).toreadonly(), b"\x01")  # type: ignore[arg-type]


class Writes(Turns):
    """Writes into the block."""

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        block.parts[0]["high"][0] = 0.0
        yield 0, Signal(NAMES[0], 1.0)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (OnlyByBlocks, "KeyError: 'volume'"),
        (Beyond, "it named input 1 of a block of 1"),
        (Shared, "unhashable type: 'bytearray'"),
        (Writes, "assignment destination is read-only"),
    ],
)
def test_what_a_stage_may_not_do_with_a_block_is_refused(stage: type[Turns], words: str) -> None:
    made = [*stages("0s")[:1], ("wrong", stage)]
    _, _, error = said(tape(), made, blocks=True, sizes=itertools.repeat(7))

    assert "stage 'wrong': on_columns failed where on_event did not" in error
    assert words in error
    assert 'driver = "events"' in error
