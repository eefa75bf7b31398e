"""All outcomes together: how probable it is that none of them, some or all are harmed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from primum.fit.chains import Array
from primum.harm.probabilities import Probability, shares
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Count:
    """How many outcomes are harmed.

    Attributes
    ----------
    exactly
        Probability that so many are, from none to all; they sum to one.
    bounds
        Between what the probability of at least one lies however outcomes depend on each other.
    """

    exactly: tuple[Probability, ...]
    bounds: tuple[Probability, Probability]

    @property
    def none(self) -> Probability:
        """No outcome is harmed."""
        return self.exactly[0]

    @property
    def some(self) -> Probability:
        """At least one outcome is harmed."""
        return Probability(1 - self.none.value, self.none.mcse)

    @property
    def all(self) -> Probability:
        """Every outcome is harmed."""
        return self.exactly[-1]


@dataclass(frozen=True)
class Across:
    """How many outcomes are harmed on average in the pilots, at all and beyond their SESOIs.

    Draws of outcomes that are fitted jointly go together, so that these are probabilities of the posterior. Where
    outcomes are fitted apart, their errors are taken as independent given the data: draws of different outcomes are
    paired at random. Where harm on one outcome goes with harm on another, none and all are then at least as probable
    as is said here; the bounds hold whatever goes with what.

    Attributes
    ----------
    harm, harm_beyond_sesoi
        How many are harmed, and by more than their SESOI.
    chosen_after_fitting
        Whether what counts as harm was chosen after fitting for any of them.
    jointly
        Whether outcomes were fitted jointly.
    """

    harm: Count
    harm_beyond_sesoi: Count
    chosen_after_fitting: bool
    jointly: bool

    @property
    def table(self) -> pd.DataFrame:
        """Index (harm, outcomes): exactly how many are harmed; columns probability, mcse, chosen_after_fitting."""
        import pandas as pd

        rows = {
            (name, outcomes): {
                "probability": each.value,
                "mcse": each.mcse,
                "chosen_after_fitting": self.chosen_after_fitting,
            }
            for name in ("harm", "harm_beyond_sesoi")
            for outcomes, each in enumerate(getattr(self, name).exactly)
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["harm", "outcomes"])


def across(
    satt: Sequence[Array], outcomes: Sequence[Outcome], *, chosen_after_fitting: bool = False, jointly: bool = False
) -> Across:
    """Count the outcomes that are harmed, draw by draw.

    Parameters
    ----------
    satt
        Draws of each outcome's SATT, all of shape (chain, draw).
    outcomes
        The outcomes, which say what is harm and what its smallest size of interest.
    chosen_after_fitting
        Whether that was chosen after fitting for any of them.
    jointly
        Whether outcomes were fitted jointly, so that draws of different outcomes go together.

    Examples
    --------
    >>> import primum as pr
    >>> outcomes = [pr.demo_spec().outcome(name) for name in ("rereferral", "kinship")]
    >>> found = across([np.array([[1.0, 3.0], [-1.0, 4.0]]), np.array([[-1.0, -4.0], [2.0, 1.0]])], outcomes)
    >>> [each.value for each in found.harm.exactly], found.harm_beyond_sesoi.some.value
    ([0.25, 0.25, 0.5], 0.5)
    """
    harm = np.stack([outcome.sign * draws for outcome, draws in zip(outcomes, satt, strict=True)])
    sesoi = np.reshape([outcome.sesoi for outcome in outcomes], (-1, *[1] * (harm.ndim - 1)))
    return Across(_count(harm), _count(harm - sesoi), chosen_after_fitting, jointly)


def _count(beyond: Array) -> Count:
    """From how far beyond harmless each outcome is; shape (outcome, chain, draw), or with imputation before chain."""
    harmed = beyond > 0
    number = harmed.sum(axis=0)
    counts = np.reshape(np.arange(len(harmed) + 1), (-1, *[1] * number.ndim))
    # whether exactly k are harmed turns on the effect that is next in size to the k largest
    turning = np.sort(beyond, axis=0)[::-1][[*range(len(beyond)), -1]]
    exactly = _probabilities(number == counts, turning)
    each = _probabilities(harmed, beyond)
    total = sum(outcome.value for outcome in each)
    error = math.hypot(*(outcome.mcse for outcome in each))
    # Frechet's bounds on the probability of a union
    return Count(exactly, (max(each, key=lambda outcome: outcome.value), Probability(min(1.0, total), error)))


def _probabilities(events: NDArray[np.bool_], draws: Array) -> tuple[Probability, ...]:
    value, mcse = shares(events, draws)
    return tuple(Probability(*pair) for pair in zip(value.tolist(), mcse.tolist(), strict=True))
