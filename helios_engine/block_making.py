"""Blocks made of bodies: of what stages say and of feeds without columns, and for tests of `on_columns`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_origin

import msgspec
import numpy as np
from numpy.typing import NDArray

from helios_engine.block import SIDES, Block, Rows, sealed
from helios_engine.events import Body

CODES = {word: code for code, word in SIDES.items()}
"""The codes of a column `side`, by what they mean."""


def has_columns(kind: type[Body]) -> bool:
    """Whether every field of a kind is a number or a word, so that blocks hold it."""
    return all(f.type in (int, float, str) or get_origin(f.type) is Literal for f in msgspec.structs.fields(kind))


def rows_of(bodies: Sequence[Body], ts: NDArray[np.int64], at: NDArray[np.int64]) -> Rows:
    """Bodies of one kind, instrument and timeframe as rows; they must have columns, and there must be one."""
    first, numbers = bodies[0], {}
    for field in msgspec.structs.fields(type(first)):
        values = [getattr(body, field.name) for body in bodies]
        if field.type in (int, float):
            numbers[field.name] = sealed(np.array(values, np.int64 if field.type is int else np.float64))
        elif field.name == "side":
            numbers["side"] = sealed(np.array([CODES[value] for value in values], np.int8))
    key = (getattr(first, "instrument", ""), getattr(first, "timeframe", ""))
    return Rows(type(first), key, ts, numbers, at=at, bodies=tuple(bodies))


def block_of(inputs: Sequence[tuple[int, Body]]) -> Block:
    """A block of `(ts, body)` in order, as the engine would make it; ValueError for a kind without columns."""
    groups: dict[tuple[type[Body], str, str], list[int]] = {}
    for index, (_, body) in enumerate(inputs):
        if not has_columns(type(body)):
            raise ValueError(f"expected kinds with columns, found {type(body).__name__}; it comes through on_event")
        key = (type(body), getattr(body, "instrument", ""), getattr(body, "timeframe", ""))
        groups.setdefault(key, []).append(index)
    ts = sealed(np.array([given for given, _ in inputs], np.int64))
    indices = [sealed(np.array(group, np.int64)) for group in groups.values()]
    return Block(ts, [rows_of([inputs[n][1] for n in at], sealed(ts[at]), at) for at in indices])
