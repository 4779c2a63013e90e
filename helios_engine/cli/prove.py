"""`helios-engine prove`"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import as_json, catalog_folder, print_json


@click.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), required=False)
@catalog_folder
@click.option("--cuts", type=click.IntRange(min=3), default=64, show_default=True, help="How many cuts to make.")
@click.option("--layer", "layers", multiple=True, help="Only this layer; can be given again.")
@click.option("--seed", type=int, default=0, show_default=True, help="What cuts and futures are drawn from.")
@click.option(
    "--certificate", type=click.Path(path_type=Path, dir_okay=False), help="Write a certificate of the trial."
)
@click.option(
    "--sign", "key", type=click.Path(path_type=Path, dir_okay=False), help="Sign it with the private key in this file."
)
@click.option("--self-test", is_flag=True, help="Try the prover itself, on plugins whose bugs are known.")
@click.option(
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Seeds of the self-test, a market each."
)
@as_json
@click.pass_context
def prove(
    context: click.Context,
    config: Path | None,
    catalog: str | None,
    cuts: int,
    layers: tuple[str, ...],
    seed: int,
    certificate: Path | None,
    key: Path | None,
    self_test: bool,
    seeds: int,
    as_json: bool,
) -> int:
    """Try to make the pipeline of CONFIG see the future, and say which part did.

    Exit codes: 0 no violation found, 1 violation, 4 a part could not be judged. With --self-test: 0 every planted leak
    was killed and nobody blamed falsely, else 1.
    """
    from helios_engine.cli import self_test as testing

    if self_test:
        testing.only_self_test(context)
        return testing.run(seeds, as_json)
    if config is None:
        raise click.UsageError("Missing argument 'CONFIG'.")
    if context.get_parameter_source("seeds") == click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--seeds goes with --self-test; the seed of a trial is --seed")
    return _prove(config, catalog, cuts, layers, seed, certificate, key, as_json)


def _prove(
    config: Path,
    catalog: str | None,
    cuts: int,
    layers: tuple[str, ...],
    seed: int,
    certificate: Path | None,
    key: Path | None,
    as_json: bool,
) -> int:
    from helios_engine.config import load_config, on_catalog
    from helios_engine.proof import prover, wording
    from helios_engine.proof.certificates.self_tests import kill_rate

    loaded = load_config(config)
    if catalog is not None:
        loaded = on_catalog(loaded, catalog)
    if key is not None:
        _check_key(key, certificate)
    told = Told()
    try:
        found = prover.prove(loaded, layers=layers, cuts=cuts, seed=seed, progress=told)
        if certificate is not None:
            _certify(loaded, found, cuts, certificate, key)
    finally:
        told.done()
    if as_json:
        print_json({**wording.plain(found), "self_test": kill_rate()})
    else:
        click.echo(f"{wording.text(found)}\n\nSelf-test of this prover: {kill_rate()}")
    return found.exit_code


def _check_key(key: Path, certificate: Path | None) -> None:
    """Find out before the trial, which takes long, that it could not be signed."""
    from helios_engine.errors import ConfigError
    from helios_engine.proof.certificates.signing import public_of

    if certificate is None:
        raise ConfigError("--sign signs a certificate; name its file with --certificate")
    public_of(key)


def _certify(config: Any, proof: Any, cuts: int, place: Path, key: Path | None) -> None:
    """Make the run once more for its heads, and write the certificate."""
    import msgspec

    from helios_engine.plugins import Plugins
    from helios_engine.proof.certificates.certificate import certify, write_certificate
    from helios_engine.proof.certificates.evidence import Evidence, gather
    from helios_engine.proof.certificates.self_tests import kill_rate
    from helios_engine.proof.forks import answer_of

    plugins = Plugins(config.plugins.allow, config.plugins.block)
    evidence = msgspec.convert(answer_of(partial(gather, config, plugins)), Evidence)
    write_certificate(place, certify(proof, evidence, cuts=cuts, key=key, self_test=kill_rate()))


class Told:
    """A line on stderr with what is being done and the time left; only where somebody may be watching."""

    def __init__(self) -> None:
        self._begin, self._what, self._last = time.monotonic(), "", 0.0

    def __call__(self, what: str, share: float) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._begin, self._last = what, now, 0.0
        if not sys.stderr.isatty() or now - self._last < 0.2:
            return
        self._last = now
        left = (now - self._begin) * (1 - share) / share if share > 0 else 0.0
        click.echo(f"\r{what}: {share:4.0%}, about {left:.0f} s left{'':<20}", err=True, nl=False)

    def done(self) -> None:
        """Leave the line."""
        if self._last:
            click.echo("\r" + " " * 79 + "\r", err=True, nl=False)
