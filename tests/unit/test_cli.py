"""The command line as its users meet it: real processes, real mistakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
HELIOS = Path(sys.executable).parent / "helios-engine"
EMA = (ROOT / "configs/ema_cross.toml").read_text()
KLINE = "1672531200000,100,101,99,100.5,1.5,1672534799999,150,5,0,0,0\n"


def helios(*arguments: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HELIOS, *map(str, arguments)], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def config(tmp_path: Path, old: str = "", new: str = "") -> Path:
    path = tmp_path / "run.toml"
    path.write_text(EMA.replace("../data_catalog/sample", str(ROOT / "data_catalog/sample")).replace(old, new, 1))
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one backtest was run."""
    place = tmp_path_factory.mktemp("cli")
    assert helios("backtest", config(place), cwd=place).returncode == 0
    return place


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("warmup", "warmpu", 2, "unknown key 'warmpu' in [run]; did you mean 'warmup'?"),
        ("strategy.cross", "strategy.corss", 2, "did you mean 'strategy.cross'?"),
        ("fast = 6", "fast = 60", 2, "expected 1 <= fast < slow"),
        ("BTCZAR.VALR", "XRPZAR.VALR", 3, "no bars XRPZAR.VALR 1h in the catalog"),
        ("data_catalog/sample", "nowhere", 3, "no bars BTCZAR.VALR 1h"),
        ('ZAR = "1000000"', 'ZAR = "lots"', 2, "'lots' is not an amount of money"),
        ('ZAR = "1000000"', 'ZAR = "NaN"', 2, "'NaN' is not an amount of money"),
        ('use = "nautilus.sim"', 'use = "nautilus.sim"\nlatency = "0s"', 2, "latency must be at least 1ns"),
        ('name = "ema_cross"', 'name = "x"\nstart = "2031-01-01"', 2, "the run has no data"),
    ],
)
def test_a_users_mistake_gets_one_clear_line_and_its_exit_code(
    tmp_path: Path, old: str, new: str, code: int, said: str
) -> None:
    found = helios("backtest", config(tmp_path, old, new), cwd=tmp_path)

    assert (found.returncode, found.stdout) == (code, "")
    assert said in found.stderr
    assert found.stderr.startswith("error: ")
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("backtest", "none.toml"), 2, "no config file at none.toml"),
        (("backtset",), 2, "No such command 'backtset'"),
        (("replay", "nothing"), 3, "no run 'nothing'"),
        (("runs", "show", "nothing"), 3, "no run 'nothing'"),
        (
            ("data", "import", "none.csv", "--format", "binance-klines", "--instrument", "BTCUSDT.BINANCE"),
            3,
            "no file at none.csv",
        ),
        (
            ("data", "import", "x", "--format", "generic", "--instrument", "A.B", "--timeframe", "7m"),
            2,
            "divides a day",
        ),
    ],
)
def test_rubbish_is_answered_in_words_and_as_json(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = helios(*arguments, cwd=tmp_path)

    assert found.returncode == code
    assert said in found.stderr
    if arguments != ("backtset",):
        answer = helios(*arguments, "--json", cwd=tmp_path)
        assert json.loads(answer.stdout)["exit_code"] == code


def test_help_comes_in_under_half_a_second() -> None:
    helios("--help", cwd=ROOT)
    begin = time.process_time_ns(), os.times().children_user + os.times().children_system

    found = helios("--help", cwd=ROOT)

    spent = os.times().children_user + os.times().children_system - begin[1]
    assert found.returncode == 0
    assert spent < 0.5


def test_every_verb_answers_as_json(done: Path) -> None:
    for arguments in (
        ("replay", "last"),
        ("runs", "ls"),
        ("runs", "show", "last"),
        ("report", "last"),
        ("plugin", "list"),
        ("doctor",),
        ("config", "check", "run.toml"),
        ("config", "schema"),
        ("data", "ls", "--catalog", str(ROOT / "data_catalog/sample")),
        ("diff", "last", "last"),
    ):
        found = helios(*arguments, *(() if arguments[-1] == "schema" else ("--json",)), cwd=done)

        assert found.returncode == 0, found.stderr
        json.loads(found.stdout)


def test_a_run_is_logged_as_json_by_component(done: Path) -> None:
    lines = [json.loads(line) for line in (done / "logs/helios.log").read_text().splitlines()]

    assert [(line["component"], line["message"]) for line in lines] == [
        ("runner", "run started"),
        ("runner", "run complete"),
    ]


def test_every_config_obeys_the_published_schema(done: Path) -> None:
    schema = json.loads(helios("config", "schema", cwd=done).stdout)

    for path in sorted((ROOT / "configs").glob("*.toml")):
        jsonschema.validate(tomllib.loads(path.read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(EMA.replace("warmup", "warmpu")), schema)


def test_diff_of_two_runs_that_differ_in_one_parameter_names_the_first_event_with_both_values(tmp_path: Path) -> None:
    for fast in (6, 7):
        path = config(tmp_path, "fast = 6", f"fast = {fast}")
        path.write_text(path.read_text().replace('name = "ema_cross"', f'name = "fast{fast}"'))
        assert helios("backtest", path, cwd=tmp_path).returncode == 0

    found = helios("diff", "fast6", "fast7", cwd=tmp_path)
    again = json.loads(helios("diff", "fast6", "fast7", "--json", cwd=tmp_path).stdout)

    assert found.returncode == 1
    assert again["left"]["stage"] == again["right"]["stage"] == "strategy.cross"
    assert again["left"]["turn"] == again["right"]["turn"]
    assert again["left"]["body"] != again["right"]["body"]
    assert f"output {again['number']} is the first that differs" in found.stdout


def test_a_run_on_a_catalog_named_by_a_flag_replays_on_it(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(EMA.replace("../data_catalog/sample", "nowhere"))
    assert helios("backtest", path, "--catalog", ROOT / "data_catalog/sample", cwd=tmp_path).returncode == 0

    assert helios("replay", "last", cwd=tmp_path).returncode == 0


def test_a_run_that_was_killed_is_listed_and_shown_as_far_as_it_got(tmp_path: Path) -> None:
    slow = config(
        tmp_path,
        '[[stage]]\nuse = "strategy.cross"',
        '[[stage]]\nuse = "features.basic"\n\n[[stage]]\nuse = "strategy.cross"',
    )
    process = subprocess.Popen(
        [HELIOS, "backtest", slow], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not list(tmp_path.glob("runs/*/journal.hlj")):
        time.sleep(0.005)
    process.kill()
    process.wait()

    listed = json.loads(helios("runs", "ls", "--json", cwd=tmp_path).stdout)

    assert [row["status"] for row in listed] == ["unfinished"]
    shown = helios("runs", "show", "last", cwd=tmp_path)
    assert "Traceback" not in shown.stderr
    assert shown.returncode in (0, 3)


@pytest.mark.parametrize("after", [0.05, 0.3, 0.6, 0.9, 1.2])
def test_ctrl_c_at_any_time_ends_with_its_exit_code_and_nothing_half_written(tmp_path: Path, after: float) -> None:
    path = ROOT / "configs/six_kinds.toml"
    process = subprocess.Popen(
        [HELIOS, "backtest", path], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)

    if process.returncode not in (130, 0, -signal.SIGINT):
        # Python itself was still starting or importing: nothing of ours ran that could have left anything.
        assert after < 0.5, stderr
        assert "helios_engine" not in stderr
        assert not list(tmp_path.iterdir())
        return
    assert "Traceback" not in stderr or process.returncode == -signal.SIGINT
    for folder in tmp_path.glob("runs/*"):
        listed = json.loads(helios("runs", "ls", "--json", cwd=tmp_path).stdout)
        assert listed[0]["status"] in ("interrupted", "complete", "unfinished")
        if (folder / "run.json").exists():
            assert helios("runs", "show", folder.name, cwd=tmp_path).returncode == 0


def test_an_import_that_is_refused_leaves_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(KLINE.replace("100.5", "1e999999"))

    found = helios(
        "data",
        "import",
        "bad.csv",
        "--format",
        "binance-klines",
        "--instrument",
        "BTCUSDT.BINANCE",
        "--timeframe",
        "1h",
        cwd=tmp_path,
    )

    assert found.returncode == 3
    assert "bad.csv:1: close is '1e999999', expected plain digits" in found.stderr
    assert not list(tmp_path.glob("data_catalog/**/*.*"))


def test_an_import_is_listed_and_can_be_run_again(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text(KLINE)
    arguments = (
        "data",
        "import",
        "k.csv",
        "--format",
        "binance-klines",
        "--instrument",
        "BTCUSDT.BINANCE",
        "--timeframe",
        "1h",
    )

    first, second = helios(*arguments, cwd=tmp_path), helios(*arguments, cwd=tmp_path)

    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert "1 rows" in helios("data", "ls", cwd=tmp_path).stdout


def test_runs_are_removed_only_when_told_so(done: Path, tmp_path: Path) -> None:
    helios("backtest", config(tmp_path), cwd=tmp_path)

    assert helios("runs", "rm", "last", cwd=tmp_path).returncode == 130
    assert len(list(tmp_path.glob("runs/*"))) == 1
    assert helios("runs", "rm", "last", "--yes", cwd=tmp_path).returncode == 0
    assert not list(tmp_path.glob("runs/*"))


def test_the_example_script_runs(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, ROOT / "examples/first_run.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stderr
    assert "ema_cross: 1,000,000.00 became" in found.stdout


def test_a_plugin_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    info = tmp_path / "site/broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[helios_engine]\nbroken = no_such_package.plugin\n")

    found = helios("plugin", "list", cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))

    assert found.returncode == 2
    assert "plugin broken=no_such_package.plugin@missing cannot be loaded" in found.stderr


def test_a_live_config_is_checked_where_there_are_no_data_yet(tmp_path: Path) -> None:
    text = (ROOT / "configs/live/six_kinds.toml").read_text()
    (tmp_path / "live.toml").write_text(text.replace("../../data_catalog/sample", "nowhere"))
    (tmp_path / "wrong.toml").write_text(
        text.replace("../../data_catalog/sample", "nowhere").replace('"valr"', '"vlar"')
    )

    good, wrong = (helios("config", "check", name, cwd=tmp_path) for name in ("live.toml", "wrong.toml"))

    assert good.returncode == 0, good.stderr
    assert "live.toml: sound; as a live run" in good.stdout
    assert "no backtest: no trades BTCZAR.VALR in the catalog" in good.stdout
    assert (wrong.returncode, "no connection 'vlar' is installed; did you mean 'valr'?" in wrong.stderr) == (2, True)
