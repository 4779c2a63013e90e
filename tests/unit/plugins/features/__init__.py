"""The feature tier against other people's implementations, and its laws."""
