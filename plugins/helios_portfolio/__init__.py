"""Signals to target positions."""
