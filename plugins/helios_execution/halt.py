"""Which instruments may not be entered, because somebody turned a switch."""

from __future__ import annotations

from helios_engine.bodies import Control

EVERYTHING = "*"


class Halt:
    """Remembers Controls: `pause`, `reduce_only`, `flatten` and `kill` halt, `resume` ends that.

    A Control whose value is a known instrument is for that one, any other for all of them.
    """

    def __init__(self) -> None:
        self.halted: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether no new position of the instrument may be made."""
        return name in self.halted or EVERYTHING in self.halted

    def hear(self, control: Control, known: tuple[str, ...]) -> tuple[str, ...]:
        """Take a Control in; return the instruments whose positions have to be closed."""
        scope = control.value if control.value in known else EVERYTHING
        if control.name == "resume":
            self.halted = set() if scope == EVERYTHING else self.halted - {scope}
        elif control.name in ("pause", "reduce_only", "flatten", "kill"):
            self.halted.add(scope)
            if control.name in ("flatten", "kill"):
                return known if scope == EVERYTHING else (scope,)
        return ()
