"""Expected losses: what it costs on average to stop, carry on, adopt or wait, by the posterior of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.fit.chains import Array, mcse_mean
from primum.spec import Costs


@dataclass(frozen=True)
class Losses:
    """Expected loss of each choice, in SESOIs times their cost, with its Monte Carlo error in `errors`.

    Attributes
    ----------
    carry_on, stop
        Of places that use the programme: harm that goes on, and benefit that is given up.
    adopt, wait
        Of places that consider it: harm that is taken on, and benefit that is forgone.
    errors
        Monte Carlo standard errors of the four, in that order.
    """

    carry_on: float
    stop: float
    adopt: float
    wait: float
    errors: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    @property
    def each(self) -> tuple[float, float, float, float]:
        """The four, in the order of their errors."""
        return self.carry_on, self.stop, self.adopt, self.wait


def added(each: Sequence[Losses], *, jointly: bool) -> Losses:
    """Losses on several outcomes together.

    Parameters
    ----------
    each
        Those on every outcome.
    jointly
        Whether outcomes were fitted jointly. Monte Carlo errors are then those of draws that go together, of whose
        sum the sum of errors is a bound; those of outcomes fitted apart are independent.
    """
    carry_on, stop, adopt, wait = np.sum([one.each for one in each], axis=0).tolist()
    errors = np.array([one.errors for one in each])
    both = errors.sum(axis=0) if jointly else np.sqrt((errors**2).sum(axis=0))
    return Losses(carry_on, stop, adopt, wait, tuple(both.tolist()))


def losses(satt: Array, new_unit: Array, sign: int, sesoi: float, costs: Costs) -> Losses:
    """Expected losses on one outcome.

    A loss grows in proportion to the effect that a wrong choice leaves in place or gives up (Berger, 1985, section
    2.4, linear loss), and is 0 where the choice is right.

    Parameters
    ----------
    satt, new_unit
        Draws of the average effect in the pilots and of the effect in a new unit, in the outcome's unit;
        shape (chain, draw).
    sign
        1 where an increase is harmful, -1 where a decrease is.
    sesoi
        Smallest effect size of interest, which effects are measured in.
    costs
        Of one SESOI each.

    Examples
    --------
    >>> draws = np.array([[2.0, -1.0, 1.0, 0.0], [2.0, -1.0, 1.0, 0.0]])
    >>> found = losses(draws, draws, 1, 2.0, Costs(stopping=3.0))
    >>> found.carry_on, found.stop
    (0.375, 0.375)
    """
    each = amounts(sign * satt / sesoi, sign * new_unit / sesoi, costs)
    carry_on, stop, adopt, wait = each.reshape(len(each), -1).mean(axis=1).tolist()
    errors = np.nan_to_num(mcse_mean(each))  # a loss that no draw has varies in none
    return Losses(carry_on, stop, adopt, wait, tuple(errors.tolist()))


def amounts(pilots: Array, new_unit: Array, costs: Costs) -> Array:
    """Losses of carrying on, stopping, adopting and waiting; shape (choice, ...).

    Parameters
    ----------
    pilots, new_unit
        Draws of the average effect in the pilots and of the effect in a new unit, in SESOIs of harm.
    costs
        Of one SESOI each.
    """
    return np.stack(
        [
            costs.continuing * np.maximum(pilots, 0),
            costs.stopping * np.maximum(-pilots, 0),
            costs.adopting * np.maximum(new_unit, 0),
            costs.waiting * np.maximum(-new_unit, 0),
        ]
    )
