"""A slow strategist behind a language model, recorded and replayed."""
