from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import expit

import primum as pr
from primum.errors import SpecError
from primum.fit import Fit
from primum.model import cells_of
from primum.model.families import family_of
from primum.plots import plot_shock_sizes
from primum.testing import canned_fit, tiny_fit, tiny_panel


@cache
def sized_fit() -> Fit:
    """Scales that are made up, those of the last period three times as large."""
    fit = canned_fit(pr.demo_spec().change({"outcomes.kinship.shock_sizes": "by period"}), tiny_panel(), 1)
    fit.posterior("kinship")["shock_scale"].to_numpy()[:, :, -1] *= 6
    return fit


def test_sizes_are_relative_to_the_usual_one_and_in_the_outcomes_unit() -> None:
    found, posterior = pr.shock_sizes(sized_fit(), "kinship").periods, sized_fit().posterior("kinship")
    scale = np.asarray(posterior["shock_scale"])
    usual = np.median(scale, axis=-1, keepdims=True)
    np.testing.assert_allclose(found["ratio"], np.median((scale / usual).reshape(-1, scale.shape[-1]), axis=0))
    assert (found["ratio_low"] < found["ratio"]).all()
    assert (found["ratio"] < found["ratio_high"]).all()
    outcome = sized_fit().spec.outcome("kinship")
    centre = family_of("binomial").standard(cells_of(sized_fit().panel.dataset, outcome)).centre
    level = centre + np.asarray(posterior["mu"])[..., None] + np.asarray(posterior["lambda"])
    np.testing.assert_allclose(found["mean"], 100 * (expit(level + scale) - expit(level)).mean(axis=(0, 1)))


def test_periods_with_larger_shocks_are_said() -> None:
    sizes = pr.shock_sizes(sized_fit(), "kinship")
    last = sizes.periods.index[-1]
    assert sizes.sentence.startswith(f"Shocks were larger than usual in {last} (")
    assert sizes.sentence.endswith("The larger they are, the less the records of a period count.")
    equal = sizes.periods.assign(ratio_low=0.5, ratio_high=2.0)
    said = replace(sizes, periods=equal).sentence
    assert said == "No period is known to have had larger or smaller shocks than usual."


def test_shocks_of_one_size_have_none() -> None:
    with pytest.raises(SpecError, match=r'set outcomes\.kinship\.shock_sizes to "by period"'):
        pr.shock_sizes(tiny_fit(), "kinship")


def test_every_period_is_drawn() -> None:
    sizes = pr.shock_sizes(sized_fit(), "kinship")
    (axes,) = plot_shock_sizes(sizes).axes
    np.testing.assert_array_equal(np.asarray(axes.lines[-1].get_xdata()), sizes.periods.index)
