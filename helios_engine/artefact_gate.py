"""The gate of artefacts: which files a run is made with, and whether it may use them at the time it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from helios_engine.artefacts import Artefact
from helios_engine.errors import ContaminatedError
from helios_engine.timeframe import iso

if TYPE_CHECKING:
    from helios_engine.build import Plan


class Use(NamedTuple):
    """A file or folder that a setting of a part names: `kind` and `part` as in the config."""

    kind: str
    part: str
    setting: str
    path: Path

    @property
    def where(self) -> str:
        """`model.bin (stage ml.net, setting model)`"""
        return f"{self.path.name} ({self.kind} {self.part}, setting {self.setting})"


class Standing(NamedTuple):
    """A use and the artefact behind it, as it lies there now."""

    use: Use
    artefact: Artefact

    def contaminates(self, start: int) -> str:
        """Why a run that starts at `start` (ns UTC) may not use it, in a sentence; empty if it may."""
        provenance = self.artefact.provenance
        if provenance is None or start >= provenance.usable_from:
            return ""
        return (
            f"{self.use.where} has seen what the run is to find out: {provenance.reach}; a run with it can start at "
            f"{iso(provenance.usable_from)}, this one starts at {iso(start)}"
        )


def uses(kind: str, part: str, factory: Callable[..., Any], settings: Mapping[str, Any]) -> Iterator[Use]:
    """The files that settings of type Path name, also inside tuples and dicts; not those a part only writes.

    A factory says what it only writes by an attribute `writes`, the names of those settings.
    """
    written = getattr(factory, "writes", ())
    for name, value in settings.items():
        if name not in written:
            yield from (Use(kind, part, name, path) for path in _paths(value))


def standings(given: Sequence[Use]) -> tuple[Standing, ...]:
    """Every used artefact held against its provenance; DataError if one is missing or is not what it says."""
    return tuple(Standing(use, Artefact.load(use.path)) for use in given)


def check_artefacts(plan: Plan, *, allow: bool = False) -> tuple[str, list[str]]:
    """What contaminates a run (empty: nothing), and what a reader should know of its artefacts.

    Warming up before that date is fine: intents before the start go nowhere. Raises ContaminatedError for a run that
    may not start yet, unless `allow`; DataError for an artefact that is not what its provenance says.
    """
    found = standings(plan.artefacts)
    reasons = [reason for each in found if (reason := each.contaminates(plan.start))]
    notes = [
        f"{each.use.where} has no provenance: whether it has seen this run's data cannot be said"
        for each in found
        if each.artefact.provenance is None
    ]
    if reasons and not allow:
        raise ContaminatedError(
            f"{plan.config.path}: {'; '.join(reasons)}. Set [run] start to that time, or train it on earlier data; "
            "--allow-contaminated runs it all the same and marks every output"
        )
    return ("CONTAMINATED: " + "; ".join(reasons) if reasons else ""), notes


def digests(plan: Plan) -> dict[str, str]:
    """The sha256 of every used artefact by `part.setting` (and file name, where a setting names many)."""
    return {f"{u.part}.{u.setting}:{u.path.name}": a.sha256 for u, a in standings(plan.artefacts)}


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _paths(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _paths(each)
