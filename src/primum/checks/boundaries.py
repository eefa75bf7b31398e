"""Whether an effect on ordered categories is the same at every boundary, as the model has it.

If exposure moves records over one boundary and not over another, the model's effect is something between the two, and
what it says of either is wrong. Unlike other checks this one is of the same areas, since it is about their effect: how
the pilots' share above each boundary changed, in the data and in records drawn at the fitted linear predictors.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import expit

from primum.fit.predict import noise_of
from primum.fit.replicate import flat
from primum.model import Cells
from primum.model.cells import Array
from primum.model.families import Standard
from primum.model.families.ordered import boundaries_of
from primum.spec import Outcome

MEANING = (
    "exposure moved records over this boundary more or less than the model, for which it is the same odds ratio at "
    "every boundary, has it; look at the share above each boundary by itself, as a binomial outcome"
)


def changes_above(
    posterior: xr.Dataset, outcome: Outcome, cells: Cells, standard: Standard, rng: np.random.Generator
) -> Mapping[str, tuple[float, Array]]:
    """How the pilots' share above each boundary changed under full exposure, observed and replicated.

    Parameters
    ----------
    posterior
        Draws of eta and sigma; dims (chain, draw, ...), one replication a draw.
    outcome, cells, standard
        An ordered outcome, its arrays and scale.
    rng
        Source of randomness.

    Returns
    -------
    mapping
        By what is compared: the observed change in the unit of the effect, and replicated ones, shape (replication,).
    """
    bins, pilots = cells.bins, cells.pilots
    assert bins is not None
    seen, exposure, size = cells.observed[pilots], cells.exposure[pilots], bins.size[pilots]
    after, before = seen & (exposure == 1), seen & (exposure == 0)
    linked = standard.centre + flat(posterior["eta"])[:, pilots]
    sigma = flat(noise_of(posterior))

    def change(counts: Array) -> Array:
        shares = (counts[..., when].sum(axis=-1) / size[when].sum() for when in (after, before))
        return np.asarray(outcome.factor * np.subtract(*shares))

    found = {}
    for place, (name, cut) in enumerate(zip(outcome.measure.values, boundaries_of(cells), strict=False), start=1):
        observed = change(bins.filled[pilots][..., place:].sum(axis=-1))
        drawn = rng.binomial(size.astype(np.int64), expit(linked - sigma * cut)).astype(float)
        found[f"change of the share above {name}"] = float(observed), change(drawn)
    return found
