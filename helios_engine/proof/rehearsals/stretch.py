"""How much of a run is enough where a question does not depend on the data: until every part has spoken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helios_engine.proof.rehearsals.watching import Said

LEAST, MOST = 4_000, 60_000
"""Inputs that are taken at least, if there are so many, and at most."""
_MORE = 1.25


class Stretch:
    """Says when the beginning of a run is long enough to judge `parts` by."""

    def __init__(self, parts: Iterable[str]) -> None:
        self.silent = set(parts)
        self._needed = float(LEAST)

    def is_enough(self, said: Mapping[str, Said], count: int) -> bool:
        """Whether so many inputs are: every part has spoken, and was heard for a quarter longer."""
        if self.silent:
            self.silent -= {name for name in self.silent if name in said and said[name].outputs}
            self._needed = max(LEAST, count * _MORE)
        return count >= MOST or (not self.silent and count >= self._needed)
