"""The part on trial, and a run around it in which it is fed and heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine import recipe
from helios_engine.codec import Codec
from helios_engine.config import Config, load_config, parse_config
from helios_engine.errors import ConfigError
from helios_engine.node import Node
from helios_engine.plugins import Kind, Offer, Plugins
from helios_engine.proof.forks import answer_of
from helios_engine.testing import parts
from helios_engine.testing.market import INSTRUMENTS, TIMEFRAME
from helios_engine.toml_text import toml_text

SPOKEN = ("Features", "Label", "Prediction", "RiskDecision", "Signal", "StrategicView", "Target", "VolForecast")
"""Bodies that the kit can say in place of a stage upstream, by name."""
_MARKET = {"instrument": INSTRUMENTS[0], "timeframe": TIMEFRAME}
_ANSWERING = {"PredictRequest": "testing.predicts", "LlmRequest": "testing.answers"}
_ASKING = {"PredictRequest": "testing.asks_model", "LlmRequest": "testing.asks_llm"}


class Subject(NamedTuple):
    """A part under its name, what it is set to, and the catalog and scratch folder of its trials.

    `config` names a run of the author's own in which the part takes part, where the kit's market cannot feed it.
    `altered` are settings, or a config of that kind, over other data, for a feed that does not read the kit's catalog.
    `files` and `ask` are for importers.
    """

    kind: Kind
    name: str
    plugins: Plugins
    catalog: Path
    folder: Path
    settings: Mapping[str, Any] = {}
    config: Path | None = None
    altered: Mapping[str, Any] | Path | None = None
    files: Sequence[Path] = ()
    ask: Mapping[str, Any] = {}

    @property
    def offer(self) -> Offer:
        """The recipe and its plugin; ConfigError if nothing of this name is offered."""
        offers = self.plugins.offers(self.kind)
        if self.name not in offers:
            raise ConfigError(f"no {self.kind} {self.name!r} is offered; see `helios-engine plugin list`")
        return offers[self.name]

    @property
    def given(self) -> dict[str, Any]:
        """Its settings; an instrument or timeframe that it must be given and was not is one of the kit's market."""
        struct = recipe.settings_struct(self.name, self.offer.spec.factory)
        required = {field.name for field in msgspec.structs.fields(struct) if field.required}
        return {**{key: value for key, value in _MARKET.items() if key in required}, **self.settings}

    def run(self) -> Config:
        """The run around the part: the author's own, or the kit's."""
        if self.config is not None:
            return load_config(self.config)
        path = self.folder / "conformance.toml"
        return parse_config(self._text(), path)

    def part(self, config: Config) -> str:
        """The name of the part in that run; ConfigError if it does not take part."""
        if self.kind == "venue":
            return "venue"
        pieces = {"feed": config.feeds, "stage": config.stages, "effect": config.effects}[self.kind]
        found = [piece.name for piece in pieces if piece.use == self.name]
        if not found:
            raise ConfigError(f"{config.path}: {self.kind} {self.name!r} has no part in this run; add it")
        return found[0]

    def _text(self) -> str:
        mine = {"use": self.name, **self.given}
        venue = mine if self.kind == "venue" else {"use": "nautilus.sim"}
        bars = [{"use": "catalog.bars", "instrument": name, "timeframe": TIMEFRAME} for name in INSTRUMENTS]
        feeds, stages, effects = list[dict[str, Any]](bars), list[dict[str, Any]](), list[dict[str, Any]]()
        if self.kind == "feed":
            feeds, stages = [*(b for b in bars if not _same(b, mine)), mine], [{"use": "testing.listener"}]
        elif self.kind == "effect":
            effects = [mine]
            stages = [{"use": _ASKING[name], "model": self.name} for name in self._handled() if name in _ASKING]
        elif self.kind == "venue":
            stages = [{"use": "testing.buyer"}]
        else:
            more, before, effects = self._around()
            feeds += more
            stages = [*before, mine]
        table = {
            "run": {"name": "conformance", "seed": 7},
            "data": {"catalog": str(self.catalog)},
            "account": {"currency": "ZAR", "balances": {"ZAR": "1000000"}},
            "venue": venue,
            **{kind: found for kind, found in (("feed", feeds), ("stage", stages), ("effect", effects)) if found},
        }
        return toml_text(table)

    def _around(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
        """Feeds, stages before and effects that a stage needs, by what it consumes and says."""
        shape = answer_of(lambda: shape_of(self))
        feeds = [{"use": "catalog.trades", "instrument": n} for n in INSTRUMENTS if "Trade" in shape["consumes"]]
        spoken = [name for name in shape["consumes"] if name in SPOKEN]
        effects = [{"use": use} for name, use in _ANSWERING.items() if name in shape["emits"]]
        if effects:
            spoken = [name for name in spoken if name != "Prediction"]
        schema = shape["schema"] or "testing/1"
        before = [{"use": "testing.speaker", "speaks": spoken, "schema": schema}] if spoken else []
        return feeds, before, effects

    def _handled(self) -> list[str]:
        handles = getattr(self.offer.spec.factory, "handles", ())
        return [kind.__name__ for kind in (handles if isinstance(handles, tuple) else (handles,))]


def made_by(subject: Subject) -> Any:
    """A function that makes a fresh stage of the subject's settings."""
    factory = subject.offer.spec.factory
    given = {"seed": 7, "catalog": str(subject.catalog), "grace": "0s", "balances": {"ZAR": "1000000"}}
    known = recipe.settings_struct(subject.name, factory).__struct_fields__
    offered = {**{k: v for k, v in given.items() if k in known}, **subject.given}
    return lambda: factory(**recipe.convert(subject.name, factory, offered))


def shape_of(subject: Subject) -> dict[str, Any]:
    """What a stage consumes without which it cannot be fed, what it says, and the schema its settings name."""
    node = Node(subject.name, made_by(subject), {}, Codec(subject.plugins.bodies))
    optional = getattr(node.stage, "optional", ())
    consumes = [kind.__name__ for kind in node.consumes if kind not in optional or kind.__name__ != "Trade"]
    schema = getattr(node.stage, "schema", "")
    return {
        "consumes": consumes,
        "emits": sorted(kind.__name__ for kind in node.emits),
        "schema": schema if isinstance(schema, str) else "",
    }


def kit_plugins() -> Plugins:
    """The installed plugins and the kit's own parts."""
    plugins = Plugins()
    plugins.register(parts, "testing")
    return plugins


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("use", "instrument", "timeframe"))
