"""Regions' paths on the outcome's scale, from draws that are made up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from primum.effects.paths import regional_paths
from primum.errors import SpecError
from primum.fit import Fit, Gate
from primum.model import cells_of
from primum.model.families import family_of
from tests.effects.made import predicted
from tests.model.cases import REGIONS
from tests.model.panels import evaluation


@dataclass(frozen=True)
class Made:
    """A fit whose draws are made up, and the centre of its linear predictor."""

    fit: Fit
    centre: float


def made_fit(path_by: str = "region") -> Made:
    spec, panel = evaluation("binomial", changes={**REGIONS, "outcomes.first.path_by": path_by})
    found = predicted(spec, panel)
    tree = xr.DataTree.from_dict({"posterior": found.posterior})
    fit = Fit(spec, panel, xr.DataTree(children={"first": tree}), {"first": Gate((), 1.0, np.inf)})
    return Made(fit, family_of("binomial").standard(cells_of(panel.dataset, spec.outcomes[0])).centre)


def test_paths_are_what_a_comparator_of_average_level_would_do() -> None:
    made = made_fit()
    paths, posterior = regional_paths(made.fit, "first"), made.fit.posterior("first")
    assert paths.regions.index.names == ["region", "time"]
    assert list(dict.fromkeys(paths.regions.index.get_level_values("region"))) == ["North", "South", "West"]
    mu = np.asarray(posterior["mu"])[..., None]
    for place, name in enumerate(["North", "South", "West"]):
        share = 100 * expit(made.centre + mu + np.asarray(posterior["lambda_region"])[:, :, place])
        np.testing.assert_allclose(paths.regions.xs(name)["mean"], share.mean(axis=(0, 1)), rtol=1e-12)
        low = np.quantile(share, 0.025, axis=(0, 1))
        np.testing.assert_allclose(paths.regions.xs(name)["eti95_low"], low, rtol=1e-12)
    common = 100 * expit(made.centre + mu + np.asarray(posterior["lambda"]))
    np.testing.assert_allclose(paths.common["mean"], common.mean(axis=(0, 1)), rtol=1e-12)
    # twelve units, of which the three pilots are one in each region
    assert set(paths.regions["comparators"]) == {3}


def test_one_path_for_all_is_refused() -> None:
    with pytest.raises(SpecError, match=r'set outcomes.first.path_by to "region"'):
        regional_paths(made_fit("none").fit, "first")
