"""Runs of the sets, each in a process of its own by the command that anybody can type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.build import Plan
from helios_engine.errors import StorageError
from helios_engine.files import storage_error, write_whole
from helios_engine.report.sensitivity import THIS_RUN, Outcome, outcome, write_outcomes
from helios_engine.report.summary import Summary
from helios_engine.sensitivity.configs import Variant, variant
from helios_engine.sensitivity.sets import SETS

FOLDER = "sensitivity"
AT_ONCE = 4
"""Runs at one time at most, whatever the number of processors: each needs memory of its own."""
_LOOK = 0.05
_GRACE = 30.0


class _Running(NamedTuple):
    variant: Variant
    process: subprocess.Popen[bytes]
    begun: float


def measure_sensitivity(
    plan: Plan, folder: Path, base: Summary, expected: float, progress: Callable[[float, int], None] | None = None
) -> list[Outcome]:
    """Run every set over a finished run and write `sensitivity.json` into its folder; the run itself comes first.

    `expected` is how many seconds the run took, for the time left; `progress` gets the share done and the number
    of sets that are over. A set that fails says so and stops no other. Ctrl-C ends what runs, keeps what is done,
    and is told by the status of the rest. Raises StorageError when the disk is full.
    """
    place = folder / FOLDER
    own = outcome(msgspec.to_builtins(base), name=THIS_RUN, differs="as configured", config="config.toml", run=".")
    variants = [variant(plan, chosen) for chosen in SETS]
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_error(place, error) from error
    for each in variants:
        if each.text:
            write_whole(_config(place, each), each.text.encode())
    pool = _Pool(place, max(expected, 0.1), progress, bool(base.contaminated))
    found = pool.run([each for each in variants if each.text])
    skipped = {each.name: _without(each, "skipped", each.differs) for each in variants if not each.text}
    outcomes = [own, *(_compared((found | skipped)[each.name], own) for each in variants)]
    write_outcomes(folder, outcomes)
    return outcomes


def _compared(found: Outcome, own: Outcome) -> Outcome:
    """Say it where a set made no difference: then the table shows no sensitivity, and not robustness."""
    if found.status != "complete" or found.heads.get("venue") != own.heads.get("venue"):
        return found
    return msgspec.structs.replace(found, differs=f"{found.differs}; no fill is different")


class _Pool:
    """Runs variants side by side and collects their outcomes."""

    def __init__(
        self, place: Path, expected: float, progress: Callable[[float, int], None] | None, contaminated: bool
    ) -> None:
        self._flags = ["--allow-contaminated"] if contaminated else []
        self._place, self._expected, self._progress = place, expected, progress
        self._found: dict[str, Outcome] = {}
        self._running: list[_Running] = []

    def run(self, variants: Sequence[Variant]) -> dict[str, Outcome]:
        waiting = list(variants)
        try:
            while waiting or self._running:
                while waiting and len(self._running) < min(AT_ONCE, os.cpu_count() or 1):
                    self._running.append(self._start(waiting.pop(0)))
                time.sleep(_LOOK)
                self._collect()
                self._tell(len(variants))
        except KeyboardInterrupt:
            self._stop()
            for each in waiting:
                self._found[each.name] = _without(each, "interrupted", "not begun before Ctrl-C", self._place)
        return self._found

    def _start(self, each: Variant) -> _Running:
        config = _config(self._place, each)
        command = [sys.executable, "-m", "helios_engine", "backtest", str(config), "--runs", str(self._place), "--json"]
        command += self._flags
        try:
            with config.with_suffix(".out").open("wb") as out, config.with_suffix(".err").open("wb") as errors:
                # A session of its own, so that Ctrl-C in the terminal comes to us alone and we decide.
                process = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
        except OSError as error:
            raise StorageError(f"{config}: its run cannot be started: {error}") from error
        return _Running(each, process, time.monotonic())

    def _collect(self) -> None:
        over = [running for running in self._running if running.process.poll() is not None]
        for running in over:
            self._running.remove(running)
            self._found[running.variant.name] = self._outcome(running)

    def _outcome(self, running: _Running) -> Outcome:
        each, config = running.variant, _config(self._place, running.variant)
        out, errors = config.with_suffix(".out"), config.with_suffix(".err")
        said, last = out.read_bytes(), errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        out.unlink()
        errors.unlink()
        try:
            summary: dict[str, Any] = json.loads(said)
        except json.JSONDecodeError:
            told = last[-1] if last else "it said nothing"
            return _without(each, "failed", f"ended with code {running.process.returncode}: {told}", self._place)
        if "error" in summary and "status" not in summary:
            status = "interrupted" if summary["exit_code"] == 130 else "failed"
            return _without(each, status, summary["error"], self._place)
        run = os.path.relpath(summary["folder"], self._place.parent)
        return outcome(summary, name=each.name, differs=each.differs, config=_relative(config, self._place), run=run)

    def _tell(self, total: int) -> None:
        if self._progress is not None and total:
            now = time.monotonic()
            under_way = [min(0.95, (now - running.begun) / self._expected) for running in self._running]
            self._progress((len(self._found) + sum(under_way)) / total, len(self._found))

    def _stop(self) -> None:
        for running in self._running:
            running.process.send_signal(signal.SIGINT)
        for running in self._running:
            try:
                running.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
        self._collect()


def _without(each: Variant, status: Any, error: str, place: Path | None = None) -> Outcome:
    config = "" if place is None else _relative(_config(place, each), place)
    return Outcome(name=each.name, differs=each.differs, status=status, error=error, config=config)


def _config(place: Path, each: Variant) -> Path:
    return place / f"{each.name.replace(' ', '_')}.toml"


def _relative(config: Path, place: Path) -> str:
    return str(config.relative_to(place.parent))
