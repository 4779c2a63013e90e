"""Parts of a run under watch: what each says is recorded once, and compared in every other world.

In another world a part hears exactly what it heard in this one: where an answer differs, the recorded one goes on
in its place. So whatever a part says differently is its own doing, and several can be found in one run.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from helios_engine.errors import HeliosError
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.proof.rehearsals.columns import difference_of


class Said(msgspec.Struct):
    """What a part said in this world: its outputs by the number of the call, and when each call was."""

    outputs: dict[int, tuple[Body, ...]] = {}
    times: dict[int, int] = {}
    calls: int = 0


class Difference(msgspec.Struct, frozen=True):
    """The first thing a part says otherwise in another world; `where` is the line that yielded it."""

    part: str
    ts: int
    column: str
    text: str
    where: str = ""
    failed: bool = False
    """Whether it raised an error in place of saying anything."""


class Watch:
    """Records what parts say, or compares it with a `script` up to `until` (ns UTC).

    `differing` has when each part said something else: once, or every time for one that `goes_on`. The line that
    yielded an output is noted where one `notes_lines`, which costs a fifth more.
    """

    def __init__(
        self,
        script: dict[str, Said] | None = None,
        until: int = 2**63 - 1,
        goes_on: bool = False,
        notes_lines: bool = False,
    ) -> None:
        self.notes_lines = notes_lines
        self.said: dict[str, Said] = {}
        self._now = 0
        self.script = script
        self.until = until
        self.differences: dict[str, Difference] = {}
        self.differing: dict[str, list[int]] = {}
        self._goes_on = goes_on

    def heard(
        self, part: str, ts: int, line: Callable[[int], str], call: Callable[..., Iterable[Body]], *given: Any
    ) -> list[Body]:
        """The outputs of one call of a part with what it is `given`: its own, or in another world the recorded ones.

        `ts` is 0 for who is asked within another's turn; that turn's time is taken.
        """
        ts = self._now = ts or self._now
        said = self.said.get(part)
        if said is None:
            said = self.said[part] = Said()
        number = said.calls
        said.calls = number + 1
        if self.script is None:
            outputs = tuple(call(*given))
            if outputs:
                said.outputs[number], said.times[number] = outputs, ts
            return list(outputs)
        known = self.script.get(part)
        expected = known.outputs.get(number, ()) if known is not None else ()
        if ts <= self.until and (self._goes_on or part not in self.differences):
            try:
                outputs = tuple(call(*given))
            except HeliosError as error:
                self._differs(part, ts, "", f"{type(error).__name__} instead: {error}", line(-1), True)
                return list(expected)
            if outputs != expected:
                place, column, text = difference_of(expected, outputs)
                self._differs(part, ts, column, text, line(place))
        return list(expected)

    def _differs(self, part: str, ts: int, column: str, text: str, where: str, failed: bool = False) -> None:
        self.differing.setdefault(part, []).append(ts)
        self.differences.setdefault(part, Difference(part, ts, column, text, where, failed))


class WatchedNode:
    """A stage in its place, as the pipeline knows it, under watch."""

    def __init__(self, node: Node, watch: Watch) -> None:
        self._node, self._watch = node, watch
        self._lines: list[str] = []
        self.count = 0
        self.name, self.consumes, self.emits, self.on, self.make = (
            node.name,
            node.consumes,
            node.emits,
            node.on,
            node.make,
        )
        self.wants = node.wants

    @property
    def stage(self) -> Any:
        """The stage itself."""
        return self._node.stage

    def renew(self) -> None:
        """Start over with a stage that has seen nothing."""
        self._node.renew()
        self.count = 0
        if self._watch.notes_lines:
            self._note_lines()

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """Give the stage one event; return what goes on from here."""
        return self._watch.heard(self.name, event.ts, self._line, self._node.deliver, event, run)

    def _line(self, number: int) -> str:
        return self._lines[number] if -len(self._lines) <= number < len(self._lines) else defined_at(self.stage)

    def _note_lines(self) -> None:
        """Remember at which line each output of the last call was yielded."""
        original, lines = self._node.stage.on_event, self._lines

        def on_event(event: Event[Body]) -> Iterator[Body]:
            lines.clear()
            yield from noting_lines(original(event), lines)

        try:
            self._node.stage.on_event = on_event
        except AttributeError:
            return  # a stage with __slots__: its class must do


class WatchedVenue:
    """A venue under watch."""

    NAME = "venue"

    def __init__(self, venue: Any, watch: Watch) -> None:
        self._venue, self._watch = venue, watch

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match; return the answers that go on."""
        return self._watch.heard(self.NAME, ts, self._line, self._venue.market, ts, body)

    def settle(self, ts: int) -> list[Body]:
        """Let due commands take effect; return the answers that go on."""
        return self._watch.heard(self.NAME, ts, self._line, self._venue.settle, ts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def _line(self, number: int) -> str:
        return ""


class WatchedEffect:
    """An effect under watch."""

    def __init__(self, name: str, effect: Any, watch: Watch) -> None:
        self._name, self._effect, self._watch = name, effect, watch
        self.handles = effect.handles

    def answer(self, body: Any) -> Body | None:
        """Its reply, or what goes on in its place."""
        found = self._watch.heard(self._name, 0, self._line, self._replies, body)
        return found[0] if found else None

    def _replies(self, body: Any) -> list[Body]:
        reply = self._effect.answer(body)
        return [] if reply is None else [reply]

    def _line(self, number: int) -> str:
        return defined_at(self._effect, "answer")


def noting_lines(produced: Any, lines: list[str]) -> Iterator[Any]:
    """Yield what was produced, and note for each the innermost line that yielded it."""
    if produced is None:
        return
    for output in produced:
        inner = produced
        while isinstance(inner, types.GeneratorType) and isinstance(inner.gi_yieldfrom, types.GeneratorType):
            inner = inner.gi_yieldfrom
        if isinstance(inner, types.GeneratorType) and inner.gi_frame is not None:
            lines.append(f"{inner.gi_code.co_filename}:{inner.gi_frame.f_lineno}")
        yield output


def defined_at(thing: Any, method: str = "on_event") -> str:
    """Where a class defines a method, as `file:line`; empty if that is not Python."""
    code = getattr(getattr(type(thing), method, None), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
