from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from helios_engine import recipe
from helios_engine.errors import BuildError, ConfigError


class Sized:
    """Settings of several kinds."""

    def __init__(self, window: int = 10, kind: Literal["sma", "ema"] = "sma", place: Path | None = None) -> None:
        self.window = window


class Nothing:
    """No settings at all."""


class Untyped:
    """A keyword without a type."""

    def __init__(self, window=1) -> None:  # type: ignore[no-untyped-def]
        self.window = window


class Open:
    """Takes anything."""

    def __init__(self, **more: Any) -> None:
        self.more = more


def shared(items: list[int] = []) -> list[int]:  # noqa: B006
    """A factory with a default that all callers would share."""
    return items


def test_typed_keywords_become_settings_with_their_defaults() -> None:
    assert recipe.convert("x.sized", Sized, {"kind": "ema"}) == {"window": 10, "kind": "ema", "place": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": "ten"}, "Expected `int`, got `str` - at `$.window`; its settings are: window, kind, place"),
        ({"kind": "wma"}, "Invalid enum value 'wma'"),
        ({"windo": 3}, "unknown field `windo`"),
        ({"window": 1.5}, "Expected `int`, got `float`"),
    ],
)
def test_a_setting_of_the_wrong_type_is_refused_with_its_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe.convert("x.sized", Sized, given)

    assert said in str(caught.value)


def test_a_recipe_without_settings_takes_none() -> None:
    assert recipe.convert("x.nothing", Nothing, {}) == {}


def test_a_keyword_without_a_type_is_refused() -> None:
    with pytest.raises(BuildError, match="the setting 'window' has no type; annotate it"):
        recipe.settings_struct("x.untyped", Untyped)


def test_open_ended_keywords_are_refused() -> None:
    with pytest.raises(BuildError, match=r"may not take \*args or \*\*kwargs"):
        recipe.settings_struct("x.open", Open)


def test_a_mutable_default_is_made_anew_for_every_run() -> None:
    first = recipe.convert("x.shared", shared, {})["items"]
    first.append(1)

    assert recipe.convert("x.shared", shared, {})["items"] == []


def test_the_schema_publishes_types_and_defaults() -> None:
    found = recipe.schema("x.sized", Sized)["$defs"]["XSized"]["properties"]

    assert found["window"] == {"type": "integer", "default": 10}
    assert found["kind"] == {"enum": ["ema", "sma"], "default": "sma"}
