"""Bars to features."""
