"""What a book says at one moment: spread, depth imbalance, micro-price."""

from __future__ import annotations

import math

from helios_features.orderbook.book import MOST, Top


def spread_bps(bid: float, ask: float) -> float:
    """(ask − bid) / mid · 10⁴ of the best prices, both above 0, mid = (ask + bid) / 2."""
    return (ask - bid) / ((ask + bid) / 2.0) * 1e4


def depth_imbalance(top: Top, levels: int) -> float | None:
    """(Q_b − Q_a) / (Q_b + Q_a), from −1 to 1, of the quantities of the first `levels` levels.

    None where a side has fewer levels, or sizes are not stated: other levels would be another figure.
    """
    if min(len(top[0]), len(top[1])) < levels or not all(0.0 < q <= MOST for side in top for _, q in side[:levels]):
        return None
    bids, asks = (math.fsum(q for _, q in side[:levels]) for side in top)
    return (bids - asks) / (bids + asks)


def microprice_bps(top: Top) -> float | None:
    """How far the micro-price lies above the mid, in basis points of the mid; None where sizes are not stated.

    It is (q_b · ask + q_a · bid) / (q_b + q_a) of the best level, known as the weighted mid-price (Gatheral &
    Oomen 2010); Stoikov's of 2018 is fitted to data and another one. The deviation is half the spread times the
    imbalance of the best level.
    """
    imbalance = depth_imbalance(top, 1)
    return None if imbalance is None else spread_bps(top[0][0][0], top[1][0][0]) / 2.0 * imbalance
