from __future__ import annotations

import random
from collections import deque
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import Signal
from helios_engine.errors import StageError

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.text(), st.integers()), inner)
        | st.lists(inner, max_size=3).map(lambda items: deque(items, maxlen=5))
    ),
    max_leaves=20,
)


class Holder:
    """Keeps one thing."""

    def __init__(self, thing: Any = None) -> None:
        self.thing = thing


def back(thing: Any) -> Any:
    fresh = Holder()
    state.load(fresh, state.dump(Holder(thing)))
    return fresh.thing


@given(plain)
def test_plain_attributes_come_back_equal_and_of_the_same_kind(thing: Any) -> None:
    assert repr(back(thing)) == repr(thing)


@pytest.mark.parametrize("thing", [{3, 1, 2}, frozenset({"a", "b"}), Decimal("1.10"), 2**200, Signal("X", 0.5)])
def test_sets_decimals_big_numbers_and_bodies_come_back(thing: Any) -> None:
    assert back(thing) == thing


def test_a_bounded_deque_keeps_its_bound() -> None:
    assert back(deque([1, 2, 3], maxlen=3)).maxlen == 3


def test_an_array_comes_back_bit_for_bit_and_writable() -> None:
    array = np.array([[1.5, np.nan], [-0.0, np.inf]])

    found = back(array)

    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable


def test_a_random_generator_goes_on_where_it_was() -> None:
    generator = random.Random(7)
    generator.random()

    found = back(generator)

    assert [found.random() for _ in range(5)] == [generator.random() for _ in range(5)]


def test_what_cannot_be_saved_is_named_with_a_way_out() -> None:
    with pytest.raises(StageError, match="the attribute 'thing' holds a .*; keep plain values, or give the stage"):
        state.dump(Holder(open))


def test_state_that_names_a_foreign_class_is_refused() -> None:
    forged = b"\x81\xa5thing\x94\xa1o\xa2os\xa6system\x92\xa1d\x90"

    with pytest.raises(StageError, match="saved state names os.system"):
        state.load(Holder(), forged)
