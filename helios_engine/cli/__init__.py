"""The command line: one file a verb, loaded when it is called, so that `--help` is quick.

Results go to stdout, progress to stderr. Exit codes: 0 ok · 1 violation or difference found, or a
stage failed · 2 usage or config · 3 data or storage · 4 not provable or not available · 130 Ctrl-C.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from helios_engine.cli.lazy import LazyGroup, offered
from helios_engine.errors import HeliosError

INTERRUPTED = 130
_HERE = "helios_engine.cli"
VERBS = {
    "artefact": (f"{_HERE}.artefact:artefact", "Write or show where a model or table comes from."),
    "backtest": (f"{_HERE}.backtest:backtest", "Run a config over recorded data."),
    "config": (f"{_HERE}.config:config", "Check a config, or print its schema."),
    "ctl": (f"{_HERE}.ctl:ctl", "Look at a live run, pause it, flatten it, kill it."),
    "data": (f"{_HERE}.data:data", "Import, check, query and generate market data."),
    "demo": (f"{_HERE}.demo:demo", "Show an honest strategy, its leaky twin, and who tells them apart."),
    "diff": (f"{_HERE}.diff:diff", "Name the first event in which two runs differ."),
    "doctor": (f"{_HERE}.doctor:doctor", "Say whether this installation is sound."),
    "key": (f"{_HERE}.key:key", "Make keys to sign certificates with."),
    "live": (f"{_HERE}.live:live", "Trade on live data, on paper."),
    "plugin": (f"{_HERE}.plugin:plugin", "List what plugins offer, write a new one, or test one."),
    "prove": (f"{_HERE}.prove:prove", "Try to make a run see the future, and say which part did."),
    "reconcile": (f"{_HERE}.reconcile:reconcile", "Run the venue again over a run's inputs, fill by fill."),
    "replay": (f"{_HERE}.replay:replay", "Re-create a run from its journal and compare every head."),
    "report": (f"{_HERE}.report:report", "Write a run's HTML page again."),
    "runs": (f"{_HERE}.runs:runs", "List, show or remove runs."),
    "verify": (f"{_HERE}.verify:verify", "Hold a prover's certificate against what lies here."),
}


@click.group(cls=LazyGroup, verbs=offered() | VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="helios-engine")
def root() -> None:
    """Helios Engine: a backtest you can check, and the code that trades is the code that was checked."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code: Any = root.main(args=arguments, standalone_mode=False)
    except HeliosError as error:
        code = _fail(str(error), error.exit_code, arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.UsageError as error:
        usage = f"{error.ctx.get_usage()}\n" if error.ctx else ""
        click.echo(usage, err=True, nl=False)
        code = _fail(error.format_message(), 2, arguments)
    except click.ClickException as error:
        code = _fail(error.format_message(), 2, arguments)
    except (click.Abort, KeyboardInterrupt):
        code = _fail("interrupted", INTERRUPTED, arguments)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; keep Python from complaining at exit.
        sys.stdout = None
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int, arguments: list[str]) -> int:
    if "--json" in arguments:
        click.echo(json.dumps({"error": message, "exit_code": code}))
    try:
        click.echo(f"error: {message}", err=True)
    except BrokenPipeError:
        sys.stderr = None  # as above: the exit code still says what it was
    return code
