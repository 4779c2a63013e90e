"""The demonstration: an honest strategy, its twin with a bug that real people make, and who finds it."""
