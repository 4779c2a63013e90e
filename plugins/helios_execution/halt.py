"""Which instruments may not be entered, because somebody turned a switch."""

from __future__ import annotations

from helios_engine.bodies import Control

EVERYTHING = "*"


class Halt:
    """Remembers Controls, by the rules that `Control` states and the gate keeps.

    `pause`, `reduce_only` and `flatten` halt until `resume`; `kill` halts for good, and nothing but cancels passes.
    """

    def __init__(self) -> None:
        self.halted: set[str] = set()
        self.killed: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether no new position of the instrument may be made."""
        return bool(self.halted & {name, EVERYTHING}) or self.is_killed(name)

    def is_killed(self, name: str) -> bool:
        """Whether no order of the instrument may be made at all."""
        return bool(self.killed & {name, EVERYTHING})

    def hear(self, control: Control, known: tuple[str, ...]) -> tuple[str, ...]:
        """Take a Control in; return the instruments whose positions have to be closed."""
        scope = control.value if control.value in known else EVERYTHING
        match control.name:
            case "kill":
                self.killed.add(scope)
            case "pause" | "reduce_only" | "flatten":
                self.halted.add(scope)
            case "resume" if scope != EVERYTHING:
                self.halted.discard(scope)
            case "resume" if control.value in ("", "all", EVERYTHING):
                self.halted.clear()
        if control.name != "flatten":
            return ()
        return known if scope == EVERYTHING else (scope,)
