"""`helios-engine verify`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, catalog_folder, print_json

_WORDS = {"same": "same", "differs": "DIFFERS", "unchecked": "UNCHECKED", "note": "note"}


@click.command()
@click.argument("certificate", type=click.Path(path_type=Path, dir_okay=False))
@catalog_folder
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with this config; its paths start at its folder.",
)
@click.option("--full", is_flag=True, help="Put the run on trial again and compare verdicts and findings.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="The public key it must be signed with.")
@as_json
def verify(
    certificate: Path, catalog: str | None, config: Path | None, full: bool, key: Path | None, as_json: bool
) -> int:
    """Run the run of CERTIFICATE again, offline, and name what differs from what it says.

    Exit codes: 0 the same, 1 something differs, 3 the certificate cannot be read, 4 something cannot be checked here.
    """
    from helios_engine.cli.prove import Told
    from helios_engine.proof.certificates.verifying import verify as held_against

    told = Told()
    try:
        found = held_against(certificate, catalog=catalog, config=config, full=full, key=key, progress=told)
    finally:
        told.done()
    verdict = {0: "the same", 1: "it differs", 4: "not all of it can be checked here"}[found.exit_code]
    if as_json:
        checks = [check._asdict() for check in found.checks]
        print_json({"certificate": str(certificate), "verdict": verdict, "checks": checks})
        return found.exit_code
    for check in found.checks:
        click.echo(f"{_WORDS[check.state]:<10} {check.what}: {check.text}")
    click.echo(f"{certificate}: {verdict}")
    return found.exit_code
