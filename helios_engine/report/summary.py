"""The summary of a run: what `run.json` holds, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from helios_engine.errors import JournalError
from helios_engine.files import write_whole
from helios_engine.report.breakdown import Breakdown
from helios_engine.report.doubt import Doubt
from helios_engine.report.metrics import Metrics
from helios_engine.report.terminal import summary_text
from helios_engine.stage import Pin

FILE = "run.json"
Status = Literal["complete", "interrupted", "failed"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Span(_Part, frozen=True, kw_only=True):
    """What the run covers, ns UTC: from `start` up to, not including, `stop`."""

    start: int
    stop: int


class Counts(_Part, frozen=True, kw_only=True):
    """How much happened: `outputs` by stage, `rejects` by reason, `dropped` intents before the start."""

    inputs: int = 0
    turns: int = 0
    outputs: dict[str, int] = {}
    orders: int = 0
    fills: int = 0
    rejects: dict[str, int] = {}
    dropped: int = 0


class AccountNote(_Part, frozen=True, kw_only=True):
    """The report currency and the equity at both ends; None if it was never marked."""

    currency: str
    start_equity: float | None = None
    end_equity: float | None = None


class PluginNote(_Part, frozen=True, kw_only=True):
    """A plugin that took part, `name=package@digest`."""

    name: str
    identity: str


class Summary(_Part, frozen=True, kw_only=True):
    """Everything a run says of itself; `started` and `finished` are wall time, ISO 8601 UTC.

    `contaminated` says which artefact has seen the data of the run, empty if none is known to have.
    `heads` are hex by chain, `pins` by feed, `models` what fills, latency and fees were modelled by.
    """

    name: str
    status: Status
    contaminated: str = ""
    error: str = ""
    config_digest: str
    started: str
    finished: str
    span: Span
    counts: Counts = Counts()
    heads: dict[str, str] = {}
    pins: dict[str, Pin] = {}
    plugins: list[PluginNote] = []
    versions: dict[str, str] = {}
    account: AccountNote
    models: dict[str, str] = {}
    metrics: Metrics | None = None
    breakdown: Breakdown = Breakdown()
    doubt: Doubt = Doubt()
    warnings: list[str] = []


def write_summary(folder: Path, summary: Summary) -> Path:
    """Write `run.json` atomically; StorageError if the disk is full or refuses."""
    path = folder / FILE
    write_whole(path, msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    return path


def read_summary(folder: Path) -> Summary:
    """Read `run.json`; JournalError says what is wrong with it."""
    path = Path(folder) / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except FileNotFoundError:
        raise JournalError(f"{path}: not there; the run was killed before its end, or is still going on") from None
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: not the summary of a run: {error}") from error


def read_status(folder: Path) -> Mapping[str, Any]:
    """One line of a list of runs: `folder`, `name`, `status`, `return`, `trades`, head of `decisions`.

    A run without a summary is `unfinished`, one with a damaged summary `unreadable`: a list must not
    fail for one of its lines.
    """
    folder = Path(folder)
    row: dict[str, Any] = {"folder": str(folder), "name": folder.name, "return": None, "trades": None, "decisions": ""}
    if not (folder / FILE).is_file():
        return row | {"status": "unfinished"}
    try:
        summary = read_summary(folder)
    except JournalError as error:
        return row | {"status": "unreadable", "error": str(error)}
    row |= {"name": summary.name, "status": summary.status, "decisions": summary.heads.get("decisions", "")}
    row["contaminated"] = summary.contaminated
    if summary.metrics is not None:
        row |= {"return": summary.metrics.total_return, "trades": summary.metrics.trades}
    return row


__all__ = [
    "AccountNote",
    "Counts",
    "PluginNote",
    "Span",
    "Summary",
    "read_status",
    "read_summary",
    "summary_text",
    "write_summary",
]
