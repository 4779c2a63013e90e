"""Put specimens on trial, each in a process of its own, and say whether the prover saw what it should."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.config import Config, on_catalog, parse_config
from helios_engine.errors import HeliosError
from helios_engine.proof.findings import LAYERS, Finding
from helios_engine.proof.forks import PROCESSES, forked
from helios_engine.proof.prover import chosen, prove
from helios_engine.proof.zoo.entry import Specimen, plugins_for
from helios_engine.proof.zoo.labels import compared

CUTS = 12
"""Cuts a specimen: its run is short, and a prover that needs more would need far more on a real one."""
_HEAD = """
[run]
name = "{name}"
{head}
[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}

[venue]
{venue}
"""


class Alarm(msgspec.Struct, frozen=True):
    """A finding against a part that did nothing wrong."""

    layer: str
    part: str
    what: str


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What the prover said of one specimen.

    `layers` of the label saw the leak where the label says that it is. `tried` are all that looked, `seen_by` those
    that blamed the right part; of cuts, prefix has seen what removal of the future shows, futures what another shows.
    `agreed` has, for each fact that the label states, whether the finding says the same. `seconds` are of processor
    time.
    """

    name: str
    is_leak: bool
    seed: int = 0
    label_layers: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    seen_by: tuple[str, ...] = ()
    agreed: dict[str, bool] = {}
    said: dict[str, str] = {}
    alarms: tuple[Alarm, ...] = ()
    unjudged: dict[str, str] = {}
    seconds: float = 0.0
    error: str = ""


def sightings(
    catalog: Path, shown: Sequence[Specimen], *, seed: int = 0, cuts: int = CUTS, layers: Sequence[str] = ()
) -> Iterator[Sighting]:
    """Try specimens side by side; yield what was said of each as it comes. Raises NotAvailableError without fork.

    Without `layers` each is tried by those that its label names, which must see the leak and spare its twins. Other
    worlds are made beside the catalog.
    """
    jobs = [partial(_tried, catalog, specimen, seed, cuts, layers) for specimen in shown]
    for answer in forked(jobs, seconds=600.0, processes=PROCESSES):
        specimen = shown[answer.number]
        if answer.error:
            yield _failed(specimen, seed, layers, answer.error)
        else:
            yield msgspec.convert(answer.result, Sighting)


def sighting(
    catalog: Path, specimen: Specimen, *, seed: int = 0, cuts: int = CUTS, layers: Sequence[str] = ()
) -> Sighting:
    """Try one specimen. Raises HeliosError where its run cannot be made."""
    begin = _processor()
    label = specimen.entry.label
    layers = layers or [layer for layer in chosen(()) if layer in label.layers]
    with specimen.entry.planted() if specimen.is_leak else nullcontext():
        config, plugins = config_of(specimen, catalog), plugins_for(specimen)
        found = prove(config, plugins, cuts=cuts, seed=seed, layers=layers, scratch=catalog.parent)
    guilty = [f for f in found.findings if specimen.is_leak and f.part.name == label.part]
    mine = [f for f in guilty if f.layer in label.layers]
    alarms = tuple(Alarm(f.layer, f.part.name, f.what) for f in found.findings if not _is_meant(f, specimen))
    agreed, said = compared(label, mine, bool(alarms)) if specimen.is_leak else ({}, {})
    seen = {layer for f in guilty for layer in _seen_by(f)}
    return Sighting(
        name=specimen.name,
        is_leak=specimen.is_leak,
        seed=seed,
        label_layers=label.layers,
        tried=tuple(layers),
        layers=tuple(dict.fromkeys(f.layer for f in mine)),
        seen_by=tuple(layer for layer in LAYERS if layer in seen),
        agreed=agreed,
        said=said,
        alarms=alarms,
        unjudged={row.part.name: row.reason for row in found.rows if row.verdict == "not provable"},
        seconds=round(_processor() - begin, 2),
    )


def config_of(specimen: Specimen, catalog: Path) -> Config:
    """The specimen's run over the zoo's catalog."""
    entry = specimen.entry
    head = _HEAD.format(name=entry.name, head=entry.head, venue=entry.venue.replace("{use}", specimen.spec.name))
    text = head + entry.run.replace("{use}", specimen.spec.name)
    return on_catalog(parse_config(text, Path(tempfile.gettempdir()) / f"{entry.name}.toml"), catalog)


def _processor() -> float:
    """Seconds of processor time of this process and of its children so far."""
    return math.fsum(os.times()[:4])


def _tried(catalog: Path, specimen: Specimen, seed: int, cuts: int, layers: Sequence[str]) -> dict[str, Any]:
    try:
        found = sighting(catalog, specimen, seed=seed, cuts=cuts, layers=layers)
    except HeliosError as error:
        found = _failed(specimen, seed, layers, f"{type(error).__name__}: {error}")
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _failed(specimen: Specimen, seed: int, layers: Sequence[str], error: str) -> Sighting:
    meant = specimen.entry.label.layers
    return Sighting(
        name=specimen.name,
        is_leak=specimen.is_leak,
        seed=seed,
        label_layers=meant,
        tried=tuple(layers or meant),
        error=error,
    )


def _seen_by(finding: Finding) -> Iterator[str]:
    """The layers that see this: cuts are made once for two, which differ in what becomes of the future."""
    if not finding.shown_by:
        yield finding.layer
        return
    if "remove" in finding.shown_by:
        yield "prefix"
    if set(finding.shown_by) - {"remove"}:
        yield "futures"


def _is_meant(finding: Finding, specimen: Specimen) -> bool:
    """In a leak's run other layers may blame the leak as well; whoever else is blamed is blamed falsely.

    A fault in the engine may show in every part of a run.
    """
    is_planted = specimen.entry.planted is not nullcontext
    return specimen.is_leak and (is_planted or finding.part.name == specimen.entry.label.part)
