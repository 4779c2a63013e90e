"""Benchmarks: fixed work, ratios in one run. No test measures time."""
