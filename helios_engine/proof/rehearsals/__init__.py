"""Parts of a run heard again and compared with what they said."""
