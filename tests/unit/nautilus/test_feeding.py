"""However events reach the venue, its answers are the same."""

from __future__ import annotations

import asyncio
import hashlib
import random

import pytest

from tests.unit.nautilus.driving import Drive, through_ours
from tests.unit.nautilus.reference import Outcome
from tests.unit.nautilus.worlds import World, world


def head(outcome: Outcome) -> str:
    """A digest of every answer in order, and of what is left in the account."""
    return hashlib.sha256(repr((outcome.answers, sorted(outcome.balances.items()))).encode()).hexdigest()


def in_batches(made: World, seed: int) -> Outcome:
    """Some events at a time, in sizes drawn at random."""
    draw, drive, rows = random.Random(seed), Drive(made), list(made.market)
    while rows:
        size = draw.randint(1, 40)
        batch, rows = rows[:size], rows[size:]
        for ts, body in batch:
            drive.step(ts, body)
    return drive.outcome()


async def queued(made: World, seed: int) -> Outcome:
    """From a task that puts events on a queue while another takes them off, in an order that the loop decides."""
    draw, drive = random.Random(seed), Drive(made)
    queue: asyncio.Queue[object] = asyncio.Queue(maxsize=8)

    async def fill() -> None:
        for row in made.market:
            await queue.put(row)
            if draw.random() < 0.3:
                await asyncio.sleep(0)
        await queue.put(None)

    task = asyncio.create_task(fill())
    while (row := await queue.get()) is not None:
        drive.step(*row)  # type: ignore[misc]
    await task
    return drive.outcome()


@pytest.mark.parametrize("seed", range(24))
def test_one_by_one_in_batches_and_from_a_queue_the_heads_are_the_same(seed: int) -> None:
    made = world(seed)

    heads = {head(o) for o in (through_ours(made), in_batches(made, seed), asyncio.run(queued(made, seed)))}

    assert len(heads) == 1


@pytest.mark.parametrize("seed", range(64))
def test_events_that_can_change_nothing_may_be_left_out(seed: int) -> None:
    made = world(seed + 1000, count=240)

    assert head(through_ours(made)) == head(through_ours(made, dense=True))
