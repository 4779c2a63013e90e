"""A block: a stretch of the timeline in columns, for stages that offer `on_columns`.

Nothing in a block reaches past its end: its arrays are read-only, own their memory (their `.base` is the bytes of
just these rows) and are never written again. Even so the rows of a block lie in each other's future: what a stage
says of row `n` may come of rows up to `n` alone. `helios-engine prove` runs every pipeline by blocks of other sizes and
event by event, and a difference is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helios_engine.errors import StageError
from helios_engine.events import Body

SIDES = MappingProxyType({1: "BUY", -1: "SELL", 0: ""})
"""What the codes of a column `side` mean."""
_EXACT = 2**50
"""Units below this survive the way through a float and back."""
_MANY = 256
_KEYS = ("instrument", "timeframe")


class Rows:
    """Rows of a block that are of one kind, instrument and timeframe, oldest first.

    `at[n]` is the index of row `n` in the block, `ts[n]` when it may be known (ns UTC). `rows["close"]` is a column
    under the name of the body's field and in its unit: int64 for times and numbers that are whole, float64 for prices
    and sizes, bit for bit those of the bodies, int8 for `side` (see SIDES). Words have no column: `body(n)` is row `n`
    as `on_event` would see it.
    """

    _hidden = ("_bodies", "_floats", "_made", "_numbers", "_scales", "_texts")
    __slots__ = (*_hidden, "at", "instrument", "kind", "timeframe", "ts")
    at: NDArray[np.int64]
    instrument: str
    kind: type[Body]
    timeframe: str
    ts: NDArray[np.int64]
    _numbers: Mapping[str, NDArray[Any]]
    _scales: Mapping[str, int]
    _texts: Mapping[str, Any]
    _bodies: Sequence[Body] | None
    _floats: dict[str, NDArray[Any]]
    _made: tuple[int, list[Body]]

    def __init__(
        self,
        kind: type[Body],
        key: tuple[str, str],
        ts: NDArray[np.int64],
        numbers: Mapping[str, NDArray[Any]],
        *,
        scales: Mapping[str, int] | None = None,
        texts: Mapping[str, Any] | None = None,
        at: NDArray[np.int64] | None = None,
        bodies: Sequence[Body] | None = None,
    ) -> None:
        """`key` is instrument and timeframe. `numbers` with one of `scales` hold integers in units of 10^−scale,
        others what the bodies hold; `texts` are arrow arrays of words; `bodies` are the rows themselves, if there are.
        """
        for name, value in (
            ("kind", kind),
            ("instrument", key[0]),
            ("timeframe", key[1]),
            ("ts", ts),
            ("at", sealed(np.arange(len(ts))) if at is None else at),
            ("_numbers", numbers),
            ("_scales", scales or {}),
            ("_texts", texts or {}),
            ("_bodies", bodies),
            ("_floats", {}),
            ("_made", (0, [])),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise StageError(
            f"a block cannot be changed: {name!r} was to be set; keep what you need in attributes of yours"
        )

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(self._numbers)

    def __getitem__(self, name: str) -> NDArray[Any]:
        scale = self._scales.get(name)
        if scale is None:
            found: NDArray[Any] = self._numbers[name]
            return found
        if name not in self._floats:
            self._floats[name] = sealed(self._numbers[name] / 10**scale)
        return self._floats[name]

    def units(self, name: str, scale: int) -> NDArray[np.int64]:
        """A column as whole numbers of 10^−`scale`: `round(value * 10**scale)` of each of the bodies' values.

        Raises OverflowError where one of them has 2^62 units or more.
        """
        if self._scales.get(name) == scale:
            whole: NDArray[np.int64] = self._numbers[name]
            if not len(whole) or (int(whole.max()) < _EXACT and int(whole.min()) > -_EXACT):
                return whole
        units = np.rint(self[name] * float(10**scale))
        if len(units) and not np.abs(units).max() < 2**62:
            raise OverflowError(f"expected {name} below 2^62 units of 1e-{scale}, found {self[name].max()!r}")
        return sealed(units.astype(np.int64))

    def body(self, n: int) -> Body:
        """Row `n` as a body."""
        if self._bodies is not None:
            return self._bodies[n]
        first, made = self._made
        if 0 <= n - first < len(made):
            return made[n - first]
        if n == first + len(made) > 0:  # who asks for one after the other is given many at a time
            object.__setattr__(self, "_made", (n, self.bodies(n, min(n + _MANY, len(self)))))
        else:
            one = self.kind(*(self._value(name, n) for name in self.kind.__struct_fields__))
            object.__setattr__(self, "_made", (n, [one]))
        return self._made[1][0]

    def bodies(self, start: int = 0, stop: int | None = None) -> list[Body]:
        """Rows `start` to `stop` as bodies."""
        stop = len(self) if stop is None else stop
        if self._bodies is not None:
            return list(self._bodies[start:stop])
        fields = [self._field(name, start, stop) for name in self.kind.__struct_fields__]
        return [self.kind(*row) for row in zip(*fields, strict=False)]

    def cut(self, start: int, stop: int, at: NDArray[np.int64]) -> Rows:
        """Rows `start` to `stop` alone, in memory of their own, at the indices `at` of another block."""
        texts = {name: text.take(np.arange(start, stop)) for name, text in self._texts.items()}
        return Rows(
            self.kind,
            (self.instrument, self.timeframe),
            sealed(self.ts[start:stop]),
            {name: sealed(column[start:stop]) for name, column in self._numbers.items()},
            scales=self._scales,
            texts=texts,
            at=at,
            bodies=None if self._bodies is None else self._bodies[start:stop],
        )

    def _value(self, name: str, n: int) -> Any:
        """One field of one row, as `_field` has it."""
        if name in _KEYS:
            return getattr(self, name)
        if name in self._texts:
            return self._texts[name][n].as_py() or ""
        value, scale = self._numbers[name].item(n), self._scales.get(name)
        if name == "side":
            return SIDES[value]
        return value if scale is None else float(value) / float(10**scale)

    def _field(self, name: str, start: int, stop: int) -> Any:
        if name in _KEYS:
            return repeat(getattr(self, name), stop - start)
        if name in self._texts:
            return [text or "" for text in self._texts[name][start:stop].to_pylist()]
        column, scale = self._numbers[name][start:stop], self._scales.get(name)
        if name == "side":
            return [SIDES[code] for code in column.tolist()]
        return column.tolist() if scale is None else (column / 10**scale).tolist()


class Block:
    """A stretch of the timeline as one stage sees it: what passes its `consumes` and `on`, in order.

    `ts[i]` is when input `i` may be known (ns UTC), ties in the order in which they would be delivered. Each input is
    a row of one of `parts`, at the index that `Rows.at` says.
    """

    __slots__ = ("parts", "ts")
    parts: tuple[Rows, ...]
    ts: NDArray[np.int64]

    def __init__(self, ts: NDArray[np.int64], parts: Sequence[Rows]) -> None:
        object.__setattr__(self, "ts", ts)
        object.__setattr__(self, "parts", tuple(parts))

    def __setattr__(self, name: str, value: Any) -> None:
        raise StageError(
            f"a block cannot be changed: {name!r} was to be set; keep what you need in attributes of yours"
        )

    def __len__(self) -> int:
        return len(self.ts)


def sealed(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that nobody can write: its memory is an immutable `bytes` of just these values."""
    found: NDArray[Any] = np.frombuffer(array.tobytes(), dtype=array.dtype)
    return found
