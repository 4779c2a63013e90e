"""Targets to orders: at once, at the touch, in slices, or with a stop and a target."""
