r"""Where the differences between unexposed cells come from.

On the linear predictor a unit's departure from the common path has, averaged over the panel's periods, the
variance

.. math:: \sigma_\alpha^2 + \frac{q^2 \sum_k d_k}{T} f + s^2 f,

level, drift (measured from its mean, so that it grows with the number of periods T) and shock, with :math:`d_k` as
in `primum.model.drift`, and :math:`f = \exp(2 \omega^2)`, the mean over units of what variances are multiplied
by where they differ by unit; of shocks whose size differs by period, :math:`s^2` is the mean over periods. Where noise
has a scale of its own, sigma squared is added, that of a cell with the median denominator; trends of units add
:math:`\sigma_{slope}^2 f` times the variance of the periods, and regions' own paths
:math:`\sigma_{region}^2 \sum_k d_k / T`, with d of a random walk.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.model.cells import Array
from primum.model.families import learns_scale
from primum.model.unit_scales import mean_square


def variance_share(predictions: Predictions) -> xr.DataArray:
    """Shares of level, drift, trend, region, shock and noise in that variance, in %; dims (chain, draw, component)."""
    draws, cells = predictions.posterior, predictions.cells

    def square(name: str) -> Array:
        return np.asarray(draws[name]) ** 2

    factor = mean_square(cells, np.asarray(draws["omega"]) if "omega" in draws else np.zeros(0))
    basis, periods = cells.basis, cells.time.size
    drift = square("q") * basis.variance[int(basis.line) :].sum() / periods * factor
    parts = {"level": square("sigma_alpha"), "drift": drift}
    if basis.line:
        parts["trend"] = square("sigma_slope") * basis.variance[0] / periods * factor
    if cells.regions is not None:
        parts["region"] = square("sigma_region") * cells.walk.variance.sum() / periods
    if "s" in draws or cells.sized:
        size = (np.asarray(draws["shock_scale"]) ** 2).mean(axis=-1) if cells.sized else square("s")
        parts["shock"] = size * factor / (1 - 2 * cells.shock_tail)
    if learns_scale(predictions.family, cells):
        parts["noise"] = square("sigma")
    stack = np.stack(list(parts.values()), axis=-1)
    shares = 100 * stack / stack.sum(axis=-1, keepdims=True)
    return xr.DataArray(shares, {"component": list(parts)}, (*SAMPLE, "component"))


VARIANCE = Estimand(
    "variance_share", variance_share, "Share of variance: {place}", "unexposed cells of new units",
    "share of the variance of the linear predictor", "every period the same", "%",
    compares=False,
)  # fmt: skip
