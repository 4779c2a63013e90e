"""A VALR on this machine: its public REST and websocket with a seeded market behind them, and faults on demand.

For trying everything without an account and for tests; what it says is made up and never market data.
"""

from helios_valr.simulator.faults import Fault, Faults
from helios_valr.simulator.server import Simulator
from helios_valr.simulator.settings import Settings

__all__ = ["Fault", "Faults", "Settings", "Simulator"]
