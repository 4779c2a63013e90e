"""What a run remembers of itself: inputs, decisions, and a hash chain for everything else."""

from helios_engine.journal.chain import Chain, Chunk
from helios_engine.journal.reader import JournalReader, StoredInput, StoredOutput
from helios_engine.journal.writer import DECISIONS, Journal

__all__ = ["DECISIONS", "Chain", "Chunk", "Journal", "JournalReader", "StoredInput", "StoredOutput"]
