"""`helios-engine key new`"""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def key() -> None:
    """Make keys to sign certificates with."""


@key.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new(file: Path) -> int:
    """Write a new Ed25519 key to FILE (keep it) and its public key to FILE.pub (give it to those who verify)."""
    from helios_engine.proof.certificates.signing import new_key, read_public

    place = new_key(file)
    click.echo(f"wrote {file} and {place}; public key {read_public(place)}")
    return 0
