"""What people ask of a live run: a look, or a switch that is an input like any other, and the file KILL."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from helios_engine.errors import ConfigError, NotAvailableError
from helios_engine.files import write_whole
from helios_engine.live.control import Request
from helios_engine.live.look import look
from helios_engine.logs import component
from helios_engine.timeframe import iso

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

KILL = "KILL"
"""A file of this name in a run's folder kills the run, whoever put it there; no socket is needed."""
SWITCHES = ("pause", "resume", "reduce_only", "flatten", "kill")
ALL = "all"


class Asked(NamedTuple):
    """A switch that waits for the run's own loop, and who waits for it."""

    name: str
    value: str
    done: asyncio.Future[int]


class Switching:
    """Carries out what clients ask of one run; the run calls `turn` between its inputs."""

    def __init__(self, run: Paper) -> None:
        self._run = run
        self._asked: deque[Asked] = deque()
        self._is_killed = False

    async def answer(self, request: Request) -> Any:
        """Do what a request asks. Raises ConfigError for what nobody knows, NotAvailableError if it is too early."""
        if request.command in ("status", "positions"):
            return look(self._run)
        if request.command not in SWITCHES:
            raise ConfigError(f"unknown command {request.command!r}; expected status, positions, {', '.join(SWITCHES)}")
        return await self._switched(request.command, request.value)

    def may_begin(self) -> None:
        """NotAvailableError if a run that has decided nothing yet is killed: then it never does."""
        if self._has_file():
            raise NotAvailableError(f"killed before it began: {KILL} lies in the run's folder; nothing was decided")

    def turn(self) -> None:
        """Turn what was asked, each journaled before it is answered; a file KILL first."""
        if not self._is_killed and self._has_file():
            self._is_killed = True
            self._run.session.control("kill", ALL)
        while self._asked:
            name, value, done = self._asked.popleft()
            component("live").info("control", extra={"control": name, "value": value})
            ts = self._run.session.control(name, value)
            if not done.done():
                done.set_result(ts)

    def close(self) -> None:
        """The run takes no more: whoever waits is told."""
        while self._asked:
            done = self._asked.popleft().done
            if not done.done():
                done.set_exception(NotAvailableError("the run ended before it could take this; nothing was changed"))

    def _has_file(self) -> bool:
        return self._run.place is not None and (self._run.place / KILL).exists()

    async def _switched(self, name: str, value: str) -> dict[str, Any]:
        run = self._run
        if value != ALL and value not in run.instruments:
            raise ConfigError(f"no instrument {value!r} in this run; expected {ALL} or {', '.join(run.instruments)}")
        assert run.place is not None
        if name == "kill" and value == ALL:
            # On the disk first: what comes after a crash, and whoever looks, must find it.
            write_whole(run.place / KILL, f"killed by ctl at {iso(run.world.now())}\n".encode())
        if run.phase != "trading":
            if name == "kill" and value == ALL and not run.phase.startswith("ending"):
                what = "it is killed as soon as it goes on" if run.is_resumed else "it ends before it begins"
                return {"command": name, "value": value, "ts": None, "note": f"{run.phase}: {what}"}
            raise NotAvailableError(
                f"the run is {run.phase}: it takes {name} only while it trades; nothing was changed"
            )
        asked = Asked(name, value, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        ts = await asked.done
        told = run.session.engine.port.gate.switches.told() if run.session.engine is not None else {}
        return {"command": name, "value": value, "ts": ts, "note": "", "gate": told}
