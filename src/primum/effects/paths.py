"""Regions' paths, and the common one that they depart from, on the outcome's own scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.model import cells_of
from primum.model.cells import Array
from primum.model.families import family_of
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RegionalPaths:
    """Paths by region of one outcome; make one with `primum.regional_paths`.

    Attributes
    ----------
    outcome
        The outcome.
    regions
        One row a region and period; index (region, time), columns mean, eti95_low, eti95_high, of what is expected
        of a comparator of average level that does nothing by itself, in the unit of the outcome's effect, and
        comparators, how many there are in the region.
    common
        The same of the common path; index time, without how many.
    """

    outcome: Outcome
    regions: pd.DataFrame
    common: pd.DataFrame


def regional_paths(fit: Fit | Imputed, outcome: str) -> RegionalPaths:
    """Posterior of every region's path, and of the common one.

    Parameters
    ----------
    fit
        The fit.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted without paths by region.

    Examples
    --------
    >>> import primum as pr
    >>> pr.regional_paths(fit, "rereferral").regions.loc["London"]  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    cells, family = cells_of(fit.panel.dataset, chosen), family_of(chosen.family)
    if cells.regions is None:
        problem = f'{outcome} was fitted with one path for all; set outcomes.{outcome}.path_by to "region"'
        raise SpecError("regional_paths", [problem])
    posterior, standard, names = fit.posterior(outcome), family.standard(cells), cells.regions.names
    level = np.asarray(posterior["mu"], dtype=float)[..., None]

    def expected(path: Array) -> Array:
        return chosen.factor * np.asarray(family.mean(level + path, np.ones(1), cells, standard))

    own = np.asarray(posterior["lambda_region"], dtype=float)
    found = {name: _summary(expected(own[:, :, place]), cells.time) for place, name in enumerate(names)}
    number = np.bincount(cells.regions.of_unit[cells.comparators], minlength=len(names))
    regions = pd.concat(found, names=["region"]).assign(comparators=np.repeat(number, cells.time.size))
    return RegionalPaths(chosen, regions, _summary(expected(np.asarray(posterior["lambda"], dtype=float)), cells.time))


def _summary(values: Array, time: NDArray[np.int64]) -> pd.DataFrame:
    """Mean and 95% interval by period; shape of the values (chain, draw, time)."""
    import pandas as pd

    low, high = np.quantile(values, [0.025, 0.975], axis=(0, 1))
    columns = {"mean": values.mean(axis=(0, 1)), "eti95_low": low, "eti95_high": high}
    return pd.DataFrame(columns, index=pd.Index(time, name="time"))
