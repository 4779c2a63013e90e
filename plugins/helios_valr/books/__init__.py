"""Order books kept from VALR's three feeds, each by its own rule of sequence; frames in, outcomes out, no I/O."""

from __future__ import annotations

from helios_valr.books.aggregated import WholeBook
from helios_valr.books.l1 import DiffBook
from helios_valr.books.l3 import OrderBook
from helios_valr.books.outcome import Outcome

__all__ = ["DiffBook", "OrderBook", "Outcome", "WholeBook"]
