"""Blocks and what is driven by them."""
