"""The features computed straight from the definitions, by numpy, from states of the book and lists of trades."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Sides = tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]]
"""The best bids and the best asks, as (price, quantity), best first."""


def glance(top: Sides, levels: int) -> tuple[float, float, float]:
    """Spread, depth imbalance and the micro-price's deviation by the formulas of the docstring."""
    bids, asks = np.array(top[0], float), np.array(top[1], float)
    (bid, size_b), (ask, size_a) = bids[0], asks[0]
    mid = np.mean([bid, ask])
    imbalance = math.nan
    if min(len(bids), len(asks)) >= levels:
        deep = bids[:levels, 1].sum(), asks[:levels, 1].sum()
        imbalance = float((deep[0] - deep[1]) / (deep[0] + deep[1]))
    micro = (size_b * ask + size_a * bid) / (size_b + size_a)
    return float((ask - bid) / mid * 1e4), imbalance, float((micro - mid) / mid * 1e4)


def order_flow(tops: Sequence[Sides], level: int) -> float:
    """Σ e over consecutive states, at a level (from 0), vectorised."""
    bid, size_b = (np.array([top[0][level][n] for top in tops], float) for n in (0, 1))
    ask, size_a = (np.array([top[1][level][n] for top in tops], float) for n in (0, 1))
    gained = (bid[1:] >= bid[:-1]) * size_b[1:] - (bid[1:] <= bid[:-1]) * size_b[:-1]
    lost = (ask[1:] <= ask[:-1]) * size_a[1:] - (ask[1:] >= ask[:-1]) * size_a[:-1]
    return math.fsum(gained) - math.fsum(lost)


def tick_rule(prices: Sequence[float]) -> float:
    """The sign of the last change of price that is none of 0; NaN without one."""
    moves = np.sign(np.diff(prices))
    moves = moves[moves != 0]
    return float(moves[-1]) if moves.size else math.nan


def trade_imbalance(trades: Sequence[tuple[str, float]]) -> float:
    """(bought − sold) / (bought + sold) of (side, quantity); NaN without trades."""
    bought = math.fsum(q for side, q in trades if side == "BUY")
    sold = math.fsum(q for side, q in trades if side == "SELL")
    return (bought - sold) / (bought + sold) if trades else math.nan
