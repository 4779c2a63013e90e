"""Live data: a connection, what records it, and a run that decides on it as it comes."""
