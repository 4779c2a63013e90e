"""Settings come from the stated places in the stated order, and a slip is named with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helios_engine.errors import ConfigError
from helios_engine.settings import Settings


def test_defaults_hold_where_nothing_is_said(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, env={}) == Settings()


@pytest.mark.parametrize(
    ("places", "runs"),
    [
        ({"toml"}, "from_toml"),
        ({"toml", "dotenv"}, "from_dotenv"),
        ({"toml", "dotenv", "env"}, "from_env"),
        ({"toml", "dotenv", "env", "flag"}, "from_flag"),
        ({"toml", "flag"}, "from_flag"),
        ({"toml", "env"}, "from_env"),
    ],
)
def test_flags_beat_the_environment_beats_dotenv_beats_toml(tmp_path: Path, places: set[str], runs: str) -> None:
    if "toml" in places:
        (tmp_path / "helios.toml").write_text('runs = "from_toml"\n')
    if "dotenv" in places:
        (tmp_path / ".env").write_text("HELIOS_RUNS=from_dotenv\n")
    env = {"HELIOS_RUNS": "from_env"} if "env" in places else {}
    flags = {"runs": Path("from_flag")} if "flag" in places else {}

    assert Settings.load(tmp_path, env, flags).runs == runs


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, {"HELIOS_RUNS": "r"}, {"runs": None}).runs == "r"


def test_describe_tells_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "helios.toml").write_text('# where\ncatalog = "c"\n')
    (tmp_path / ".env").write_text("HELIOS_CHUNK_ROWS=1000\n")

    found = Settings.describe(tmp_path, {"HELIOS_LOG_LEVEL": "debug"}, {"runs": "r"})

    assert {o.name: (o.value, o.source) for o in found if o.source != "default"} == {
        "runs": ("r", "flag"),
        "catalog": ("c", f"{tmp_path / 'helios.toml'}:2"),
        "log_level": ("DEBUG", "environment: HELIOS_LOG_LEVEL"),
        "chunk_rows": (1000, f"{tmp_path / '.env'}: HELIOS_CHUNK_ROWS"),
    }
    assert [o.name for o in found] == list(Settings.__struct_fields__)


def test_the_process_environment_is_read_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOS_CATALOG", "there")
    (tmp_path / ".env").write_text("HELIOS_RUNS=here\nOTHER=1\n")
    before = dict(os.environ)

    settings = Settings.load(tmp_path)

    assert (settings.catalog, settings.runs) == ("there", "here")
    assert dict(os.environ) == before


def test_the_suites_own_variable_is_no_setting(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, {"HELIOS_REAL_DATA": "/x", "OTHER": "y"}) == Settings()


def test_levels_by_component_are_pairs_in_the_environment(tmp_path: Path) -> None:
    found = Settings.load(tmp_path, {"HELIOS_LOG_LEVELS": "catalog=debug, venue=ERROR"})

    assert found.log_levels == {"catalog": "DEBUG", "venue": "ERROR"}


def test_levels_by_component_are_a_table_in_toml(tmp_path: Path) -> None:
    (tmp_path / "helios.toml").write_text('[log_levels]\ncatalog = "debug"\n')

    assert Settings.load(tmp_path, {}).log_levels == {"catalog": "DEBUG"}


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("helios.toml", 'a = 1\nrns = "x"\n', r"helios\.toml:1: unknown setting 'a'"),
        ("helios.toml", '\nrns = "x"\n', r"helios\.toml:2: unknown setting 'rns'; did you mean 'runs'\?"),
        ("helios.toml", "runs = 3\n", r"helios\.toml:1: runs: Expected `str`.*found 3"),
        ("helios.toml", 'runs = ""\n', r"runs: .*length >= 1"),
        ("helios.toml", "runs = \n", r"helios\.toml: not valid TOML"),
        (".env", "HELIOS_RNS=x\n", r"\.env: unknown setting HELIOS_RNS; did you mean 'HELIOS_RUNS'\?"),
        (".env", "HELIOS_CHUNK_ROWS=many\n", r"HELIOS_CHUNK_ROWS: chunk_rows: Expected `int`.*'many'"),
        (".env", "HELIOS_CHUNK_ROWS=0\n", r"chunk_rows: Expected `int` >= 1"),
        (".env", "HELIOS_RUNS\n", r"HELIOS_RUNS has no value"),
        (".env", "A=1\nHELIOS_RUNS='open\n", r"\.env:2: expected NAME=value"),
        (".env", "HELIOS_LOG_LEVELS=catalog\n", r"component=LEVEL pairs"),
        (".env", "HELIOS_LOG_LEVEL=LOUD\n", r"log_level: Invalid enum value 'LOUD'"),
    ],
)
def test_a_slip_is_named_with_its_place(tmp_path: Path, file: str, text: str, message: str) -> None:
    (tmp_path / file).write_text(text)

    with pytest.raises(ConfigError, match=message):
        Settings.load(tmp_path, {})


def test_an_unknown_variable_is_named_with_the_nearest_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"environment: unknown setting HELIOS_RUN; did you mean 'HELIOS_RUNS'\?"):
        Settings.load(tmp_path, {"HELIOS_RUN": "x"})


def test_an_unknown_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown setting 'catlog'; did you mean 'catalog'"):
        Settings.load(tmp_path, {}, {"catlog": "x"})


def test_a_name_in_dotenv_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "elsewhere")
    (tmp_path / ".env").write_text("HELIOS_RUNS=${PLACE}/runs\n")

    assert Settings.load(tmp_path, {}).runs == "${PLACE}/runs"


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "helios.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        Settings.load(tmp_path, {})
