"""Fills of resting limit orders: a share of the volume, or a chance at the touch. `queue` has a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from helios_engine.nautilus.models.keyed import draw
from helios_engine.nautilus.models.tape import Deal, Resting, reach, share_out


class Participation:
    """All our orders together get at most `share` of the quantity of each deal at or beyond their price.

    Assumes that we are always that share of the queue, and that our taking part moves nothing. `share` is a
    fraction in (0, 1]; quantities are rounded down to whole lots, so a deal too small for a lot gives none.
    Limit orders that meet the market on arrival are bound by it too: the rest of one takes its share of the next
    deals, at their prices, for as long as they are made within its limit.
    """

    binds_takers = True

    def __init__(self, share: Fraction, lot: int) -> None:
        self._share, self.lot = share, lot
        self._left = 0

    def rest(self, orders: Sequence[Resting]) -> None:
        """Nothing to remember: an order has no place in a queue here."""

    def deal(self, deal: Deal, orders: Sequence[Resting]) -> list[int]:
        """The quantity that each order gets of a deal, together at most the share."""
        self._left = deal.quantity * self._share.numerator // self._share.denominator
        return [self.taken(order.leaves) if reach(order, deal) else 0 for order in orders]

    def taken(self, leaves: int, *, whole: bool = False) -> int:
        """Take what is left of the share of the last deal, at most `leaves`."""
        if whole and self._left < leaves:
            return 0
        found = share_out(leaves, self._left, self.lot)
        self._left -= found
        return found


class Probabilistic:
    """A deal at an order's price fills it with a stated chance, a deal beyond it always.

    Either way it gets at most the deal's quantity. Each deal at the price is a draw of its own, so that of n deals
    at least one fills with 1 - (1 - chance)^n: at 0.4, ten deals are as good as certain. The draw is keyed by seed,
    order and the deal's number, so it is the same whatever other orders there are.
    """

    binds_takers = False

    def __init__(self, chance: float, seed: int, lot: int) -> None:
        self._chance, self._seed, self.lot = chance, seed, lot

    def rest(self, orders: Sequence[Resting]) -> None:
        """Nothing to remember: every deal is a draw of its own."""

    def deal(self, deal: Deal, orders: Sequence[Resting]) -> list[int]:
        """The quantity that each order gets of a deal."""
        left, found = deal.quantity, []
        for order in orders:
            got = share_out(order.leaves, left, self.lot) if self._is_filled(order, deal) else 0
            left -= got
            found.append(got)
        return found

    def taken(self, leaves: int, *, whole: bool = False) -> int:
        """Nothing: an order that meets the market on arrival is not this model's."""
        return 0

    def _is_filled(self, order: Resting, deal: Deal) -> bool:
        how = reach(order, deal)
        if how == "at":
            return draw(self._seed, "fill", order.id, deal.number) < self._chance
        return how == "through"
