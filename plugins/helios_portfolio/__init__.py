"""Signals to targets, targets to orders."""
