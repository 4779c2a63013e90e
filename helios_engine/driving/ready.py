"""What stages that ran ahead have said of a stretch, until the clock is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from helios_engine.events import Body
from helios_engine.timeline import Released


class Ready:
    """Outputs by input and, within it, in the order in which they were added, which is that of the stages.

    They lie in flat lists and become `Released` one input at a time: the garbage collector would go over an object an
    output again and again, which takes longer than most stages do.
    """

    def __init__(self) -> None:
        self._inputs: list[int] = []
        self._positions: list[int] = []
        self._said: list[Body | Exception] = []
        self._first: dict[int, int] | None = None

    def add(self, position: int, inputs: Sequence[int], said: Iterable[Body | Exception]) -> None:
        """Add what the stage at `position` said of each of `inputs`, or the exception that it raised."""
        self._inputs += inputs
        self._positions += [position] * len(inputs)
        self._said += said
        self._first = None

    def at(self, n: int) -> Sequence[Released]:
        """What was said of input `n`, one entry a stage."""
        place = self._ordered().get(n)
        if place is None:
            return ()
        found: list[Released] = []
        while place < len(self._inputs) and self._inputs[place] == n:
            position = self._positions[place]
            if not found or found[-1].position != position:
                found.append(Released(position, []))
            found[-1].said.append(self._said[place])
            place += 1
        return found

    @property
    def inputs(self) -> NDArray[np.int64]:
        """The inputs of which something was said."""
        return np.fromiter(self._ordered(), np.int64)

    def _ordered(self) -> dict[int, int]:
        """Where the outputs of each input begin."""
        if self._first is None:
            n = np.array(self._inputs, np.int64)
            if np.any(n[1:] < n[:-1]):
                order = np.argsort(n, kind="stable").tolist()
                self._inputs = [self._inputs[k] for k in order]
                self._positions = [self._positions[k] for k in order]
                self._said = [self._said[k] for k in order]
                n = np.sort(n)
            starts = np.flatnonzero(np.append(True, n[1:] != n[:-1]))[: len(n)]
            self._first = dict(zip(n[starts].tolist(), starts.tolist(), strict=True))
        return self._first
