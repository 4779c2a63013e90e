"""How a live run is, for the terminal: refreshed in place there, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from helios_engine.contained import Contained
from helios_engine.timeframe import duration_text

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class StatusLine:
    """Told about once a second; says nothing if `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._is_terminal = quiet, sys.stderr.isatty()
        self._said = 0.0

    def __call__(self, run: Paper) -> None:
        if self._quiet:
            return
        now = run.world.monotonic() / 1e9
        if not self._is_terminal and now - self._said < EVERY:
            return
        self._said = now
        text = " · ".join(self._words(run))
        click.echo(f"\r\x1b[K{text}" if self._is_terminal else text, err=True, nl=not self._is_terminal)

    def alarm(self, text: str) -> None:
        """Something that somebody should look at."""
        click.echo(f"\n{text}" if self._is_terminal else text, err=True)

    def done(self) -> None:
        """Leave the line."""
        if self._is_terminal and not self._quiet:
            click.echo("\r\x1b[K", err=True, nl=False)

    def _words(self, run: Paper) -> list[str]:
        lines = run.made.connection.lines()
        found = [f"{line.name} {'up' if line.is_up else 'DOWN: ' + line.problem}" for line in lines]
        engine = run.session.engine
        if engine is None:
            return [*found, "waiting for definitions and prices"]
        age = max(0, run.world.now() - max((line.heard for line in lines), default=0))
        found.append(f"last frame {duration_text(age // 1_000_000 * 1_000_000)} ago")
        found.append(f"{engine.turns:,} turns, {engine.port.orders} orders, {engine.port.fills} fills")
        held = sorted((name, position.quantity) for name, position in engine.port.ledger.positions.items())
        out = [f"OUT: {node.name}" for node in engine.pipeline.nodes if isinstance(node, Contained) and node.out]
        if run.session.failures:
            found.append(f"{len(run.session.failures)} FAILURES, reduce-only until resume")
        found += out
        return [*found, *(f"{name} {quantity:f}" for name, quantity in held if quantity)]
