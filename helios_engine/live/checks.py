"""A finished run held against itself: replayed, reconciled, and backtested over its own recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import HeliosError
from helios_engine.live.rerun import rerun
from helios_engine.plugins import Plugins
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.runner import Progress

PARITY = ("decisions", "venue")
"""The chains that a backtest over the recording must share; its inputs come from a catalog, so theirs is another."""


class Checked(NamedTuple):
    """The heads of a run and of what was made of it again, by chain; `why_not` says why there is no backtest."""

    run: dict[str, str]
    replay: dict[str, str]
    reconcile: dict[str, str]
    backtest: dict[str, str]
    fills: int
    why_not: str

    @property
    def differences(self) -> list[str]:
        """Every chain that differs where it must not."""
        found = {name for name, head in self.run.items() if self.replay[name] != head or self.reconcile[name] != head}
        if self.backtest:
            found |= {name for name in PARITY if self.backtest[name] != self.run[name]}
        return sorted(found)

    @property
    def text(self) -> str:
        """A table of heads for people: one line a chain, one column a way."""
        ways = {"paper": self.run, "replay": self.replay, "reconcile": self.reconcile, "backtest": self.backtest}
        lines = ["heads        " + "".join(f"{way:<14}" for way in ways)]
        for name in (*PARITY, *(name for name in self.run if name.startswith("stage."))):
            heads = [heads.get(name, "") for heads in ways.values()]
            verdict = "same" if len({head for head in heads if head}) == 1 else "DIFFER"
            lines.append("             " + "".join(f"{head[:12]:<14}" for head in heads) + f"{verdict:<7} {name}")
        if self.why_not:
            lines.append(f"no backtest  {self.why_not}")
        differences = self.differences
        lines.append(
            f"checked      {self.fills} fills; "
            + (f"DIFFER in {', '.join(differences)}" if differences else "zero differences")
        )
        return "\n".join(lines)


Progressing = Callable[[str], Progress]
"""Makes what is told of the progress of a part of the check."""


def check_run(
    place: Path, plugins: Plugins | None = None, *, inputs: int = 0, progressing: Progressing | None = None
) -> Checked:
    """Replay and reconcile a run from its journal, and backtest it over its recording where that can be done.

    `inputs` is how many the run has taken, which progress is measured by.
    """

    def told(what: str) -> Progress | None:
        if progressing is None:
            return None
        tell = progressing(what)
        # A live run has no planned end, so the share that is done is one of its inputs.
        return lambda share, count: tell(count / inputs if inputs else share, count)

    replayed = replay(place, plugins=plugins, progress=told("replay"))
    reconciled = reconcile(place, plugins=plugins, progress=told("reconcile"))
    again, why_not = {}, ""
    try:
        again = rerun(place, plugins, told("backtest")).heads
    except HeliosError as error:
        why_not = str(error)
    now = {name: head for name, (_, head) in reconciled.heads.items()}
    return Checked(replayed.recorded, replayed.replayed, now, again, reconciled.fills, why_not)
