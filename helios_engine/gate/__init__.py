"""The gate: the last word before the venue, in every mode; no plugin can pass around it. See docs/gate.md."""

from helios_engine.gate.gate import Gate
from helios_engine.gate.reasons import KINDS, kind_of

__all__ = ["KINDS", "Gate", "kind_of"]
