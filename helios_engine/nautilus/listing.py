"""Which instruments a venue takes, and what of them may change during a run."""

from __future__ import annotations

from collections.abc import Iterable

from helios_engine.bodies import Instrument
from helios_engine.errors import BuildError
from helios_engine.fees import IN_QUOTE
from helios_engine.nautilus.settings import Settings


def one_venue(known: Iterable[Instrument]) -> str:
    """The venue that all instruments name; BuildError if there are several, or none."""
    names = {definition.instrument.rpartition(".")[2] for definition in known}
    if len(names) != 1:
        raise BuildError(f"nautilus.sim is one venue with one account; the instruments name {sorted(names) or 'none'}")
    return names.pop()


def admit(settings: Settings, body: Instrument) -> None:
    """BuildError for what the account cannot hold, or pay the fees of."""
    if body.contract == "perpetual" and settings.account == "cash":
        raise BuildError(
            f'{body.instrument} is a perpetual, which a cash account cannot hold; set account = "margin" under '
            "[venue], and leverage"
        )
    if settings.account == "margin" and settings.fees_in.get(body.instrument, IN_QUOTE) != IN_QUOTE:
        raise BuildError(
            f"{body.instrument}: its fee schedule takes fees from what is bought or sold, which nautilus.sim does "
            "in cash accounts alone; in a margin account give maker_fee and taker_fee under [[instrument]]"
        )


def same_thing(ts: int, before: Instrument, after: Instrument) -> None:
    """BuildError if a new definition is that of another thing."""
    if (after.base, after.quote, after.contract) != (before.base, before.quote, before.contract):
        raise BuildError(f"{after.instrument} becomes another thing at {ts}: base, quote and contract cannot change")
