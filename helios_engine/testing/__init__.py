"""For authors of plugins: what every part must keep, as checks with a name and a message that says how to mend it."""

from helios_engine.testing.check import Check, ConformanceError, Verdict
from helios_engine.testing.kit import yield_checks
from helios_engine.testing.market import write_small_market
from helios_engine.testing.stages import run_stage
from helios_engine.testing.subject import Subject

__all__ = ["Check", "ConformanceError", "Subject", "Verdict", "run_stage", "write_small_market", "yield_checks"]
