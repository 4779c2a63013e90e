"""Whether anybody listened to a flag: one that means nothing to a format is a misunderstanding, not a detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from helios_engine.catalog.importers.contract import Ask
from helios_engine.errors import ConfigError

_ALWAYS = {"tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee", "base", "quote", "sort"}
_ALWAYS |= {"drop_identical", "drop_incomplete", "allow_ohlc", "allow_exponent", "instrument"}
"""What every import heeds, and permissions that a file may turn out not to need."""


class Heard:
    """Stands for an `Ask` and notes which of its fields are looked at."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._seen = ask, set(_ALWAYS)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            self._seen.add(name)
            return getattr(self._ask, name)

    @property
    def ask(self) -> Ask:
        """This, in the clothes of what it stands for."""
        return cast(Ask, self)

    def check(self, importer: str) -> None:
        """ConfigError for a flag that was given and that the importer never looked at."""
        plain = Ask()
        for name in Ask.__struct_fields__:
            if name not in self._seen and getattr(self._ask, name) != getattr(plain, name):
                flag = {"columns": "map", "header": "no-header"}.get(name, name.replace("_", "-"))
                raise ConfigError(f"--{flag} means nothing to --format {importer}; leave it out. Nothing was imported")
