"""`prove` as its user meets it: verdict rows, exit codes, JSON, and a trial that can be run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helios_engine.config import parse_config
from helios_engine.errors import BuildError
from helios_engine.plugins import Plugins
from helios_engine.proof.prover import prove
from helios_engine.stage import StageSpec
from tests import stages
from tests.unit.test_cli import ROOT, config, helios

LAYERS = ("--layer", "prefix", "--layer", "futures", "--cuts", "9")


def test_an_honest_run_gets_a_row_for_every_part_and_exit_code_0(tmp_path: Path) -> None:
    found = helios("prove", config(tmp_path), *LAYERS, cwd=tmp_path)

    assert found.returncode == 0, found.stdout + found.stderr
    for part in ("feed    catalog.bars:BTCZAR.VALR:1h", "stage   strategy.cross", "venue   venue"):
        assert part in found.stdout
    assert "violation (" not in found.stdout
    assert "proved" not in found.stdout
    assert "Not covered:" in found.stdout


def test_the_same_seed_makes_the_same_trial(tmp_path: Path) -> None:
    def proof() -> dict[str, object]:
        told = json.loads(helios("prove", config(tmp_path), *LAYERS, "--seed", "3", "--json", cwd=tmp_path).stdout)
        for outcome in told["outcomes"]:
            del outcome["seconds"]
        del told["seconds"]
        return told  # type: ignore[no-any-return]

    assert proof() == proof()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere.toml",), 2, "no config file at nowhere.toml"),
        (("run.toml", "--layer", "magic"), 2, "no layer 'magic'; the layers are"),
        (("run.toml", "--cuts", "0"), 2, "Invalid value for '--cuts'"),
        (("run.toml", "--catalog", "empty"), 3, "no bars BTCZAR.VALR 1h in the catalog"),
    ],
)
def test_a_users_mistake_gets_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    config(tmp_path)

    found = helios("prove", *arguments, cwd=tmp_path)

    assert found.returncode == code
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_a_part_that_never_speaks_is_not_called_innocent() -> None:
    text = (ROOT / "configs/ema_cross.toml").read_text().replace("slow = 24", "slow = 2400")

    proof = prove(parse_config(text, ROOT / "configs/x.toml"), layers=["prefix"], cuts=9)

    verdicts = {row.part.name: row.verdict for row in proof.rows}
    assert verdicts["strategy.cross"] == "not provable"
    assert verdicts["catalog.bars:BTCZAR.VALR:1h"] == "no violation found"
    assert proof.exit_code == 4


def test_a_run_that_cannot_run_is_an_error_and_no_verdict() -> None:
    def never() -> object:
        raise ValueError("not today")

    plugins = Plugins()
    plugins.register(stages.plugin(StageSpec("test.never", never)), "test")
    text = (ROOT / "configs/ema_cross.toml").read_text().replace("strategy.cross", "test.never")
    text = "\n".join(line for line in text.splitlines() if line.split(" ")[0] not in ("kind", "fast", "slow"))

    with pytest.raises(BuildError, match="cannot be made: not today"):
        prove(parse_config(text, ROOT / "configs/x.toml"), plugins, cuts=9)
