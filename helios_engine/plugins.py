"""Find plugins through the entry point group `helios_engine`, and know them by identity.

The engine names no plugin. An identity is `name=package@digest`: the entry point, the import
package, and the first twelve hex digits of the digest over its source files.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

import msgspec
import pluggy

from helios_engine import hookspecs
from helios_engine.errors import PluginError
from helios_engine.stage import (
    BodySpec,
    ConnectionSpec,
    DownloadSpec,
    EffectSpec,
    FeedSpec,
    ImporterSpec,
    ParserSpec,
    StageSpec,
    VenueSpec,
)

Kind = Literal["stage", "feed", "effect", "venue", "importer", "download", "parser", "connection", "body"]
_HOOKS: dict[Kind, str] = {
    "stage": "helios_stages",
    "feed": "helios_feeds",
    "effect": "helios_effects",
    "venue": "helios_venues",
    "importer": "helios_importers",
    "download": "helios_downloads",
    "parser": "helios_parsers",
    "connection": "helios_connections",
    "body": "helios_bodies",
}


class Identity(msgspec.Struct, frozen=True):
    """Which plugin it is: entry point name, import package, and digest of its source."""

    name: str
    package: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}={self.package}@{self.digest}"

    def answers_to(self, pattern: str) -> bool:
        """Whether `pattern` means this plugin: its name, `name@digest`, or the whole identity."""
        return pattern in (self.name, f"{self.name}@{self.digest}", str(self))


class Offer(msgspec.Struct, frozen=True):
    """A recipe and the plugin that offers it."""

    spec: Any
    plugin: Identity


class Plugins:
    """The loaded plugins of a run and all they offer.

    `allow` and `block` hold names, `name@digest` or whole identities; with an `allow` list every
    plugin that is not on it is left out, and one whose digest is another is refused.
    """

    def __init__(self, allow: Sequence[str] = (), block: Sequence[str] = ()) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self.identities: dict[str, Identity] = {}
        for point in sorted(entry_points(group=hookspecs.PROJECT), key=lambda p: p.name):
            identity = identify(point)
            if self._is_wanted(identity, allow, block):
                self._load(point, identity)
        for pattern in allow:
            if not any(i.answers_to(pattern) for i in self.identities.values()):
                raise PluginError(
                    f"[plugins] allow names {pattern!r}, but no such plugin is installed; "
                    "see `helios-engine plugin list`"
                )
        self._check()

    def register(self, module: Any, name: str) -> None:
        """Add a plugin object by hand, as tests and notebooks do."""
        self.identities[name] = Identity(name, getattr(module, "__name__", name), "by-hand")
        self._manager.register(module, name=name)
        self._check()

    @cached_property
    def bodies(self) -> list[BodySpec]:
        """Every kind of body the plugins add."""
        return [offer.spec for offer in self.offers("body").values()]

    def offers(self, kind: Kind) -> dict[str, Offer]:
        """What is offered of a kind, by name; PluginError when two plugins offer one name."""
        expected = {
            "stage": StageSpec,
            "feed": FeedSpec,
            "effect": EffectSpec,
            "venue": VenueSpec,
            "importer": ImporterSpec,
            "download": DownloadSpec,
            "parser": ParserSpec,
            "connection": ConnectionSpec,
            "body": BodySpec,
        }[kind]
        found: dict[str, Offer] = {}
        for name, specs in self._call(_HOOKS[kind]):
            identity = self.identities[name]
            for spec in specs:
                if not isinstance(spec, expected):
                    raise PluginError(f"{identity}: {_HOOKS[kind]} must return {expected.__name__}, found {spec!r}")
                key = spec.tag if isinstance(spec, BodySpec) else spec.name
                if key in found:
                    raise PluginError(f"{kind} {key!r} is offered by {found[key].plugin} and by {identity}; block one")
                found[key] = Offer(spec, identity)
        return found

    def _call(self, hook: str) -> Iterable[tuple[str, Iterable[Any]]]:
        # One call per implementation instead of one over all: the result must know its plugin.
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                yield implementation.plugin_name, list(implementation.function())
            except Exception as error:
                raise PluginError(
                    f"{self.identities[implementation.plugin_name]}: {hook} raised {type(error).__name__}: {error}"
                ) from error

    def _load(self, point: EntryPoint, identity: Identity) -> None:
        try:
            module = point.load()
        except Exception as error:
            raise PluginError(
                f"plugin {identity} cannot be loaded: {type(error).__name__}: {error}; "
                f"repair or uninstall it, or put {identity.name!r} on [plugins] block"
            ) from error
        self.identities[identity.name] = identity
        self._manager.register(module, name=identity.name)

    def _check(self) -> None:
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(f"{error}; hooks are listed in helios_engine.hookspecs") from None

    @staticmethod
    def _is_wanted(identity: Identity, allow: Sequence[str], block: Sequence[str]) -> bool:
        if any(identity.answers_to(pattern) for pattern in block):
            return False
        if not allow or any(identity.answers_to(pattern) for pattern in allow):
            return True
        for pattern in allow:
            if pattern.startswith((f"{identity.name}@", f"{identity.name}=")):
                raise PluginError(
                    f"plugin {identity.name!r} is not the one that was allowed: expected {pattern}, found {identity}; "
                    "look at what changed, then put the new identity on [plugins] allow"
                )
        return False


def identify(point: EntryPoint) -> Identity:
    """The identity of the plugin behind an entry point, without importing it."""
    package = point.value.split(":")[0]
    folder = package.rpartition(".")[0] or package
    return Identity(point.name, package, source_digest(folder))


def source_digest(package: str) -> str:
    """Twelve hex digits over the names and bytes of every `.py` file of a package."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        return "missing"
    origin = Path(spec.origin)
    root = origin.parent if origin.name == "__init__.py" else None
    files = sorted(root.rglob("*.py")) if root else [origin]
    digest = hashlib.blake2b(digest_size=6)
    for file in files:
        digest.update(file.relative_to(root or origin.parent).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()
