r"""What multiple imputation adds to the uncertainty of an effect.

With m imputations, :math:`\bar W` the mean of their posterior variances and B the variance of their posterior means
(Rubin, 1987, section 3.1),

.. math:: \text{share between} = \frac{(1 + 1/m) B}{\bar W + (1 + 1/m) B}

is the share of the variance that is due to missing values (van Buuren, 2018, equation 2.24). The posterior is the
mixture of the m posteriors, whose variance is :math:`\bar W + (1 - 1/m) B`: slightly too small, and B is known from m
means alone, so that there must not be too few. At least `FEW` are asked for, as five to ten were found not to be
enough for mixtures (Zhou and Reiter, 2010); and one for each percent of the share (White, Royston and Wood, 2011),
which keeps the error of a mean for want of more imputations, :math:`\sqrt{B / m}`, within a tenth of the posterior SD.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from primum.fit import Gate
from primum.fit.gate import Finding, names_of, stacked

if TYPE_CHECKING:
    import pandas as pd

FEW = 20


def imputation_shares(draws: xr.Dataset) -> pd.DataFrame:
    """Within- and between-imputation variance of every quantity.

    Parameters
    ----------
    draws
        Of several imputations, as `primum.fit.gate.mixed` puts them together.

    Returns
    -------
    pandas.DataFrame
        One row a quantity; columns within and between, variances in squares of the quantity's unit, share_between, and
        imputations_needed. NaN where nothing varies.
    """
    import pandas as pd

    values = stacked(draws)
    count = values.shape[1]
    values = values.reshape(len(values), count, -1)
    within, between = values.var(axis=2, ddof=1).mean(axis=1), values.mean(axis=2).var(axis=1, ddof=1)
    due = (1 + 1 / count) * between
    with np.errstate(invalid="ignore"):
        share = due / (within + due)
    return pd.DataFrame(
        {
            "within": within,
            "between": between,
            "share_between": share,
            "imputations_needed": np.maximum(FEW, np.ceil(100 * share)),
        },
        index=pd.Index([name for each in draws.data_vars for name in names_of(draws[each])], name="quantity"),
    )


def judge_imputations(shares: pd.DataFrame, count: int) -> Gate:
    """Whether there are imputations enough for the average effect in the pilots and the effect in a new unit.

    Parameters
    ----------
    shares
        From `imputation_shares`.
    count
        How many imputations there are.
    """
    worst = shares.loc[["satt", "new_unit"]].sort_values("share_between").iloc[-1]
    if count >= worst["imputations_needed"]:
        return Gate((), 1.0, np.inf)
    reason = (
        f"only {count} imputations, where {worst['imputations_needed']:.0f} or more are needed "
        f"({worst['share_between']:.0%} of the variance of {worst.name} lies between them)"
    )
    return Gate((Finding("REVIEW", reason, "impute more often"),), 1.0, np.inf)
