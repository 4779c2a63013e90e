"""The layer drivers: blocks are the one place where the future is near, so they are compared with single events."""
