"""How large drifts and shocks were in each unit, where they are larger in some than in others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 8


@dataclass(frozen=True, eq=False)
class UnitSizes:
    """Sizes of units' drifts and shocks, of one outcome; make one with `primum.unit_sizes`.

    Attributes
    ----------
    outcome
        The outcome.
    units
        Index unit, the largest first. Columns label; pilot, whether it is ever exposed; and ratio (a median), ratio_low
        and ratio_high (95% interval), of the size of its drift and shocks over that of the median unit.
    """

    outcome: Outcome
    units: pd.DataFrame

    @property
    def larger(self) -> pd.DataFrame:
        """Units that are known to have larger drifts and shocks than the median one."""
        return self.units[self.units["ratio_low"] > 1]

    @property
    def sentence(self) -> str:
        """Which units have larger drifts and shocks than usual, in words."""
        larger = self.larger
        if larger.empty:
            return "No area is known to move more than usual."
        pilots = larger["pilot"].sort_values(ascending=False, kind="stable").index  # all of which are named
        rows = larger.loc[pilots].head(max(_NAMED, int(larger["pilot"].sum())))
        named = [
            f"{label}{', a pilot' if pilot else ''} ({ratio:.1f} times; 95% interval {low:.1f} to {high:.1f})"
            for label, pilot, ratio, low, high in rows[
                ["label", "pilot", "ratio", "ratio_low", "ratio_high"]
            ].itertuples(index=False)
        ]
        more = f"; and {len(larger) - len(rows)} more" if len(larger) > len(rows) else ""
        caution = (
            " If what moved a pilot after its start is what the programme did, the effect is another: look at those."
            if larger["pilot"].any()
            else ""
        )
        return (
            f"Drifts and shocks are larger than usual in {'; '.join(named)}{more}. The larger they are, the less an "
            f"area counts.{caution}"
        )


def unit_sizes(fit: Fit | Imputed, outcome: str) -> UnitSizes:
    """Posterior of the size of each unit's drift and shocks, beside that of the median unit.

    Parameters
    ----------
    fit
        The fit; draws of several imputations are taken together.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted with drifts and shocks that are as large in every unit.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec().change({"outcomes.kinship.variances": "heavy-tailed"})
    >>> fit = pr.fit(spec, pr.simulate(seed=1).panel)  # doctest: +SKIP
    >>> pr.unit_sizes(fit, "kinship").units  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    if chosen.variances == "equal":
        problem = (
            f"{outcome} was fitted with drifts and shocks that are as large in every unit; set "
            f'outcomes.{outcome}.variances to "by unit" or "heavy-tailed"'
        )
        raise SpecError("unit_sizes", [problem])
    scale = np.asarray(fit.posterior(outcome)["unit_scale"], dtype=float)
    ratio = scale / np.median(scale, axis=-1, keepdims=True)
    low, middle, high = np.quantile(ratio, [0.025, 0.5, 0.975], axis=(0, 1))
    found = {
        "label": fit.panel.labels, "pilot": fit.panel.pilots, "ratio": middle, "ratio_low": low, "ratio_high": high,
    }  # fmt: skip
    table = pd.DataFrame(found, index=pd.Index(np.asarray(fit.panel.dataset["unit"]), name="unit"))
    return UnitSizes(chosen, table.sort_values("ratio", ascending=False, kind="stable"))
