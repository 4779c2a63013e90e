"""The thirty features of one timeframe, compiled: one state machine over bars, one at a time or many."""
