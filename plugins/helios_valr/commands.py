"""What we say on a stream: pings and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

PING = b'{"type":"PING"}'
"""Answered by PONG; VALR closes a line that says nothing for 30 to 60 s."""
PING_EVERY = 20.0
"""Seconds."""


def subscribe(pairs: Mapping[str, Sequence[str]]) -> bytes:
    """A frame that subscribes each event to its pairs, and to no others: it replaces what was subscribed before.

    An empty list ends the event's subscription.
    """
    wanted = [{"event": event, "pairs": list(some)} for event, some in pairs.items()]
    return msgspec.json.encode({"type": "SUBSCRIBE", "subscriptions": wanted})
