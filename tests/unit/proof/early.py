"""A plugin module that knows when it was imported."""

from __future__ import annotations

import time

from tests.unit.proof.leaky import Clean

STARTED = time.time()


class Early(Clean):
    """Honest but for its module."""
