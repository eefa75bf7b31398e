"""Unpooled estimates: what a plain difference in differences says of each pilot by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from primum.fit import Fit, Imputed
from primum.model import cells_of
from primum.model.cells import Array, Mask
from primum.model.families import family_of

if TYPE_CHECKING:
    import pandas as pd


def unpooled(fit: Fit | Imputed, outcome: str) -> pd.DataFrame:
    r"""Difference in differences of each pilot by itself, to set beside partially pooled effects.

    With :math:`A` the periods in which pilot i is observed under full exposure, :math:`B` those before its start, and
    :math:`\bar y` means of what was observed (shares for counts), unit j changes by
    :math:`c_j = \bar y_{jA} - \bar y_{jB}`, and with J comparators that are observed in some period of both

    .. math::
        \hat\tau_i = c_i - \frac{1}{J} \sum_j c_j, \qquad
        \mathrm{se}_i = \mathrm{SD}_j(c_j) \sqrt{1 + 1/J}.

    How far comparators' changes differ stands for how far the pilot's might have without exposure (the idea of
    Conley and Taber, 2011); that a small area's changes differ more is not taken into account.

    Parameters
    ----------
    fit
        The fit; only its panel is used. Estimates of several imputations are put together by Rubin's (1987) rules.
    outcome
        Name of the outcome.

    Returns
    -------
    pandas.DataFrame
        One row a pilot; columns estimate and se, in the unit of the outcome's effect. NaN where a pilot is not
        observed in both, or fewer than two comparators are.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> pr.unpooled(tiny_fit(), "kinship")["estimate"].round(1).tolist()
    [-10.8, -18.0, -21.9]
    """
    import pandas as pd

    if isinstance(fit, Imputed):
        both = pd.concat([unpooled(one, outcome) for one in fit.fits.values()])
        each = both.groupby(level="pilot", sort=False)
        within = (both["se"] ** 2).groupby(level="pilot", sort=False).mean()
        total = within + (1 + 1 / len(fit.fits)) * each["estimate"].var()
        return pd.DataFrame({"estimate": each["estimate"].mean(), "se": np.sqrt(total)})
    chosen = fit.spec.outcome(outcome)
    cells = cells_of(fit.panel.dataset, chosen)
    level = chosen.factor * family_of(chosen.family).level(cells)
    rows = []
    for pilot, start in zip(cells.pilots, cells.start, strict=True):
        seen = cells.observed[pilot]
        after, before = seen & (cells.exposure[pilot] == 1), seen & (cells.time < start)
        own = _change(level[[pilot]], after, before)[0]
        others = _change(level[cells.comparators], after, before)
        others = others[np.isfinite(others)]
        known = others.size > 1
        spread = others.std(ddof=1) * np.sqrt(1 + 1 / others.size) if known else np.nan
        rows.append((own - others.mean() if known else np.nan, spread))
    index = pd.Index(fit.panel.dataset["unit"].values[cells.pilots], name="pilot")
    return pd.DataFrame(rows, index=index, columns=["estimate", "se"])


def _change(level: Array, after: Mask, before: Mask) -> Array:
    """Mean of observed values after less that before, NaN where there are none; shape (unit,)."""

    def mean(when: Mask) -> Array:
        seen = np.isfinite(level) & when
        return np.asarray(np.where(seen, level, 0.0).sum(axis=1) / np.where(seen.any(axis=1), seen.sum(axis=1), np.nan))

    return mean(after) - mean(before)
