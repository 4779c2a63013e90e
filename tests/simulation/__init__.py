"""Paper runs against a simulated VALR in virtual time: one seed owns market, faults, waits and crashes."""
