"""What covariates that change over time have moved."""

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
class Coefficients:
    """Coefficients of the covariates of one outcome; make them with `primum.coefficients`.

    Attributes
    ----------
    outcome
        The outcome.
    table
        Index covariate. Columns sd, what one SD of it is over all areas and periods; mean, eti95_low and eti95_high, of
        how far that moves a comparator of average level, in the unit of the outcome's effect; and coefficient, the
        posterior mean on the linear predictor.
    """

    outcome: Outcome
    table: pd.DataFrame


def coefficients(fit: Fit | Imputed, outcome: str) -> Coefficients:
    """Posterior of what one SD of each covariate goes with.

    That is no effect of the covariate: whatever else moves with it is in it, too.

    Parameters
    ----------
    fit
        The fit; draws of several imputations are taken together.
    outcome
        Name of the outcome.

    Raises
    ------
    SpecError
        If the outcome was fitted without covariates.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec().change({"outcomes.kinship.covariates": ["unemployment"]})
    >>> panel = pr.Panel.from_frame(table, spec.data)  # doctest: +SKIP
    >>> pr.coefficients(pr.fit(spec, panel), "kinship").table  # doctest: +SKIP
    """
    import pandas as pd

    chosen = fit.spec.outcome(outcome)
    if not chosen.covariates:
        problem = f"{outcome} was fitted without covariates; name columns in outcomes.{outcome}.covariates"
        raise SpecError("coefficients", [problem])
    cells, family, posterior = cells_of(fit.panel.dataset, chosen), family_of(chosen.family), fit.posterior(outcome)
    beta = np.asarray(posterior["beta"], dtype=float)
    level, standard, noise = np.asarray(posterior["mu"], dtype=float)[..., None], family.standard(cells), np.ones(1)
    up, down = (family.mean(level + sign * beta / 2, noise, cells, standard) for sign in (1, -1))
    moved = chosen.factor * (up - down)
    low, high = np.quantile(moved, [0.025, 0.975], axis=(0, 1))
    found = {
        "sd": [float(fit.panel.dataset[f"covariate_{name}"].std()) for name in chosen.covariates],
        "mean": moved.mean(axis=(0, 1)), "eti95_low": low, "eti95_high": high, "coefficient": beta.mean(axis=(0, 1)),
    }  # fmt: skip
    return Coefficients(chosen, pd.DataFrame(found, index=pd.Index(chosen.covariates, name="covariate")))
