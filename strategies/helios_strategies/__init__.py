"""Signal stages, one file a strategy."""
