"""Driving by blocks: the timeline is read ahead in stretches, and market-only stages run ahead of the clock."""
