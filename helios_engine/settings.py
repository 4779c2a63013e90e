"""Settings of the installation: where things lie and how loudly it speaks; never what a run is.

Precedence, highest first: flags, the environment (`HELIOS_*`), `.env` in the working directory,
`helios.toml` in the working directory, defaults. Nothing is written to the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from helios_engine.errors import ConfigError
from helios_engine.toml_place import nearest, place

PREFIX, DOTENV, TOML = "HELIOS_", ".env", "helios.toml"
IGNORED = frozenset({"HELIOS_REAL_DATA", "HELIOS_VALR_FACTS"})
"""Names that belong to the test suite, not to the settings."""

Folder = Annotated[str, msgspec.Meta(min_length=1)]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Origin(NamedTuple):
    """A setting, its value, and where the value came from."""

    name: str
    value: Any
    source: str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Folders are relative to the working directory; sizes are in bytes, `chunk_rows` in rows.

    `log_levels` overrides `log_level` by component; in the environment it is written
    `HELIOS_LOG_LEVELS=catalog=DEBUG,venue=ERROR`. `log_files` counts the rotated files kept beside
    the current one. A live run takes a snapshot of itself every `snapshot_seconds`, none if that is 0.
    """

    runs: Folder = "runs"
    catalog: Folder = "data_catalog"
    logs: Folder = "logs"
    log_level: Level = "INFO"
    log_levels: dict[str, Level] = {}
    log_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 10_000_000
    log_files: Annotated[int, msgspec.Meta(ge=1)] = 5
    chunk_rows: Count = 65_536
    snapshot_seconds: Annotated[float, msgspec.Meta(ge=0)] = 60.0

    @classmethod
    def load(
        cls,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Settings as they hold in `cwd`; ConfigError names the source of a wrong key or value.

        `env` stands in for the process environment, `overrides` are flags; a flag of None was not given.
        """
        return _convert(_sources(cwd, env, overrides))

    @classmethod
    def describe(
        cls,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> list[Origin]:
        """Every setting with its value and where it came from, in the order of the fields."""
        found = _sources(cwd, env, overrides)
        settings = _convert(found)
        names = cls.__struct_fields__
        return [Origin(n, getattr(settings, n), found[n][1] if n in found else "default") for n in names]


_Found = dict[str, tuple[Any, str]]


def _sources(cwd: str | Path | None, env: Mapping[str, str] | None, flags: Mapping[str, Any] | None) -> _Found:
    folder = Path.cwd() if cwd is None else Path(cwd)
    found = _from_toml(folder / TOML)
    found.update(_from_dotenv(folder / DOTENV))
    found.update(_from_environment(os.environ if env is None else env, "environment"))
    for name, value in (flags or {}).items():
        if name not in Settings.__struct_fields__:
            raise ConfigError(f"flag: unknown setting {name!r}; {nearest(name, Settings.__struct_fields__)}")
        if value is not None:
            found[name] = (str(value) if isinstance(value, Path) else value, "flag")
    return found


def _from_toml(path: Path) -> _Found:
    text = _read(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    known = Settings.__struct_fields__
    for key in table:
        if key not in known:
            raise ConfigError(f"{place(path, text, '', key)}: unknown setting {key!r}; {nearest(key, known)}")
    return {key: (value, place(path, text, "", key)) for key, value in table.items()}


def _from_dotenv(path: Path) -> _Found:
    text = _read(path)
    # python-dotenv only warns of a line it cannot read, and a setting would be lost without a word.
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise ConfigError(
                f"{path}:{binding.original.line}: expected NAME=value, found {binding.original.string.strip()!r}"
            )
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    empty = [name for name, value in values.items() if value is None and name.startswith(PREFIX)]
    if empty:
        raise ConfigError(f"{path}: {empty[0]} has no value; write {empty[0]}=value")
    return _from_environment({name: value for name, value in values.items() if value is not None}, str(path))


def _from_environment(env: Mapping[str, str], source: str) -> _Found:
    known = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    found: _Found = {}
    for variable, text in env.items():
        if not variable.startswith(PREFIX) or variable in IGNORED:
            continue
        if variable not in known:
            raise ConfigError(f"{source}: unknown setting {variable}; {nearest(variable, known)}")
        name = known[variable]
        value = _pairs(text, f"{source}: {variable}") if name == "log_levels" else text
        found[name] = (value, f"{source}: {variable}")
    return found


def _pairs(text: str, where: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ConfigError(
            f"{where}: expected component=LEVEL pairs such as 'catalog=DEBUG,venue=ERROR', found {text!r}"
        )
    return {name.strip(): level.strip() for name, _, level in pairs}


def _convert(found: _Found) -> Settings:
    settings = {}
    for field in msgspec.structs.fields(Settings):
        if field.name not in found:
            continue
        value, source = found[field.name]
        try:
            # Text from the environment may be a number; a number in TOML may not be text.
            settings[field.name] = msgspec.convert(_upper(field.name, value), field.type, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{source}: {field.name}: {error}; found {value!r}") from None
    return Settings(**settings)


def _upper(name: str, value: Any) -> Any:
    if name == "log_level" and isinstance(value, str):
        return value.upper()
    if name == "log_levels" and isinstance(value, dict):
        return {key: level.upper() if isinstance(level, str) else level for key, level in value.items()}
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from None
