"""The instruments of a run on its own terms: the catalog's definitions, the config's fee schedules and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.config import Config
from helios_engine.errors import ConfigError
from helios_engine.fees import IN_QUOTE, FeeIn, fees_of, percent, schedules
from helios_engine.soundness import RunningFeed
from helios_engine.toml_place import nearest, place

DEFINED = "the definition"
"""Where fees come from if the config says nothing."""


class Terms(NamedTuple):
    """Definitions in order of time; by instrument, what fees are taken from and where their rates come from."""

    instruments: tuple[Instrument, ...]
    fees_in: dict[str, tuple[FeeIn, FeeIn]]
    origins: dict[str, str]


def terms(config: Config, feeds: Sequence[RunningFeed]) -> Terms:
    """The terms of every instrument of the feeds; ConfigError for an override of an unknown instrument or field.

    Of a fee, what `[[instrument]]` says counts first, then the schedule that it names, then the one that
    `[venue]` names, then the definition.
    """
    found = {d: None for feed in feeds for d in feed.feed.instruments()}
    names = {definition.instrument for definition in found}
    for name in config.instruments:
        if name not in names:
            raise ConfigError(f"{config.path}: [[instrument]] {name!r} is in no feed; {nearest(name, names)}")
    changed: list[Instrument] = []
    taken, origins = {}, {}
    for definition in found:
        now, sides, origin = _on_terms(config, definition)
        changed.append(now)
        taken[now.instrument], origins[now.instrument] = sides, origin
    return Terms(tuple(sorted(changed, key=lambda d: (d.valid_from, d.instrument))), taken, origins)


def on_terms(config: Config, definition: Instrument) -> Instrument:
    """A definition with the fees and fields that the config gives it; raises ConfigError as `terms` does."""
    return _on_terms(config, definition)[0]


def _on_terms(config: Config, definition: Instrument) -> tuple[Instrument, tuple[FeeIn, FeeIn], str]:
    name = definition.instrument
    fields = dict(config.instruments.get(name, {}))
    own = fields.pop("fees", None)
    schedule = config.fees if own is None else own
    sides, origin = IN_QUOTE, DEFINED
    if schedule:
        where = (
            place(config.path, config.text, "[venue]", "fees")
            if own is None
            else f"{config.path}: [[instrument]] {name}"
        )
        fees = fees_of(schedule, definition, where)
        definition = msgspec.structs.replace(definition, maker_fee=fees.maker, taker_fee=fees.taker)
        sides, origin = fees.taken_from, f"{schedule} ({schedules()[schedule].date})"
    if "maker_fee" in fields or "taker_fee" in fields:
        origin = f"the config, over {origin}"
    return (_overridden(config, definition, fields) if fields else definition), sides, origin


def _overridden(config: Config, definition: Instrument, fields: dict[str, Any]) -> Instrument:
    known = Instrument.__struct_fields__
    for key in fields:
        if key not in known:
            raise ConfigError(
                f"{config.path}: [[instrument]] {definition.instrument}: unknown field {key!r}; "
                f"{nearest(key, (*known, 'fees'))}"
            )
    try:
        return msgspec.convert({**msgspec.to_builtins(definition), **fields}, Instrument)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{config.path}: [[instrument]] {definition.instrument}: {error}; "
            'write amounts as text, such as taker_fee = "0.001"'
        ) from None


def fees_in_words(agreed: Terms) -> str:
    """The fees for a report: rates, where they come from, and what they are taken from if that is not the quote."""
    groups: dict[str, None] = {}
    for d in agreed.instruments:
        maker_in, taker_in = agreed.fees_in[d.instrument]
        taken = "" if (maker_in, taker_in) == IN_QUOTE else f", taken from what is {maker_in} / {taker_in}"
        origin = agreed.origins[d.instrument]
        of = "" if origin == DEFINED else f", by {origin}"
        groups[f"{percent(d.maker_fee)} / {percent(d.taker_fee)}{taken}{of}"] = None
    return f"maker / taker {'; '.join(groups)}"
