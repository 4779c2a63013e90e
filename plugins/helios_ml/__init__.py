"""Features to predictions, through requests and replies."""
