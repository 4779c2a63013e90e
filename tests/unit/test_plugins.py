from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.bodies import Signal
from helios_engine.errors import PluginError
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.stage import StageSpec
from tests.stages import Follow, plugin

GOOD = """
from helios_engine import Bar, Body, BodySpec, EffectSpec, FeedSpec, Signal, StageSpec, VenueSpec, hookimpl

class Mood(Body, frozen=True):
    value: float

class Quiet:
    \"\"\"Says nothing.\"\"\"
    consumes = Bar
    def on_event(self, event) -> None:
        return None

@hookimpl
def helios_stages():
    return [StageSpec("stranger.quiet", Quiet)]

@hookimpl
def helios_feeds():
    return [FeedSpec("stranger.feed", Quiet)]

@hookimpl
def helios_effects():
    return [EffectSpec("stranger.effect", Quiet, emits=(Signal,))]

@hookimpl
def helios_venues():
    return [VenueSpec("stranger.venue", Quiet)]

@hookimpl
def helios_bodies():
    return [BodySpec(Mood, "stranger.Mood/1")]
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stranger's distribution on the path, as pip would leave it."""
    package = tmp_path / "stranger_plugin"
    package.mkdir()
    (package / "__init__.py").write_text('"""A stranger\'s."""\n')
    (package / "plugin.py").write_text(GOOD)
    info = tmp_path / "stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[helios_engine]\nstranger = stranger_plugin.plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package / "plugin.py"
    for name in [n for n in sys.modules if n.startswith("stranger_plugin")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("stage", "stranger.quiet"),
        ("feed", "stranger.feed"),
        ("effect", "stranger.effect"),
        ("venue", "stranger.venue"),
        ("body", "stranger.Mood/1"),
    ],
)
def test_every_hook_brings_in_what_a_stranger_offers(stranger: Path, kind: str, name: str) -> None:
    offer = Plugins().offers(kind)[name]  # type: ignore[arg-type]

    assert str(offer.plugin).startswith("stranger=stranger_plugin.plugin@")


def test_an_identity_changes_with_the_source(stranger: Path) -> None:
    before = Plugins().identities["stranger"]
    stranger.write_text(GOOD + "\n# changed\n")

    assert Plugins().identities["stranger"].digest != before.digest


def test_a_plugin_that_is_not_the_allowed_one_is_refused(stranger: Path) -> None:
    allowed = str(Plugins().identities["stranger"])
    stranger.write_text(GOOD + "\n# changed\n")

    with pytest.raises(PluginError, match="plugin 'stranger' is not the one that was allowed: expected stranger="):
        Plugins(allow=[allowed])


def test_only_allowed_plugins_take_part(stranger: Path) -> None:
    assert list(Plugins(allow=["stranger"]).identities) == ["stranger"]


def test_a_blocked_plugin_takes_no_part(stranger: Path) -> None:
    assert "stranger" not in Plugins(block=["stranger"]).identities


def test_an_allowed_plugin_that_is_not_installed_is_named() -> None:
    with pytest.raises(PluginError, match="allow names 'ghost', but no such plugin is installed"):
        Plugins(allow=["ghost"])


def test_a_plugin_that_fails_to_load_stops_the_run_and_names_itself(stranger: Path) -> None:
    stranger.write_text("import no_such_module\n")

    with pytest.raises(
        PluginError, match=r"plugin stranger=.* cannot be loaded: ModuleNotFoundError.*\[plugins\] block"
    ):
        Plugins()


def test_a_hook_that_raises_names_its_plugin(stranger: Path) -> None:
    stranger.write_text(GOOD.replace('return [StageSpec("stranger.quiet", Quiet)]', "return 1 / 0"))

    with pytest.raises(PluginError, match="stranger=.*: helios_stages raised ZeroDivisionError"):
        Plugins().offers("stage")


def test_a_hook_that_does_not_exist_is_refused() -> None:
    module = types.ModuleType("typo")

    @hookimpl
    def helios_stagez() -> list[StageSpec]:
        return []

    module.helios_stagez = helios_stagez  # type: ignore[attr-defined]

    with pytest.raises(PluginError, match="helios_stagez"):
        Plugins(allow=["features"]).register(module, "typo")


def test_two_plugins_may_not_offer_one_name() -> None:
    plugins = Plugins()
    plugins.register(plugin(StageSpec("same.name", Follow)), "one")
    plugins.register(plugin(StageSpec("same.name", Follow)), "two")

    with pytest.raises(PluginError, match="stage 'same.name' is offered by .* and by .*; block one"):
        plugins.offers("stage")


def test_a_hook_must_return_its_own_kind_of_spec() -> None:
    plugins = Plugins()
    plugins.register(plugin(Signal("X", 1.0)), "wrong")  # type: ignore[arg-type]

    with pytest.raises(PluginError, match="helios_stages must return StageSpec, found Signal"):
        plugins.offers("stage")
