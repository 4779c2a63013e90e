"""A schedule of faults in a file: JSON lines, one fault a line; empty lines and lines that begin with # say nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec

from helios_engine.errors import ConfigError
from helios_valr.simulator.faults import Fault, Plan


def made(plan: Plan, after: float = 0.0) -> Fault:
    """The fault of a plan, `after` seconds later."""
    fault = Fault(**{name: getattr(plan, name) for name in Plan.__struct_fields__})
    fault.at += after
    return fault


def read(path: Path) -> list[Fault]:
    """The faults of a file; ConfigError with file and line for what is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--schedule {path}: expected a text file of faults ({error})") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(made(msgspec.json.decode(line, type=Plan)))
            except msgspec.DecodeError as error:
                raise ConfigError(
                    f'{path}:{number}: {error}; expected a fault such as {{"kind": "stall", "at": 60, "seconds": 30}}'
                ) from None
    return found
