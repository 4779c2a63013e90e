"""`helios-engine doctor`"""

from __future__ import annotations

import click

from helios_engine.cli.output import as_json, print_json


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Check interpreter, libraries, plugins, settings, disk and clock; exit code 4 if something is unsound."""
    from helios_engine.checkup import checkup

    findings = checkup()
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok ' if finding.is_sound else 'NOT'}  {finding.subject:<18} {finding.detail}")
    return 0 if all(finding.is_sound for finding in findings) else 4
