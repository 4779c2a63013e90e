"""What a command line asks a connection for, in words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from helios_engine.bodies import Bar, BookSnapshot, FundingRate, MarkPrice, Quote, Ticker, Trade
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted
from helios_engine.timeframe import timeframe_ns
from helios_engine.toml_place import nearest

KINDS: dict[str, type[Body]] = {
    "bars": Bar,
    "trades": Trade,
    "quotes": Quote,
    "books": BookSnapshot,
    "ticker": Ticker,
    "mark": MarkPrice,
    "funding": FundingRate,
}
"""Kinds of data by the word for them; books bring their changes too."""


def wanted_of(instruments: str, kinds: str, timeframe: str) -> list[Wanted]:
    """Each kind of each instrument, both lists with commas; ConfigError for a word that is not known."""
    names = [name.strip() for name in instruments.split(",") if name.strip()]
    if not names or any("." not in name for name in names):
        raise ConfigError(f"--instruments: expected names such as BTCZAR.VALR with commas, found {instruments!r}")
    found = []
    for word in (word.strip() for word in kinds.split(",")):
        if word not in KINDS:
            raise ConfigError(f"--kinds: unknown kind {word!r}; {nearest(word, KINDS)}")
        if word == "bars":
            _check(timeframe)
        found += [Wanted(KINDS[word], name, timeframe if word == "bars" else "") for name in names]
    return found


def settings_of(given: Sequence[str]) -> dict[str, Any]:
    """`key=value`, where a value that reads as TOML is what TOML says, and text elsewhere."""
    found: dict[str, Any] = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {text!r}: expected KEY=VALUE")
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value
    return found


def changed(before: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """What a run that is gone on with is given otherwise than at its beginning, in words."""
    return [
        f"--set {key}={value} goes before "
        + (f"{key}={before[key]} of the run's beginning" if key in before else "what the run began with")
        + ", until it ends or is killed: --resume needs it again"
        for key, value in given.items()
        if key not in before or before[key] != value
    ]


def _check(timeframe: str) -> None:
    try:
        timeframe_ns(timeframe)
    except ValueError as error:
        raise ConfigError(f"--timeframe: {error}") from None
