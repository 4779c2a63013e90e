"""REST whose every answer is a frame before anybody looks at it."""

from __future__ import annotations

from collections.abc import Mapping

from helios_engine.recorder.connection import Taker
from helios_engine.world import World
from helios_valr.live.envelopes import REST, envelope
from helios_valr.live.states import State
from helios_valr.rest.transport import Answer, Transport


class Recorded:
    """A transport that hands over what another brings: with its status, and when it was asked for."""

    def __init__(self, transport: Transport, taker: Taker, world: World, state: State) -> None:
        self._transport, self._taker, self._world, self._state = transport, taker, world, state

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request; ConnectionError or TimeoutError if nothing whole came back."""
        sent = self._world.now()
        self._state.attempt()
        try:
            answer = await self._transport.send(method, path, headers, body)
        except (ConnectionError, TimeoutError) as error:
            self._state.down(f"{path}: {type(error).__name__}: {error}")
            raise
        if answer.status < 400:
            self._state.up()
        else:
            self._state.down(f"{path}: HTTP {answer.status}")
        self._state.heard()
        self._taker.take(envelope(path, answer.status, sent, answer.body), REST)
        return answer
