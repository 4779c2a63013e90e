"""Hypothesis draws the same examples every time, so that a red run means a change; `RANDOM=1` looks for new ones."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, max_examples=1000)
settings.load_profile("random" if os.environ.get("RANDOM") else "same")
