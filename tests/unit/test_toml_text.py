from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.toml_text import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.dates())
VALUE = st.recursive(PLAIN, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3))


@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_what_is_written_is_read_back_as_it_was(table: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(table)) == table


def test_lists_of_tables_keep_their_order_and_dates_stay_dates() -> None:
    table = {"stage": [{"use": "b"}, {"use": "a", "on": {"timeframe": "1h"}}], "run": {"start": date(2024, 1, 2)}}

    assert tomllib.loads(toml_text(table)) == table


def test_what_toml_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="expected what TOML can hold, found None"):
        toml_text({"a": None})
