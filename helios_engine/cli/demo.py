"""`helios-engine demo`"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("helios_demo"),
    show_default=True,
    help="Folder for the demonstration's data and runs.",
)
def demo(into: Path) -> int:
    """Show an honest strategy, its leaky twin, and the prover that tells them apart; takes less than a minute."""
    from helios_engine.demo.story import tell
    from helios_engine.errors import StorageError

    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{into}: cannot be made: {error.strerror}; name another folder with --into") from None
    for line in tell(into.resolve()):
        click.echo(line)
    return 0
