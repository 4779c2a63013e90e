"""A group of commands that knows them by name and imports one only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

import click

COMMANDS = "helios_engine.commands"
"""The entry point group in which a plugin offers verbs: `verb = "package.module:function"`, a click command.

Entry points and not a hook: a hook would import every plugin before `--help` could say anything.
"""


def offered() -> dict[str, tuple[str, str]]:
    """The verbs that installed plugins offer, in the form LazyGroup takes; none of them is imported."""
    found = sorted(entry_points(group=COMMANDS), key=lambda point: point.name)
    return {point.name: (point.value, f"Offered by {point.module.partition('.')[0]}.") for point in found}


class LazyGroup(click.Group):
    """`verbs` maps a name to (`module:function`, one line about it)."""

    def __init__(self, *args: Any, verbs: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._verbs = dict(verbs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in order."""
        return sorted(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self._verbs:
            return None
        module, _, name = self._verbs[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._verbs[name][1]) for name in self.list_commands(ctx)])
