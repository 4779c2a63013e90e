"""A stage that is dropped in the middle of a run, and made again from its saved state."""

from __future__ import annotations

from helios_engine import state
from helios_engine.pipeline import Pipeline


def recreate(pipeline: Pipeline, position: int) -> None:
    """Replace a stage by a fresh one that was given its saved state."""
    node = pipeline.nodes[position]
    saved = state.dump(node.stage)
    node.stage = node.make()
    state.load(node.stage, saved)
