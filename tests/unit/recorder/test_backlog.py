"""What waits for the disk is gathered, and nobody who waits for it is held up by that."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, JournalError
from helios_engine.recorder.backlog import Backlog
from helios_engine.recorder.entries import LARGEST, Frame, Gap, decode, encode
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


def read_again(frame: Frame) -> Any:
    """What a reader makes of a frame; nothing if it stumbles."""
    try:
        return decode(encode(frame))
    except (JournalError, UnicodeEncodeError, OverflowError, TypeError):
        return None


words = st.text() | st.text(st.characters(categories=["Cs"]), min_size=1) | st.none() | st.integers() | st.binary()
times = st.integers(-(2**66), 2**66) | st.floats() | st.booleans() | st.decimals() | st.text()


@given(
    raw=st.binary() | st.builds(bytearray, st.binary()) | st.text(),
    connection=words,
    direction=st.sampled_from(["in", "out", "IN", "", None, 0]),
    recv_ns=times,
)
@example(raw=b"", connection="c", direction="out", recv_ns=2**64 - 1)
@example(raw=b"", connection="c", direction="out", recv_ns=2**64)
@example(raw=b"", connection="c", direction="out", recv_ns=5.0)
@example(raw=b"", connection="c", direction="out", recv_ns=5.5)
@example(raw=b"", connection="c", direction="out", recv_ns=True)
@example(raw=b"", connection="c", direction="IN", recv_ns=5)
@example(raw=b"", connection=None, direction="in", recv_ns=5)
@example(raw=b"", connection="\ud800", direction="in", recv_ns=5)
@example(raw="text", connection="c", direction="in", recv_ns=5)
def test_a_frame_is_taken_if_it_can_be_read_again_and_refused_if_not(
    raw: Any, connection: Any, direction: Any, recv_ns: Any
) -> None:
    one = backlog()
    expected = read_again(Frame(0, recv_ns, 1, connection, direction, raw))

    if expected is None:
        with pytest.raises(ConfigError, match="expected bytes, connection and reason as plain text"):
            one.frame(raw, connection, direction, recv_ns)
        assert (one.take(0.0)[0], one.next_seq) == ([], 0)
    else:
        one.frame(raw, connection, direction, recv_ns)
        assert [decode(block) for block in one.take(0.0)[0]] == [expected]


def test_a_frame_that_is_refused_takes_no_gap_with_it() -> None:
    one = backlog()
    one.frame(bytes(LARGEST + 1), "c", "in", 1)
    with pytest.raises(ConfigError):
        one.frame(b"x", "c", "in", 1.5)  # type: ignore[arg-type]

    gap, _ = one.frame(b"x", "c", "in", 2)

    assert isinstance(gap, Gap)
    assert gap.count == 1
