"""How large shocks were in each period, where they are larger in some than in others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.model import cells_of
from primum.model.families import family_of
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ShockSizes:
    """Sizes of shocks by period of one outcome; make one with `primum.shock_sizes`.

    Attributes
    ----------
    outcome
        The outcome.
    periods
        Index time. Columns mean, eti95_low and eti95_high, of how far a shock of one SD moves a comparator of average
        level, in the unit of the outcome's effect; and ratio (a median), ratio_low and ratio_high, of that SD over that
        of the median period.
    """

    outcome: Outcome
    periods: pd.DataFrame

    @property
    def sentence(self) -> str:
        """In which periods shocks were larger or smaller than usual, in words."""
        larger, smaller = self.periods["ratio_low"] > 1, self.periods["ratio_high"] < 1
        said = []
        for word, rows in (("larger", self.periods[larger]), ("smaller", self.periods[smaller])):
            named = [
                f"{time} ({ratio:.1f} times; 95% interval {low:.1f} to {high:.1f})"
                for time, ratio, low, high in zip(
                    rows.index, rows["ratio"], rows["ratio_low"], rows["ratio_high"], strict=True
                )
            ]
            if named:
                said.append(f"{word} than usual in {', '.join(named)}")
        if not said:
            return "No period is known to have had larger or smaller shocks than usual."
        return f"Shocks were {' and '.join(said)}. The larger they are, the less the records of a period count."


def shock_sizes(fit: Fit | Imputed, outcome: str) -> ShockSizes:
    """Posterior of the size of shocks in each period.

    Parameters
    ----------
    fit
        The fit; draws of several imputations are taken together.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted with shocks of one size.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec().change({"outcomes.kinship.shock_sizes": "by period"})
    >>> fit = pr.fit(spec, pr.simulate(seed=1).panel)  # doctest: +SKIP
    >>> pr.shock_sizes(fit, "kinship").periods  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    if chosen.shock_sizes == "equal":
        problem = f'{outcome} was fitted with shocks of one size; set outcomes.{outcome}.shock_sizes to "by period"'
        raise SpecError("shock_sizes", [problem])
    cells, family, posterior = cells_of(fit.panel.dataset, chosen), family_of(chosen.family), fit.posterior(outcome)
    standard, noise = family.standard(cells), np.ones(1)
    level = np.asarray(posterior["mu"], dtype=float)[..., None] + np.asarray(posterior["lambda"], dtype=float)
    scale = np.asarray(posterior["shock_scale"], dtype=float)
    moved = family.mean(level + scale, noise, cells, standard) - family.mean(level, noise, cells, standard)
    ratio = scale / np.median(scale, axis=-1, keepdims=True)
    low, high = np.quantile(chosen.factor * moved, [0.025, 0.975], axis=(0, 1))
    ratio_low, middle, ratio_high = np.quantile(ratio, [0.025, 0.5, 0.975], axis=(0, 1))
    found = {
        "mean": chosen.factor * moved.mean(axis=(0, 1)), "eti95_low": low, "eti95_high": high,
        "ratio": middle, "ratio_low": ratio_low, "ratio_high": ratio_high,
    }  # fmt: skip
    return ShockSizes(chosen, pd.DataFrame(found, index=pd.Index(cells.time, name="time")))
