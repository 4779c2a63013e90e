"""Ten thousand malformed variants of every kind of message: none crashes, none is accepted for what it does not say.

`python -m tests.unit.valr.test_mutations 1000000 7` tries as many of each kind, from another seed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import pytest

from helios_valr import answers
from helios_valr.errors import WireError
from helios_valr.frames import Other
from helios_valr.wire import Wire
from tests.unit.valr import oracle
from tests.unit.valr.mutating import variants
from tests.unit.valr.samples import BODIES, FRAMES

COUNT = 10_000
SNAPSHOTS = {"OB_L1_DIFF": "OB_L1_SNAPSHOT", "FULL_ORDERBOOK_UPDATE": "FULL_ORDERBOOK_SNAPSHOT"}
RECEIVED = 1_800_000_000_000_000_000


def try_frames(name: str, count: int, seed: int) -> Counter[str]:
    """Read variants of a frame as a connection would; AssertionError names the first that was taken wrongly."""
    wire, found = Wire(), Counter[str]()
    first = json.dumps(FRAMES[SNAPSHOTS[name]]) if name in SNAPSHOTS else None
    for raw in variants(FRAMES[name], count, seed):
        if first:
            wire.take(first, RECEIVED)  # so that a change finds a book
        taken = wire.take(raw, RECEIVED)
        kept = "unknown" if isinstance(taken.message, Other) else "accepted"
        found["refused" if taken.message is None else kept] += 1
        if taken.message is not None:
            assert oracle.disagreement(taken.message, raw) == "", raw[:2000]
            assert oracle.absurd(taken.bodies) == "", raw[:2000]
    return found


def try_bodies(name: str, count: int, seed: int) -> Counter[str]:
    """Read variants of a REST body; AssertionError names the first that was taken wrongly."""
    kind: Any = answers.BODIES[name]
    found = Counter[str]()
    for raw in variants(BODIES[name], count, seed):
        try:
            body = answers.read(raw, kind, name)
        except WireError:
            found["refused"] += 1
            continue
        found["accepted"] += 1
        assert oracle.disagreement(body, raw) == "", raw[:2000]
    return found


@pytest.mark.parametrize("name", FRAMES)
def test_no_malformed_frame_is_taken_for_what_it_does_not_say(name: str) -> None:
    found = try_frames(name, COUNT, 1)

    assert found.total() == COUNT
    assert found["refused"] > COUNT // 4, found
    assert found["accepted"] > 0, found


@pytest.mark.parametrize("name", BODIES)
def test_no_malformed_body_is_taken_for_what_it_does_not_say(name: str) -> None:
    found = try_bodies(name, COUNT, 2)

    assert found.total() == COUNT
    assert found["refused"] > COUNT // 4, found
    assert found["accepted"] > 0, found


if __name__ == "__main__":
    many, start = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for each in FRAMES:
        print("frame", each, dict(try_frames(each, many, start)), flush=True)
    for each in BODIES:
        print("body", each, dict(try_bodies(each, many, start)), flush=True)
