"""VALR's public REST: one budget of requests for everyone, patience with a busy exchange, strictness about answers."""

from __future__ import annotations

from helios_engine.world import World
from helios_valr.rest.client import Client, Patience
from helios_valr.rest.public import Public
from helios_valr.rest.transport import Answer, Http, Transport

__all__ = ["Answer", "Client", "Http", "Patience", "Public", "Transport", "World"]
