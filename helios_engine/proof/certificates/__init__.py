"""What a proof rests on, written down, signed, and held against what lies here."""
