"""The config of a run: TOML, unknown keys refused, everything that shapes the result inside."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from helios_engine.config_containment import ContainmentSection as ContainmentSection
from helios_engine.config_gate import GateSection as GateSection
from helios_engine.errors import ConfigError
from helios_engine.timeframe import nanoseconds, parse_time, timeframe_ns
from helios_engine.toml_place import nearest, place


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RunSection(_Section, frozen=True):
    """`[run]`: the name, the span of the inputs, and the seed of everything random.

    Stages see data from `start` − `warmup`; intents before `start` are turned away and counted.
    `tick` is the smallest timeframe in use; a `Tick` follows each of its boundaries by `grace`.
    `driver` says how stages are given their inputs: each by itself, or many at a time where a stage can take them;
    a run is the same either way.
    """

    name: str
    start: str | None = None
    stop: str | None = None
    warmup: str = "0s"
    tick: str | None = None
    grace: str = "0s"
    seed: int = 0
    driver: Literal["blocks", "events"] = "blocks"


class DataSection(_Section, frozen=True):
    """`[data]`: where the catalog lies: a folder, relative to the config file, or an fsspec URL."""

    catalog: str = "data_catalog"


class AccountSection(_Section, frozen=True):
    """`[account]`: report currency, starting balances, and the instrument that prices each other currency."""

    currency: str
    balances: dict[str, str]
    rates: dict[str, str] = {}


class PluginsSection(_Section, frozen=True):
    """`[plugins]`: which plugins may take part, by name, `name@digest` or whole identity."""

    allow: list[str] = []
    block: list[str] = []


class Piece(msgspec.Struct, frozen=True):
    """One `[[feed]]`, `[[stage]]` or `[[effect]]` table, `[venue]` or `[live]`: `use`, and settings."""

    use: str
    name: str
    where: str
    on: dict[str, Any]
    delay: int
    settings: dict[str, Any]


class Config(msgspec.Struct, frozen=True):
    """A whole run, checked as far as it can be without plugins."""

    path: Path
    text: str
    run: RunSection
    data: DataSection
    account: AccountSection
    gate: GateSection
    plugins: PluginsSection
    feeds: tuple[Piece, ...]
    stages: tuple[Piece, ...]
    effects: tuple[Piece, ...]
    venue: Piece
    instruments: dict[str, dict[str, Any]]
    fees: str = ""
    """The fee schedule that `[venue]` names, if it does."""
    live: Piece | None = None
    """The connection that takes the feeds' place in a live run."""
    containment: ContainmentSection = ContainmentSection()

    @property
    def digest(self) -> str:
        """Hex digest of the config's meaning: comments and spacing do not count."""
        canonical = msgspec.json.encode(tomllib.loads(self.text), order="deterministic")
        return hashlib.blake2b(canonical, digest_size=16).hexdigest()

    @property
    def catalog(self) -> str:
        """The catalog's folder or URL; relative paths start at the config file, not the working directory."""
        if "://" in self.data.catalog:
            return self.data.catalog
        return str((self.path.parent / self.data.catalog).resolve())


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "run": RunSection,
    "data": DataSection,
    "account": AccountSection,
    "gate": GateSection,
    "plugins": PluginsSection,
    "containment": ContainmentSection,
}
_TABLES = ("feed", "stage", "effect", "instrument")
_KEYS = (*SECTIONS, "venue", "live", *_TABLES)
_SHARED = ("use", "name", "on", "delay")


def load_config(path: str | Path) -> Config:
    """Read a config file; ConfigError names file, line, key and the nearest known key."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"no config file at {path}; `ls configs` shows the ones that come with Helios") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """Parse config text as if it stood at `path`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{place(path, text, '', key)}: unknown section {key!r}; {nearest(key, _KEYS)}")
    reader = _Reader(path, text, table)
    config = Config(
        path=path.resolve(),
        text=text,
        run=reader.section("run", RunSection),
        data=reader.section("data", DataSection),
        account=reader.section("account", AccountSection),
        gate=reader.section("gate", GateSection),
        plugins=reader.section("plugins", PluginsSection),
        feeds=reader.pieces("feed"),
        stages=reader.pieces("stage"),
        effects=reader.pieces("effect"),
        venue=reader.piece("venue", "[venue]", table.get("venue", {})),
        instruments=reader.instruments(),
        fees=reader.fees(),
        live=reader.piece("live", "[live]", table["live"]) if "live" in table else None,
        containment=reader.section("containment", ContainmentSection),
    )
    _check_words(config)
    return config


def on_catalog(config: Config, catalog: str | Path) -> Config:
    """The same run over another catalog; a relative path starts at the working directory."""
    place = str(catalog) if "://" in str(catalog) else str(Path(catalog).resolve())
    return msgspec.structs.replace(config, data=DataSection(catalog=place))


class _Reader:
    """Reads tables of one file and says where a mistake stands."""

    def __init__(self, path: Path, text: str, table: dict[str, Any]) -> None:
        self._path, self._text, self._table = path, text, table

    def section(self, name: str, kind: type[Any]) -> Any:
        given = self._table.get(name)
        if given is None and name in ("run", "account"):
            raise ConfigError(f"{self._path}: the section [{name}] is missing; every run needs one")
        given = {} if given is None else given
        if not isinstance(given, dict):
            raise ConfigError(f"{place(self._path, self._text, '', name)}: [{name}] must be a table")
        known = kind.__struct_fields__
        for key in given:
            if key not in known:
                raise ConfigError(
                    f"{place(self._path, self._text, f'[{name}]', key)}: "
                    f"unknown key {key!r} in [{name}]; {nearest(key, known)}"
                )
        # TOML has dates of its own; a config may write them with or without quotes.
        plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in given.items()}
        try:
            return msgspec.convert(plain, kind)
        except msgspec.ValidationError as error:
            key = str(error).rpartition("$.")[2].strip("`") if "$." in str(error) else ""
            raise ConfigError(f"{place(self._path, self._text, f'[{name}]', key)}: [{name}] {error}") from None

    def pieces(self, kind: str) -> tuple[Piece, ...]:
        tables = self._table.get(kind, [])
        if not isinstance(tables, list):
            raise ConfigError(
                f"{place(self._path, self._text, '', kind)}: write [[{kind}]], with two brackets: there may be many"
            )
        pieces = [self.piece(kind, f"[[{kind}]] {n}", t) for n, t in enumerate(tables, 1)]
        names = [piece.name for piece in pieces]
        for piece in pieces:
            if names.count(piece.name) > 1:
                raise ConfigError(
                    f"{self._path}: two [[{kind}]] tables are called {piece.name!r}; give one a `name` of its own"
                )
        return tuple(pieces)

    def piece(self, kind: str, where: str, table: Any) -> Piece:
        header = f"[{kind}]" if kind in ("venue", "live") else where
        line = place(self._path, self._text, header, "use")
        if not isinstance(table, dict) or not isinstance(table.get("use"), str):
            raise ConfigError(f'{line}: {where} needs `use = "kind.what"`; see `helios-engine plugin list`')
        settings = {key: value for key, value in table.items() if key not in _SHARED}
        if kind == "venue":
            settings.pop("fees", None)
        if kind == "effect":
            delay = self._duration(line, where, table.get("delay", "0s"))
        elif "delay" in table:
            delay, settings = 0, {**settings, "delay": table["delay"]}
        else:
            delay = 0
        on = table.get("on", {})
        if on and kind != "stage":
            raise ConfigError(f"{line}: `on` filters what a stage sees; {where} is none")
        return Piece(table["use"], str(table.get("name", _default_name(kind, table))), line, dict(on), delay, settings)

    def instruments(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for n, table in enumerate(self._table.get("instrument", []), 1):
            name = table.get("instrument")
            if not isinstance(name, str):
                line = place(self._path, self._text, f"[[instrument]] {n}", "instrument")
                raise ConfigError(f'{line}: needs `instrument = "BTCZAR.VALR"`, and the fields it overrides')
            found[name] = {key: value for key, value in table.items() if key != "instrument"}
        return found

    def fees(self) -> str:
        found = self._table["venue"].get("fees", "")
        if not isinstance(found, str):
            line = place(self._path, self._text, "[venue]", "fees")
            raise ConfigError(f"{line}: [venue] fees is the name of a schedule; see `helios-engine config fees`")
        return found

    @staticmethod
    def _duration(line: str, where: str, text: Any) -> int:
        try:
            return nanoseconds(text)
        except (ValueError, AttributeError):
            raise ConfigError(f"{line}: {where} delay: expected a duration such as '250ms', found {text!r}") from None


def _default_name(kind: str, table: dict[str, Any]) -> str:
    if kind != "feed":
        return str(table["use"])
    parts = (str(table["use"]), *(str(table[k]) for k in ("instrument", "timeframe") if k in table))
    return ":".join(parts)


def _check_words(config: Config) -> None:
    """Durations and times are words; a wrong one is found here, not in the middle of a run."""
    run = config.run
    for key, check in (
        ("warmup", nanoseconds),
        ("grace", nanoseconds),
        ("tick", timeframe_ns),
        ("start", parse_time),
        ("stop", parse_time),
    ):
        value = getattr(run, key)
        if value is None:
            continue
        try:
            check(value)
        except ValueError as error:
            raise ConfigError(f"{place(config.path, config.text, '[run]', key)}: [run] {key}: {error}") from None
    if run.start is not None and run.stop is not None and parse_time(run.start) >= parse_time(run.stop):
        raise ConfigError(f"{place(config.path, config.text, '[run]', 'stop')}: [run] stop must be after start")
    if not config.feeds:
        raise ConfigError(f"{config.path}: no [[feed]]; a run needs at least one source of inputs")
    if not config.stages:
        raise ConfigError(f"{config.path}: no [[stage]]; a run needs at least one")
