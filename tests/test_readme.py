"""Every command of the README runs, and the output it shows is the output there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.strip().splitlines()]
SHOWN = re.findall(r"<!-- output: (.*?) -->\n```text\n(.*?)```", TEXT, re.S)
# What differs from one run to the next: when it ran, and where.
VOLATILE = re.compile(r"\d{8}T\d{6}-|\S*runs/|, about .* left")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment as after `make`, with runs in a folder of their own."""
    runs = tmp_path_factory.mktemp("readme") / "runs"
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HELIOS_RUNS": str(runs)}


def test_the_readmes_commands_run_in_order(environment: dict[str, str]) -> None:
    for command in COMMANDS:
        if command == "make test":  # we are inside it
            command = "make --dry-run test | grep -q pytest"
        if command == "make backtest" and not (ROOT / ".venv/.installed").exists():
            command = "helios-engine backtest configs/six_kinds.toml"
        found = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

        assert found.returncode == 0, f"{command}\n{found.stdout}{found.stderr}"


@pytest.mark.parametrize(("arguments", "shown"), SHOWN, ids=[arguments for arguments, _ in SHOWN])
def test_the_output_it_shows_is_the_output_there_is(arguments: str, shown: str, environment: dict[str, str]) -> None:
    assert VOLATILE.sub("", output(arguments, environment)).strip() == VOLATILE.sub("", shown).strip()


def test_the_stage_it_shows_passes_the_contract() -> None:
    from helios_engine.events import Event
    from helios_engine.provenance import new_run
    from tests.stages import bar, node

    code = re.search(r"```python\n(.*?)```", TEXT, re.S)
    assert code is not None
    names: dict[str, object] = {"__name__": "readme"}
    exec(code[1], names)
    stage = node(lambda: names["Returns"](window=2))  # type: ignore[operator]
    run = new_run()
    outputs = [
        stage.deliver(Event(bar(c, n).ts_close, n, "feed", bar(c, n)), run) for n, c in enumerate((8.0, 10.0, 12.0), 1)
    ]

    assert [len(found) for found in outputs] == [0, 0, 1]
    assert outputs[2][0].array[0] == 0.5  # type: ignore[attr-defined]


def output(arguments: str, environment: dict[str, str]) -> str:
    """What the command line prints."""
    found = subprocess.run(
        [BIN / "helios-engine", *arguments.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        place = {**os.environ, "HELIOS_RUNS": f"{folder}/runs"}
        for words, old in SHOWN:
            new = output(words, place).replace(f"{folder}/", "")
            TEXT = TEXT.replace(
                f"<!-- output: {words} -->\n```text\n{old}```", f"<!-- output: {words} -->\n```text\n{new}```"
            )
    (ROOT / "README.md").write_text(TEXT, encoding="utf-8")
