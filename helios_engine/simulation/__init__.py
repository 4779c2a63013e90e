"""Hours of an exchange in seconds: virtual time for code that waits, with real sockets."""

from helios_engine.simulation.loop import VirtualLoop, now_ns, run

__all__ = ["VirtualLoop", "now_ns", "run"]
