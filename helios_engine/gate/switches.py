"""What somebody turned off: `Control` inputs hold an instrument or everything."""

from __future__ import annotations

from collections.abc import Container

from helios_engine.bodies import Control
from helios_engine.gate.holdings import Case

EVERYTHING = "*"
_HOLDS = ("pause", "reduce_only", "flatten")


class Switches:
    """Remembers who is held by what, by the rules that `Control` states."""

    def __init__(self, instruments: Container[str]) -> None:
        self._instruments = instruments
        self._held: dict[str, str] = {}
        self._killed: set[str] = set()
        self._flat: set[str] = set()

    def control(self, ts: int, body: Control) -> None:
        """Take a switch in; names that are not the gate's are flags for stages."""
        scope = body.value if body.value in self._instruments else EVERYTHING
        if body.name == "kill":
            self._killed.add(scope)
        elif body.name in _HOLDS:
            self._held[scope] = body.name
            if body.name == "flatten":
                self._flat.add(scope)
        elif body.name == "resume" and scope != EVERYTHING:
            self._held.pop(scope, None)
            self._flat.discard(scope)
        elif body.name == "resume" and body.value in ("", "all", EVERYTHING):
            self._held.clear()
            self._flat.clear()

    @property
    def closes(self) -> bool:
        """Whether anything is flattened or killed."""
        return bool(self._flat or self._killed)

    def flattens(self, name: str) -> bool:
        """Whether an instrument is to be flat: from `flatten` until `resume`, whatever came in between."""
        return bool(self._flat) and not self._flat.isdisjoint((EVERYTHING, name))

    def kills(self, name: str) -> bool:
        """Whether nothing but cancels passes for an instrument."""
        return bool(self._killed) and not self._killed.isdisjoint((EVERYTHING, name))

    def told(self) -> dict[str, str]:
        """By instrument, or `*` for everything, the switch that holds it."""
        return {**self._held, **dict.fromkeys(self._flat, "flatten"), **dict.fromkeys(self._killed, "kill")}

    def killed(self, case: Case) -> str | None:
        """After a kill nothing but cancels passes, for the rest of the run."""
        scope = self._scope(case, self._killed)
        return None if scope is None else f"kill: {_told(scope)} killed; only cancels pass"

    def held(self, case: Case) -> str | None:
        """No new risk after pause, reduce_only or flatten, until resume."""
        scope = self._scope(case, self._held)
        if scope is None:
            return None
        return f"pause: {_told(scope)} held by {self._held[scope]!r}; only orders that reduce pass until 'resume'"

    @staticmethod
    def _scope(case: Case, held: Container[str]) -> str | None:
        name = case.order.instrument
        return next((scope for scope in (EVERYTHING, name) if scope in held), None)


def _told(scope: str) -> str:
    return "everything is" if scope == EVERYTHING else f"{scope} is"
