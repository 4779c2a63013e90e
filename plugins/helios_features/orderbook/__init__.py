"""Order books followed level by level, and what they say at a glance."""
