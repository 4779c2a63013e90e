"""The same run under other assumptions: what a result owes to how fills, costs and delays are modelled."""

from helios_engine.sensitivity.processes import measure_sensitivity
from helios_engine.sensitivity.sets import SETS

__all__ = ["SETS", "measure_sensitivity"]
