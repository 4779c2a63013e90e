"""Write a new plugin from the templates: a package that can be installed, its test, and a config that runs it."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from helios_engine.errors import ConfigError
from helios_engine.files import write_whole
from helios_engine.hookspecs import PROJECT

_TRADES: list[dict[str, Any]] = [{"use": "portfolio.weights"}, {"use": "execution.market"}]
_HOLDS: list[dict[str, Any]] = [{"use": "strategy.buy_and_hold"}]


class Kind(NamedTuple):
    """What a kind of plugin offers, under which first word, and what stands around it in its run; `""` is itself."""

    what: str
    word: str
    stages: list[dict[str, Any]]
    emits: str = ""


_ITSELF: dict[str, Any] = {"use": ""}
KINDS: Mapping[str, Kind] = {
    "feature": Kind("stage", "features", [_ITSELF, *_HOLDS, *_TRADES]),
    "ml": Kind(
        "effect",
        "ml",
        [{"use": "features.basic"}, {"use": "ml.predictor", "model": ""}, {"use": "strategy.model"}, *_TRADES],
        "Prediction",
    ),
    "risk": Kind("stage", "risk", [*_HOLDS, _ITSELF, *_TRADES]),
    "llm": Kind("effect", "llm", [*_HOLDS, {"use": "llm.strategist", "model": ""}, *_TRADES], "LlmReply"),
    "portfolio": Kind("stage", "portfolio", [{"use": "strategy.cross"}, _ITSELF, {"use": "execution.market"}]),
    "execution": Kind("stage", "execution", [{"use": "strategy.cross"}, {"use": "portfolio.weights"}, _ITSELF]),
    "strategy": Kind("stage", "strategy", [_ITSELF, *_TRADES]),
    "feed": Kind("feed", "feed", [*_HOLDS, *_TRADES]),
    "venue": Kind("venue", "venue", [*_HOLDS, *_TRADES]),
    "importer": Kind("importer", "", []),
}


def write_plugin(name: str, kind: str, into: Path) -> list[Path]:
    """Write the plugin into `into/name` and return its files; ConfigError for a name that cannot be or is taken.

    Nothing is ever overwritten: the folder must not exist.
    """
    _check(name)
    root = into / name
    if root.exists():
        raise ConfigError(f"{root} exists already, and nothing is overwritten; choose another name or --into")
    made = KINDS[kind]
    part = f"{made.word}.{name}" if made.word else name.replace("_", "-")
    values = {
        "name": name,
        "part": part,
        "what": made.what,
        "factory": "".join(word.capitalize() for word in name.split("_")),
        "spec": f"{made.what.capitalize()}Spec",
        "emits": made.emits,
        "config": bool(made.stages),
        "stages": [{key: value or part for key, value in stage.items()} for stage in made.stages],
    }
    wanted = {
        "pyproject.toml": "pyproject.toml.j2",
        "README.md": "README.md.j2",
        f"{name}/__init__.py": "init.py.j2",
        f"{name}/plugin.py": "plugin.py.j2",
        f"{name}/part.py": f"{kind}.py.j2",
        f"tests/test_{name}.py": "test.py.j2",
    }
    wanted |= {"run.toml": "run.toml.j2"} if made.stages else {"tests/bars.csv": "bars.csv.j2"}
    texts = {root / place: _rendered(template, values) for place, template in wanted.items()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    return list(texts)


def _check(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower() or name.startswith("_"):
        raise ConfigError(f"expected a package's name such as my_feature, in lower case, found {name!r}")
    if name in (point.name for point in entry_points(group=PROJECT)):
        raise ConfigError(f"a plugin {name!r} is installed already; see `helios-engine plugin list`")
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise ConfigError(f"{name!r} is a module that can be imported already; choose another name")


def _rendered(template: str, values: Mapping[str, Any]) -> str:
    source = files("helios_engine.testing").joinpath("templates", template).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=False, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    return environment.from_string(source).render(**values)
