"""What waits for the disk is gathered, and nobody who waits for it is held up by that."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from helios_engine.recorder.backlog import Backlog
from helios_engine.recorder.limits import Limits

AN_HOUR = 3600.0


def backlog(**limits: Any) -> Backlog:
    return Backlog(0, Limits(**limits), lambda: 1, lambda: 1)


def fill(one: Backlog, count: int) -> None:
    for number in range(count):
        one.frame(b"%d" % number, "c", "in", 1)


def taken(one: Backlog, then: Any) -> list[bytes]:
    """What a thread takes that gathers for an hour, once `then` has been done; a test that fails hangs no longer."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.extend(one.take(AN_HOUR, AN_HOUR)[0]), daemon=True)
    thread.start()
    then()
    thread.join(5)
    assert not thread.is_alive()
    return found


@pytest.mark.parametrize("ends", [Backlog.hurry, lambda one: one.close("it was closed")])
def test_gathering_ends_when_somebody_waits_for_the_disk_or_it_is_closed(ends: Any) -> None:
    one = backlog()

    found = taken(one, lambda: (fill(one, 100), ends(one)))

    assert len(found) == 100


def test_gathering_ends_when_half_of_the_room_is_taken() -> None:
    one = backlog(queue_frames=10)

    found = taken(one, lambda: fill(one, 5))

    assert len(found) == 5


def test_what_is_not_gathered_is_taken_as_soon_as_it_is_there() -> None:
    one = backlog()
    fill(one, 3)

    assert len(one.take(AN_HOUR)[0]) == 3
    assert one.take(0.0) == ([], False)
