"""The entries of the zoo: every module here has `ENTRIES`, and is found by being here."""
