"""Stages that run ahead of the clock over a stretch; what they say is kept until the clock is there."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine import state
from helios_engine.block import Block, Rows, sealed
from helios_engine.driving.market_only import takes_blocks
from helios_engine.driving.ready import Ready
from helios_engine.driving.stretch import Part, Stretch
from helios_engine.errors import StageError
from helios_engine.events import Body, Event
from helios_engine.node import Node


class Heard(NamedTuple):
    """What one stage hears in a stretch, in order: input `n[i]` caused row `row[i]` of part `owner[i]`."""

    n: NDArray[np.int64]
    owner: NDArray[np.int64]
    row: NDArray[np.int64]
    parts: Sequence[Part]


class _Said(NamedTuple):
    """What a stage said: bodies in order, the input that caused each, and the failure that ended it."""

    inputs: list[int]
    bodies: list[Body]
    failure: tuple[int, Exception] | None


class Ahead:
    """Runs the stages at `positions` of a pipeline over one stretch after the other."""

    def __init__(self, nodes: Sequence[Node], positions: Collection[int], run: int) -> None:
        self._nodes = [(position, nodes[position]) for position in sorted(positions)]
        self._counts = dict.fromkeys(positions, 0)
        self._run = run

    def over(self, stretch: Stretch) -> Ready:
        """Let every stage hear the stretch; returns what is released at each input, in the order of the stages."""
        released = Ready()
        derived: list[tuple[int, Part]] = []
        for place, (position, node) in enumerate(self._nodes):
            heard = _heard(node, stretch.parts, derived)
            if heard is None:
                continue
            said = self._say(node, heard, stretch)
            released.add(position, said.inputs, said.bodies)
            if said.failure is not None:
                released.add(position, said.failure[:1], said.failure[1:])
            later = [other for _, other in self._nodes[place + 1 :]]
            if any(issubclass(kind, wanted) for kind in node.emits for other in later for wanted in other.consumes):
                derived += ((position, part) for part in _parts(node.name, self._counts[position], said, stretch))
            self._counts[position] += len(said.bodies)
        return released

    def _say(self, node: Node, heard: Heard, stretch: Stretch) -> _Said:
        if not takes_blocks(node):
            return self._by_events(node, heard, stretch, range(len(heard.n)))
        whole = _Said([], [], None)
        for is_block, inside in _segments(heard):
            said = (self._by_block if is_block else self._by_events)(node, heard, stretch, inside)
            whole.inputs.extend(said.inputs)
            whole.bodies.extend(said.bodies)
            if said.failure is not None:
                return whole._replace(failure=said.failure)
        return whole

    def _by_events(self, node: Node, heard: Heard, stretch: Stretch, inside: range) -> _Said:
        inputs: list[int] = []
        bodies: list[Body] = []
        for i in inside:
            part, row, n = heard.parts[heard.owner[i]], int(heard.row[i]), int(heard.n[i])
            event = Event(int(stretch.ts[n]), int(part.seqs[row]), part.source, part.body(row))
            try:
                for body in node.deliver(event, self._run):
                    inputs.append(n)
                    bodies.append(body)
            except Exception as error:  # raised when the clock is there
                return _Said(inputs, bodies, (n, error))
        return _Said(inputs, bodies, None)

    def _by_block(self, node: Node, heard: Heard, stretch: Stretch, inside: range) -> _Said:
        block = _block(heard, stretch, inside)
        saved = state.dump(node.stage)
        places: list[int] = []
        bodies: list[Body] = []
        try:
            for i, body in self._vetted(node, block):
                places.append(i)
                bodies.append(body)
        except Exception as error:
            # Which event it was, only the other driver can say; if that is content, the drivers differ.
            node.stage = node.make()
            state.load(node.stage, saved)
            said = self._by_events(node, heard, stretch, inside)
            if said.failure is not None:
                return said
            return _Said([], [], (int(heard.n[inside.start]), _differs(node, error)))
        at = np.array(places, np.int64)
        if np.any(at[1:] < at[:-1]):
            order = np.argsort(at, kind="stable")
            at, bodies = at[order], [bodies[k] for k in order.tolist()]
        return _Said(heard.n[inside.start + at].tolist(), bodies, None)

    def _vetted(self, node: Node, block: Block) -> Iterator[tuple[int, Body]]:
        for index, body in node.stage.on_columns(block) or ():
            i = operator.index(index)
            if not 0 <= i < len(block):
                raise StageError(f"it named input {i} of a block of {len(block)}; expected 0 to {len(block) - 1}")
            fault = node.fault(body, int(block.ts[i]), self._run)
            if fault is not None:
                raise StageError(fault)
            hash(body)  # what cannot be hashed could be written later, when more is known
            yield i, body


def _differs(node: Node, error: Exception) -> StageError:
    found = StageError(
        f"stage {node.name!r}: on_columns failed where on_event did not: {type(error).__name__}: {error}; both must "
        'say the same of every input; `[run] driver = "events"` runs without blocks'
    )
    found.__cause__ = error
    return found


def _heard(node: Node, parts: Sequence[Part], derived: Sequence[tuple[int, Part]]) -> Heard | None:
    """The rows that pass the stage's `consumes` and `on`, in the order in which events would come."""
    given = [(-1, part) for part in parts] + list(derived)
    chosen = [(o, p) for o, p in given if node.wants(p.rows.kind, p.instrument, p.timeframe, p.source)]
    if not chosen:
        return None
    n = np.concatenate([part.rows.at for _, part in chosen])
    owner = np.repeat(np.arange(len(chosen)), [len(part.rows) for _, part in chosen])
    row = np.concatenate([np.arange(len(part.rows)) for _, part in chosen])
    if len(chosen) > 1:
        # Within a turn: the input itself, then what earlier stages said, each in its order.
        origin = np.array([o for o, _ in chosen])[owner]
        order = np.lexsort((np.concatenate([part.seqs for _, part in chosen]), origin, n))
        n, owner, row = n[order], owner[order], row[order]
    return Heard(n, owner, row, [part for _, part in chosen])


def _segments(heard: Heard) -> Iterator[tuple[bool, range]]:
    """Stretches with and without columns in turn."""
    kinds = np.array([part.has_columns for part in heard.parts])[heard.owner]
    ends = [*(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist(), len(kinds)]
    start = 0
    for end in ends:
        yield bool(kinds[start]), range(start, end)
        start = end


def _block(heard: Heard, stretch: Stretch, inside: range) -> Block:
    owner, row = heard.owner[inside.start : inside.stop], heard.row[inside.start : inside.stop]
    parts: list[Rows] = []
    for number, part in enumerate(heard.parts):
        at = np.flatnonzero(owner == number)
        if len(at):
            rows, start = part.columns(), int(row[at[0]])
            parts.append(rows.cut(start, start + len(at), sealed(at)))
    return Block(sealed(stretch.ts[heard.n[inside.start : inside.stop]]), parts)


def _parts(source: str, count: int, said: _Said, stretch: Stretch) -> Iterator[Part]:
    """What a stage said as rows that others hear."""
    groups: dict[tuple[Any, str, str], list[int]] = {}
    for number, body in enumerate(said.bodies):
        key = (type(body), getattr(body, "instrument", ""), getattr(body, "timeframe", ""))
        groups.setdefault(key, []).append(number)
    for (kind, instrument, timeframe), numbers in groups.items():
        at = np.array([said.inputs[number] for number in numbers], np.int64)
        bodies = [said.bodies[number] for number in numbers]
        rows = Rows(kind, (instrument, timeframe), stretch.ts[at], {}, at=at, bodies=bodies)
        yield Part(source, 0, 0, rows, count + np.array(numbers, np.int64))
