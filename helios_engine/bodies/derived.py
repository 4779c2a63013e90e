"""What stages make of market data, up to the position they want."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from helios_engine.events import Body


class Schema(msgspec.Struct, frozen=True):
    """A named, versioned order of feature columns, e.g. `Schema("returns/1", ("return",))`."""

    name: str
    columns: tuple[str, ...]


class Features(Body, frozen=True):
    """One row of features under a schema: float64 little-endian bytes and a mask byte for each.

    A mask byte of 1 says that the value is there. What is not there is NaN in `array`, never 0.
    The bytes are the row's own: no view into a larger table, whose `.base` would hold the future.
    """

    instrument: str
    timeframe: str
    schema: str
    values: bytes
    mask: bytes

    @classmethod
    def of(cls, instrument: str, schema: Schema, values: Sequence[float | None], timeframe: str = "") -> Features:
        """Pack a row; `None` or NaN is masked. Raises ValueError on a wrong length or infinity."""
        if len(values) != len(schema.columns):
            raise ValueError(f"{schema.name} has {len(schema.columns)} columns, got {len(values)}")
        row = [math.nan if v is None else float(v) for v in values]
        if any(map(math.isinf, row)):
            raise ValueError(f"{schema.name} of {instrument}: infinity is not a feature value")
        mask = bytes(0 if math.isnan(v) else 1 for v in row)
        return cls(instrument, timeframe, schema.name, struct.pack(f"<{len(row)}d", *row), mask)

    @property
    def array(self) -> NDArray[np.float64]:
        """The values as a read-only float64 array, NaN where masked."""
        return np.frombuffer(self.values, dtype="<f8")

    @property
    def is_complete(self) -> bool:
        """Whether every value is there."""
        return 0 not in self.mask


class Label(Body, frozen=True):
    """What came of an earlier request: the value a model should have predicted."""

    request_id: str
    instrument: str
    value: float


class Prediction(Body, frozen=True):
    """A model's answer to the `PredictRequest` with this id."""

    request_id: str
    model: str
    instrument: str
    value: float


class VolForecast(Body, frozen=True):
    """Forecast standard deviation of the return over the next bar of `timeframe`, as a fraction."""

    instrument: str
    timeframe: str
    volatility: float


class Signal(Body, frozen=True):
    """A strategy's wish, from −1 (short) to +1 (long)."""

    instrument: str
    value: float


class RiskDecision(Body, frozen=True):
    """How much of a signal risk allows, 0 … leverage cap, and why."""

    instrument: str
    multiplier: float
    reason: str


class StrategicView(Body, frozen=True):
    """A slow opinion on everything: multiplier in [0, 1], void `ttl` nanoseconds after its event."""

    multiplier: float
    ttl: int
    reason: str


class Target(Body, frozen=True):
    """The position we want, in units of the instrument; negative is short."""

    instrument: str
    quantity: float
