"""VALR as it speaks now: its public stream and REST, every byte recorded before it is read."""

from __future__ import annotations
