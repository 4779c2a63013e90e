"""What two attributes of a stage hold in common is found, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from helios_engine.bodies import Tick
from helios_engine.sharing import shared
from helios_engine.state import pack, unpack


class Holder:
    """Any attributes."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Slotted:
    """Attributes without a dictionary."""

    __slots__ = ("inside", "left_out")

    def __init__(self, inside: Any) -> None:
        self.inside = inside


class Pair(NamedTuple):
    """Two values."""

    one: Any
    two: Any


ARRAY = np.zeros(4)
TABLE: dict[str, int] = {}
APART: list[Callable[[], Holder]] = [
    lambda: Holder(a={}, b={}, c=[[], []]),
    lambda: Holder(a=np.zeros(2), b=np.zeros(2)),
    lambda: Holder(a=Tick("1m", 1), b=Tick("1m", 1), c="x", d="x", e=1, f=1),
    lambda: Holder(a=Slotted([]), b=Holder(c=[])),
]
TOGETHER: list[Callable[[], Holder]] = [
    lambda: Holder(a=TABLE, b=TABLE),
    lambda: Holder(a=TABLE, b=[1, {"x": TABLE}]),
    lambda: Holder(a=ARRAY, b=ARRAY[1:]),
    lambda: Holder(a=(TABLE,), b=Slotted(TABLE)),
    lambda: Holder(a=TABLE, b=Holder(c=TABLE)),
]


@pytest.mark.parametrize("make", APART)
def test_attributes_that_hold_things_of_their_own_are_apart(make: Callable[[], Holder]) -> None:
    assert shared(make()) is None


@pytest.mark.parametrize("make", TOGETHER)
def test_what_two_attributes_hold_is_told(make: Callable[[], Holder]) -> None:
    assert shared(make()) == "b"


def test_a_stage_that_one_of_its_parts_refers_to_is_told() -> None:
    stage = Holder(a=1)
    vars(stage)["part"] = Holder(back=stage)

    assert shared(stage) == "part"


@pytest.mark.parametrize("value", [Pair(1, (2, [3])), Fraction(1, 3), {"x": Slotted([1.5])}])
def test_named_tuples_fractions_and_slots_come_back(value: Any) -> None:
    def plain(found: Any) -> Any:
        return {key: (type(one), one.inside) for key, one in found.items()} if isinstance(found, dict) else found

    again = unpack(pack(value, "tests", "value"), "tests")

    assert (type(again), plain(again)) == (type(value), plain(value))
