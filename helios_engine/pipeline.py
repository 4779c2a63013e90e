"""The pipeline: one event in, through the stages in their order, what leaves for the port out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.provenance import new_run
from helios_engine.timeline import Released

Key = tuple[type[Body], str | None, str | None, str]
Listener = Callable[[int, int, Body, tuple[str, int]], None]


class Recorder(Protocol):
    """Hears every output as it is made."""

    def output(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        """Stage number `position` yielded `body` at `ts` in the turn of input `cause`."""
        ...


class Pipeline:
    """Stages in a fixed order. Within a turn, nothing flows upstream.

    A turn is one input and all it caused. A stage sees the events of a turn in the order in which
    they came to be, after every stage before it has had its say.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        recorder: Recorder,
        leaving: Callable[[type[Body]], bool],
        ahead: Collection[int] = (),
    ) -> None:
        """`ahead` are the positions of stages that run ahead of the clock: their outputs come with the inputs."""
        self.nodes = tuple(nodes)
        self._ahead = frozenset(ahead)
        self._record: Listener = recorder.output
        self.run = new_run()
        self._leaves: dict[type[Body], bool] = {kind: leaving(kind) for node in self.nodes for kind in node.emits}
        self._routes: dict[Key, tuple[int, ...]] = {}
        self._plain: dict[type[Body], tuple[int, ...]] = {}
        self._inbox: list[list[Event[Body]]] = [[] for _ in self.nodes]

    def push(self, event: Event[Body], released: Sequence[Released] = ()) -> list[Body]:
        """Run one turn; return the bodies that leave it: intents and requests, in order.

        `released` is what stages that ran ahead say of it, in the order of their positions.
        """
        pending = self._post(event, -1)
        said: dict[int, list[Body | Exception]] = {}
        for position, bodies in released:
            said[position] = said.get(position, []) + bodies
            pending |= 1 << position
        if not pending:
            return []
        leaving: list[Body] = []
        cause = (event.source, event.seq)
        while pending:
            position = (pending & -pending).bit_length() - 1
            pending &= pending - 1
            node = self.nodes[position]
            for body in said[position] if position in said else self._delivered(position):
                if isinstance(body, Exception):
                    raise body
                self._record(position, event.ts, body, cause)
                if self._leaves[type(body)]:
                    leaving.append(body)
                pending |= self._post(Event(event.ts, node.count, node.name, body), position)
                node.count += 1
        return leaving

    def wanted(self, kind: type[Body], instrument: str | None, timeframe: str | None, source: str) -> bool:
        """Whether a stage takes such an event when its time has come."""
        return any(node.wants(kind, instrument, timeframe, source) for node in self._present())

    def _delivered(self, position: int) -> Iterator[Body]:
        events, self._inbox[position] = self._inbox[position], []
        for received in events:
            yield from self.nodes[position].deliver(received, self.run)

    def _present(self) -> list[Node]:
        return [node for position, node in enumerate(self.nodes) if position not in self._ahead]

    def listen(self, hear: Listener) -> Listener:
        """Let `hear` take every output from now on; returns who took them until now."""
        before, self._record = self._record, hear
        return before

    def _post(self, event: Event[Body], after: int) -> int:
        """Put the event before the stages behind `after` that want it; return them as a bit mask."""
        mask = 0
        for position in self._route(event):
            if position > after:
                self._inbox[position].append(event)
                mask |= 1 << position
        return mask

    def _route(self, event: Event[Body]) -> tuple[int, ...]:
        kind = type(event.body)
        plain = self._plain.get(kind)
        if plain is not None:
            return plain
        instrument = getattr(event.body, "instrument", None)
        timeframe = getattr(event.body, "timeframe", None)
        key = (kind, instrument, timeframe, event.source)
        route = self._routes.get(key)
        if route is None:
            route = tuple(i for i, node in enumerate(self.nodes) if i not in self._ahead and node.wants(*key))
            self._routes[key] = route
            if not any(node.on for node in self._present() if any(issubclass(kind, c) for c in node.consumes)):
                # Nobody who wants this kind filters it: its key need not be looked at again.
                self._plain[kind] = route
        return route
