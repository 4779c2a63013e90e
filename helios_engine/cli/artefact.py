"""`helios-engine artefact describe|stamp`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, print_json


@click.group()
def artefact() -> None:
    """Write or show where a model, scaler, table or cassette comes from."""


_FILE = click.argument("file", type=click.Path(path_type=Path))


@artefact.command()
@_FILE
@as_json
def describe(file: Path, as_json: bool) -> int:
    """What FILE has seen, and from when on a run may use it. Exit code 4 if it has no provenance."""
    import msgspec

    from helios_engine.artefacts import SUFFIX, Artefact
    from helios_engine.timeframe import iso

    found = Artefact.load(file)
    if found.provenance is None:
        told = (
            f"no {file.name}{SUFFIX} beside it: what it has seen is not known; `helios-engine artefact stamp` says it"
        )
        print_json({"file": str(file), "sha256": found.sha256, "provenance": None}) if as_json else click.echo(
            f"{file}: {told}"
        )
        return 4
    usable = iso(found.provenance.usable_from)
    if as_json:
        print_json(
            {
                "file": str(file),
                "sha256": found.sha256,
                "provenance": msgspec.to_builtins(found.provenance),
                "usable_from": usable,
            }
        )
        return 0
    click.echo(f"{file}: {found.provenance.reach}; a run may start at {usable} (and warm up before)")
    for name, value in msgspec.to_builtins(found.provenance).items():
        if value:
            click.echo(f"  {name:<16} {value}")
    return 0


@artefact.command()
@_FILE
@click.option("--trained-from", default="", help="The first time it was trained on, ISO 8601.")
@click.option("--trained-through", default="", help="The last one; a day without a time is meant to its end.")
@click.option("--label-horizon", default="0s", show_default=True, help="How far the labels of the last rows reach.")
@click.option("--embargo", default="0s", show_default=True, help="The distance kept after that.")
@click.option("--knowledge-cutoff", default="", help="Of a language model: what it cannot know of lies after this.")
@click.option("--schema-digest", default="", help="Names the features it was trained on.")
@click.option("--data-digest", default="", help="Names the data it was trained on.")
@click.option("--source", default="", help="Who made it, how.")
@as_json
def stamp(file: Path, as_json: bool, **told: str) -> int:
    """Write FILE.provenance.json beside FILE, with its sha256."""
    from helios_engine.artefacts import Provenance
    from helios_engine.artefacts import stamp as write
    from helios_engine.timeframe import iso

    provenance = Provenance(sha256="", **told)
    place = write(file, provenance)
    usable = iso(provenance.usable_from)
    if as_json:
        print_json({"sidecar": str(place), "usable_from": usable})
    else:
        click.echo(f"wrote {place}; a run may start at {usable} (and warm up before)")
    return 0
