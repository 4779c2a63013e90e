"""VALR: what its wire says, checked and put into the engine's words; public REST, streams, books, instruments."""
