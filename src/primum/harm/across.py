"""All outcomes together: how probable it is that none of them, some or all are harmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    bounds: tuple[float, float]

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

    Outcomes are fitted apart, so that their errors are taken as independent given the data: draws of
    different outcomes are paired at random. Where harm on one outcome goes with harm on another, none and all
    are more probable than is said here; the bounds hold whatever goes with what.
    """

    harm: Count
    harm_beyond_sesoi: Count

    @property
    def table(self) -> pd.DataFrame:
        """Index (harm, outcomes): how many outcomes are harmed exactly; columns probability and mcse."""
        import pandas as pd

        rows = {
            (name, outcomes): {"probability": each.value, "mcse": each.mcse}
            for name in ("harm", "harm_beyond_sesoi")
            for outcomes, each in enumerate(getattr(self, name).exactly)
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["harm", "outcomes"])


def across(satt: Sequence[Array], outcomes: Sequence[Outcome]) -> Across:
    """Count the outcomes that are harmed, draw by draw.

    Parameters
    ----------
    satt
        Draws of each outcome's SATT, all of shape (chain, draw).
    outcomes
        The outcomes, which say what is harm and what its smallest size of interest.

    Examples
    --------
    >>> import primum as pr
    >>> outcomes = [pr.demo_spec().outcome(name) for name in ("rereferral", "kinship")]
    >>> found = across([np.array([[1.0, 3.0], [-1.0, 4.0]]), np.array([[-1.0, -4.0], [2.0, 1.0]])], outcomes)
    >>> [each.value for each in found.harm.exactly], found.harm_beyond_sesoi.some.value
    ([0.25, 0.25, 0.5], 0.5)
    """
    harm = np.stack([outcome.sign * draws for outcome, draws in zip(outcomes, satt, strict=True)])
    sesoi = np.array([outcome.sesoi for outcome in outcomes])[:, None, None]
    return Across(_count(harm > 0), _count(harm > sesoi))


def _count(harmed: np.ndarray) -> Count:
    """From whether each outcome is harmed; shape (outcome, chain, draw)."""
    number = harmed.sum(axis=0)
    value, mcse = shares(number == np.arange(len(harmed) + 1)[:, None, None], number[None].astype(float))
    exactly = tuple(Probability(*pair) for pair in zip(value.tolist(), mcse.tolist(), strict=True))
    each = harmed.mean(axis=(1, 2))
    # Frechet's bounds on a union
    return Count(exactly, (float(each.max()), float(min(1.0, each.sum()))))
