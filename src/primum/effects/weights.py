"""Posterior comparator weights, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.model import cells_of
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ComparatorWeights:
    """Posterior weights of one outcome; make one with `primum.comparator_weights`.

    Attributes
    ----------
    outcome
        The outcome.
    pairs
        One row a pilot and comparator whose base weight is not negligible; index (pilot, comparator), columns
        pilot_label, comparator_label, base, mean, eti95_low and eti95_high.
    comparators
        One row a comparator, heaviest first: its weight averaged over pilots, columns label, base,
        mean, eti95_low and eti95_high.
    pilots
        One row a pilot: columns label, effective_base and effective, the effective number of
        comparators, one over the sum of squared weights, of its base weights and on posterior average; and
        discarded, the share of its base weight on comparators that were left out, because each had less than a
        hundredth of an equal share of it.
    """

    outcome: Outcome
    pairs: pd.DataFrame
    comparators: pd.DataFrame
    pilots: pd.DataFrame


def comparator_weights(fit: Fit | Imputed, outcome: str) -> ComparatorWeights:
    """Posterior weights of every pilot's comparators.

    Parameters
    ----------
    fit
        The fit.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted without comparator weights.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec().change({"outcomes.kinship.weights.base": "equal"})
    >>> fit = pr.fit(spec, pr.simulate(seed=1).panel)  # doctest: +SKIP
    >>> pr.comparator_weights(fit, "kinship").comparators.head()  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    cells = cells_of(fit.panel.dataset, chosen)
    if cells.weighting is None:
        raise SpecError(
            "comparator_weights",
            [f'{outcome} was fitted without weights; set outcomes.{outcome}.weights.base to "equal" or "panel"'],
        )
    draws = np.asarray(fit.posterior(outcome)["weight"], dtype=float)
    draws = draws.reshape(-1, *draws.shape[2:])
    base, names, labels = cells.weighting.base, np.asarray(fit.panel.dataset["unit"]), fit.panel.labels
    rows, columns = np.nonzero(base)
    pilots, others = cells.pilots, cells.comparators
    pairs = pd.DataFrame(
        {
            "pilot_label": labels[pilots[rows]],
            "comparator_label": labels[others[columns]],
            "base": base[rows, columns],
            **_summary(draws[:, rows, columns]),
        },
        index=pd.MultiIndex.from_arrays([names[pilots[rows]], names[others[columns]]], names=["pilot", "comparator"]),
    )
    averaged = pd.DataFrame(
        {"label": labels[others], "base": base.mean(axis=0), **_summary(draws.mean(axis=1))},
        index=pd.Index(names[others], name="comparator"),
    ).sort_values("mean", ascending=False, kind="stable")
    effective = pd.DataFrame(
        {
            "label": labels[pilots],
            "effective_base": 1 / (base**2).sum(axis=1),
            "effective": (1 / (draws**2).sum(axis=2)).mean(axis=0),
            "discarded": cells.weighting.discarded,
        },
        index=pd.Index(names[pilots], name="pilot"),
    )
    return ComparatorWeights(chosen, pairs, averaged, effective)


def _summary(draws: np.ndarray) -> dict[str, np.ndarray]:
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return {"mean": draws.mean(axis=0), "eti95_low": low, "eti95_high": high}
