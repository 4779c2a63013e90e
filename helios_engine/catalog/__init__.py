"""Market data at rest: Parquet with int64 and a scale, a manifest, importers and a generator."""
