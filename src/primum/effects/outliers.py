r"""Records that hardly count, because their shocks are far larger than usual.

Given a shock of :math:`\epsilon` scales, a record weighs in all else as one with a normal shock that is divided by
:math:`1 / (1 + \epsilon^2 / \nu)`, relative to a record without a shock: that is the weight of Lange, Little and
Taylor (1989) over its largest value. Its posterior mean is what is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.fit.predict import noise_of
from primum.model import cells_of
from primum.model.cells import TAIL
from primum.model.families import family_of
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd

LITTLE = 0.2  # four scales of shocks away
_NAMED = 8
_AT_ONCE = 1000  # draws


@dataclass(frozen=True, eq=False)
class Outliers:
    """How much each record of one outcome counts; make one with `primum.outliers`.

    Attributes
    ----------
    outcome
        The outcome.
    records
        One row an observed cell, those that count least first; index (unit, time), columns label, exposure, value (as
        recorded), mean, eti95_low and eti95_high (of what was to be expected in the cell without its shock; the unit
        is that of the outcome's effect), and weight, from 0 to 1, of a record that is as expected.
    """

    outcome: Outcome
    records: pd.DataFrame

    @property
    def little(self) -> pd.DataFrame:
        """Records that count for less than a fifth of one that is as expected."""
        return self.records[self.records["weight"] < LITTLE]

    @property
    def sentence(self) -> str:
        """Which records hardly count, in words."""
        little = self.little
        if little.empty:
            return "Every record counts for at least a fifth of one that is as expected."
        exposed = little["exposure"] > 0
        first = exposed.sort_values(ascending=False, kind="stable").index  # all of which are named
        rows = little.loc[first].head(max(_NAMED, int(exposed.sum())))
        named = [
            f"{label} {time} ({100 * weight:.0f}%{', under exposure' if exposure > 0 else ''})"
            for (_, time), label, exposure, weight in zip(
                rows.index, rows["label"], rows["exposure"], rows["weight"], strict=True
            )
        ]
        more = f"; and {len(little) - len(rows)} more" if len(little) > len(rows) else ""
        one = len(little) == 1
        count, why = ("1 record of", "it is") if one else (f"{len(little)} records of", "they are")
        return (
            f"{count} {len(self.records):,} {'counts' if one else 'count'} for less than a fifth of one that is as "
            f"expected, because {why} far from all else that is known of the area: {'; '.join(named)}{more}. If a "
            "record under exposure is what the programme did, and no artefact, the effect is another: look at those."
        )


def outliers(fit: Fit | Imputed, outcome: str) -> Outliers:
    """How much every record counts, where shocks are heavy-tailed.

    Parameters
    ----------
    fit
        The fit; of several imputations, means over them are given.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted with normal shocks, for which all records count alike.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec().change({"outcomes.kinship.shocks": "heavy-tailed"})
    >>> fit = pr.fit(spec, pr.simulate(seed=1).panel)  # doctest: +SKIP
    >>> pr.outliers(fit, "kinship").little  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    if chosen.shocks == "normal":
        problem = f'{outcome} was fitted with normal shocks; set outcomes.{outcome}.shocks to "heavy-tailed"'
        problem += ", and leave out shock_sizes" if chosen.shock_sizes != "equal" else ""
        raise SpecError("outliers", [problem])
    fits = list(fit.fits.values()) if isinstance(fit, Imputed) else [fit]
    tables = [_records(one, chosen) for one in fits]
    found = tables[0]
    if len(tables) > 1:
        together = pd.concat(tables).groupby(level=["unit", "time"], sort=False)
        found = together.mean(numeric_only=True).assign(label=together["label"].first())[found.columns]
    return Outliers(chosen, found.sort_values("weight", kind="stable"))


def _records(fit: Fit, outcome: Outcome) -> pd.DataFrame:
    """Records of one panel, in its order."""
    import pandas as pd

    family, cells = family_of(outcome.family), cells_of(fit.panel.dataset, outcome)
    standard, posterior = family.standard(cells), fit.posterior(outcome.name)
    step = max(1, posterior.sizes["chain"] * posterior.sizes["draw"] // _AT_ONCE)
    posterior = posterior.isel(draw=slice(None, None, step))
    shock, scale = np.asarray(posterior["shock"], dtype=float), np.asarray(posterior["s"])[:, :, None, None]
    if cells.varied:
        scale = scale * np.asarray(posterior["unit_scale"], dtype=float)[..., None]
    weight = (1 / (1 + TAIL * (shock / scale) ** 2)).mean(axis=(0, 1))
    usual = np.asarray(posterior["eta"], dtype=float) - shock
    expected = outcome.factor * family.mean(usual, noise_of(posterior), cells, standard)
    low, high = np.quantile(expected, [0.025, 0.975], axis=(0, 1))
    seen, names = cells.observed, np.asarray(fit.panel.dataset["unit"])
    unit, time = np.nonzero(seen)
    return pd.DataFrame(
        {
            "label": fit.panel.labels[unit],
            "exposure": cells.exposure[seen],
            "value": outcome.factor * family.level(cells)[seen],
            "mean": expected.mean(axis=(0, 1))[seen],
            "eti95_low": low[seen],
            "eti95_high": high[seen],
            "weight": weight[seen],
        },
        index=pd.MultiIndex.from_arrays([names[unit], cells.time[time]], names=["unit", "time"]),
    )
