"""`helios-engine prove --self-test`"""

from __future__ import annotations

from typing import Any

import click

from helios_engine.cli.output import Progress, print_json

_SHARED = ("seeds", "self_test", "as_json")


def only_self_test(context: click.Context) -> None:
    """UsageError if anything is given that a self-test takes no notice of."""
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name not in _SHARED and source == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--self-test tries the prover on its own runs; it takes no {_name(parameter)}")


def run(seeds: int, as_json: bool) -> int:
    """Try the prover on the zoo, keep what came of it, print it, and return the exit code."""
    import msgspec

    from helios_engine.proof.certificates import self_tests
    from helios_engine.proof.zoo.self_test import self_test, text

    engine = self_tests.engine_digest()
    progress = Progress("self-test", "plugins tried")
    try:
        result, found = self_test(seeds, progress=progress)
    finally:
        progress.done()
    if as_json:
        plain: dict[str, Any] = {**msgspec.to_builtins(result), "engine": engine, "exit_code": result.exit_code}
        print_json({**plain, "plugins": msgspec.to_builtins(found)})
    else:
        click.echo(f"self-test of the engine {engine[:12]}: {len(found)} runs\n\n{text(result, found)}")
    self_tests.keep(result, engine)
    return result.exit_code


def _name(parameter: click.Parameter) -> str:
    return parameter.opts[0] if isinstance(parameter, click.Option) else "CONFIG"
