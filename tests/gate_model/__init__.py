"""A second opinion on the gate: the rules of docs/gate.md written in the plainest way, without any of its code."""
