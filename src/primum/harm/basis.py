"""What an average effect in the pilots is an average over, and what it was set beside."""

from __future__ import annotations

from dataclasses import dataclass

from primum.effects.averages import satt_weights
from primum.model import cells_of
from primum.panel import Panel
from primum.spec import Outcome


@dataclass(frozen=True)
class Basis:
    """What there is of data behind one outcome's average effect in the pilots.

    Attributes
    ----------
    pilots, comparators
        Units that are ever exposed, and those that are not.
    averaged, observed
        Unit-periods that the average is over, and how many of them were observed.
    first, last
        First and last period.
    """

    pilots: int
    comparators: int
    averaged: int
    observed: int
    first: int
    last: int


def basis(panel: Panel, outcome: Outcome) -> Basis:
    """What there is of data behind one outcome's average effect in the pilots.

    Parameters
    ----------
    panel, outcome
        What was fitted.

    Examples
    --------
    >>> from primum.testing import tiny_fit
    >>> basis(tiny_fit().panel, tiny_fit().spec.outcome("kinship")).pilots
    3
    """
    cells = cells_of(panel.dataset, outcome)
    full = cells.exposure[cells.pilots] == 1
    averaged = satt_weights(full, cells.denominator[cells.pilots], outcome.target) > 0
    return Basis(
        pilots=cells.pilots.size,
        comparators=cells.comparators.size,
        averaged=int(averaged.sum()),
        observed=int((averaged & cells.observed[cells.pilots]).sum()),
        first=int(cells.time[0]),
        last=int(cells.time[-1]),
    )
