from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import primum as pr
from primum.errors import SpecError
from primum.fit import Fit
from primum.plots import plot_unit_sizes
from primum.testing import canned_fit, tiny_fit, tiny_panel


@cache
def varied_fit(variances: str = "heavy-tailed") -> Fit:
    """Scales that are made up, around 1, those of the fourth unit five times as large."""
    fit = canned_fit(pr.demo_spec().change({"outcomes.kinship.variances": variances}), tiny_panel(), 1)
    scale = fit.posterior("kinship")["unit_scale"].to_numpy()
    scale[:] = np.exp(0.2 * np.random.default_rng(1).normal(size=scale.shape))
    scale[:, :, 3] *= 5
    return fit


@pytest.mark.parametrize("variances", ["by unit", "heavy-tailed"])
def test_sizes_are_relative_to_the_median_unit_and_the_largest_come_first(variances: str) -> None:
    fit = varied_fit(variances)
    found = pr.unit_sizes(fit, "kinship").units
    scale = np.asarray(fit.posterior("kinship")["unit_scale"], dtype=float)
    ratio = (scale / np.median(scale, axis=-1, keepdims=True)).reshape(-1, scale.shape[-1])
    units = np.asarray(fit.panel.dataset["unit"])
    np.testing.assert_allclose(found["ratio"].loc[units], np.median(ratio, axis=0))
    np.testing.assert_allclose(found["ratio_low"].loc[units], np.quantile(ratio, 0.025, axis=0))
    np.testing.assert_allclose(found["ratio_high"].loc[units], np.quantile(ratio, 0.975, axis=0))
    assert found.index[0] == units[3]
    assert found["ratio"].is_monotonic_decreasing
    assert found["pilot"].loc[units].tolist() == fit.panel.pilots.tolist()


def test_areas_that_move_more_are_said_pilots_first() -> None:
    sizes = pr.unit_sizes(varied_fit(), "kinship")
    first = sizes.units.iloc[0]
    others = sizes.units.assign(pilot=False)
    said = replace(sizes, units=others).sentence
    assert said.startswith(f"Drifts and shocks are larger than usual in {first['label']} (")
    assert said.endswith("The larger they are, the less an area counts.")
    everyone = others.assign(ratio_low=1.5)
    everyone.loc[everyone.index[-1], "pilot"] = True
    said = replace(sizes, units=everyone).sentence
    assert said.startswith(f"Drifts and shocks are larger than usual in {everyone.iloc[-1]['label']}, a pilot (")
    assert f"; and {len(everyone) - 8} more. " in said
    assert said.endswith("the effect is another: look at those.")
    nobody = replace(sizes, units=others.assign(ratio_low=0.9))
    assert nobody.sentence == "No area is known to move more than usual."


def test_units_of_one_size_have_none() -> None:
    with pytest.raises(SpecError, match=r'set outcomes\.kinship\.variances to "by unit" or "heavy-tailed"'):
        pr.unit_sizes(tiny_fit(), "kinship")


def test_the_largest_are_drawn_with_their_names() -> None:
    sizes = pr.unit_sizes(varied_fit(), "kinship")
    (axes,) = plot_unit_sizes(sizes).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == sizes.units["label"].head(12).tolist()[::-1]
