"""Fixtures for tests of plugins. Nothing of Helios is imported before a test asks for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark of tests that make the kit's checks, which `helios-engine plugin test` leaves out for its own."""
    config.addinivalue_line("markers", "helios_kit: the kit's checks, which `helios-engine plugin test` makes itself")


@pytest.fixture(scope="session")
def helios_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit's small market as a catalog: six days of two instruments, their trades and hourly bars."""
    from helios_engine.testing.market import write_small_market

    return write_small_market(tmp_path_factory.mktemp("helios-market"))


@pytest.fixture(scope="session")
def helios_bars(helios_market: Path) -> list[Any]:
    """The market's hourly bars of one instrument, as events."""
    from helios_engine.testing.market import bar_events

    return bar_events(helios_market)


@pytest.fixture
def helios_plugins() -> Any:
    """Everything installed and the kit's own parts; `register(module, name)` adds a plugin by hand."""
    from helios_engine.testing.subject import kit_plugins

    return kit_plugins()


@pytest.fixture
def helios_subject(
    helios_market: Path, helios_plugins: Any, tmp_path: Path, pytestconfig: pytest.Config
) -> Callable[..., Any]:
    """Make a Subject: `helios_subject("stage", "features.mine", settings={...})`; `.run()` is its config.

    What the project's pyproject says under `[tool.helios.trial."features.mine"]` holds where nothing else is given.
    """
    from helios_engine.testing.declared import declared
    from helios_engine.testing.subject import Subject

    trials = declared(pytestconfig.rootpath)

    def make(kind: Any, name: str, plugins: Any = None, **more: Any) -> Subject:
        given = {**trials.get(name, {}), **more}
        return Subject(kind, name, plugins or helios_plugins, helios_market, tmp_path, **given)

    return make


@pytest.fixture
def helios_check(helios_subject: Callable[..., Any]) -> Callable[..., None]:
    """Run all checks of a part, or those of `only`: `helios_check("stage", "features.mine")`."""
    from helios_engine.testing.kit import yield_checks

    def check(kind: str, name: str, only: tuple[str, ...] = (), **more: Any) -> None:
        for each in yield_checks(helios_subject(kind, name, **more)):
            if not only or each.name in only:
                each()

    return check
