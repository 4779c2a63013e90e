"""How much of a signal the times and the account allow."""
