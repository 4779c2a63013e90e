"""Vendors' files to data sets; one file a format."""
