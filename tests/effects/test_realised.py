"""Realised effects: observed outcomes less draws of what there would have been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

import primum as pr
from primum.effects.averages import EVENT, SATT, UNIT, satt
from primum.effects.counts import COUNT
from primum.effects.new_unit import NEW_UNIT
from primum.effects.predictions import SAMPLE, Predictions, predict_pilots
from primum.effects.realised import observed, realised
from primum.panel import Panel
from tests.effects.made import cells_with, made, predicted
from tests.model.panels import bin_names, evaluation, open_names, spec_of, table_of

MAX_Z = 4.0  # passed by one honest z-score of 16,000


def fixed(count: int) -> Predictions:
    """The same linear predictor in every draw, so that all that differs is the noise."""
    spec, panel = evaluation("binomial")
    rng, units = np.random.default_rng(3), panel.dataset.sizes["unit"]
    eta = np.broadcast_to(rng.normal(size=(units, 6)) / 2, (1, count, units, 6))
    tau = np.broadcast_to(rng.normal(size=3), (1, count, 3))
    variables = {"eta": ((*SAMPLE, "unit", "time"), eta), "tau_unit": ((*SAMPLE, "pilot"), tau)}
    return predict_pilots(xr.Dataset(variables), spec, panel, spec.outcomes[0])


def test_realised_effects_have_the_noise_of_what_was_not_observed() -> None:
    """Binomial moments of the draws; the observed share is what it is."""
    count = 4000
    found = fixed(count)
    eta, tau = np.asarray(found.posterior["eta"])[0, 0], np.asarray(found.posterior["tau_unit"])[0, 0]
    mean, variance, places = 0.0, 0.0, cells_with(found)
    for i, t in places:
        share, size = expit(found.standard.centre + eta[i, t] - tau[i]), found.cells.denominator[i, t]
        mean += 100 * (found.cells.value[i, t] / size - share) / len(places)
        variance += (100 / len(places)) ** 2 * share * (1 - share) / size
    draws = realised(SATT).of(found).values
    assert abs(draws.mean() - mean) < MAX_Z * np.sqrt(variance / count)
    # nearly normal, so that the variance of draws has a relative error of sqrt(2 / n)
    assert abs(draws.var() / variance - 1) < MAX_Z * np.sqrt(2 / count)
    assert np.ptp(SATT.of(found).values) == 0


def test_counts_are_observed_ones_less_drawn_ones() -> None:
    draws = realised(COUNT).of(fixed(50)).values
    # sums of quotients that are multiplied back
    np.testing.assert_allclose(draws, draws.round(), atol=1e-9)
    assert np.ptp(draws) > 0


def test_cells_that_are_not_observed_are_left_out() -> None:
    frame = table_of("binomial")
    gone = (frame["area"] == 0) & (frame["year"] == 2013)
    frame["first_value"] = frame["first_value"].astype(float).mask(gone)
    spec = spec_of("binomial")
    panel = Panel.from_frame(frame, spec.data)
    found = made("binomial")
    found = predict_pilots(found.posterior, spec, panel, spec.outcomes[0])
    seen = observed(found)
    assert seen.full.values.sum() == found.full.values.sum() - 1
    assert np.isfinite(satt(seen)).all()
    rest = [place for place in cells_with(found) if place != (0, 3)]
    effects = [100 * (seen.with_exposure - seen.without).values[..., i, t] for i, t in rest]
    np.testing.assert_allclose(realised(SATT).of(found), np.mean(effects, axis=0), rtol=1e-10)


def test_they_are_labelled_and_agree_with_each_other() -> None:
    found = made("normal")
    each = realised(EVENT)
    assert (each.name, each.uncertainty) == ("event_effect_realised", "realised")
    assert each.described(found.outcome)["label"].endswith("realised")
    assert each.of(found).dims == (*SAMPLE, "event_observed")
    assert realised(UNIT).of(found).dims == (*SAMPLE, "pilot")
    places = cells_with(found)
    own = [sum(1 for i, _ in places if i == pilot) for pilot in range(3)]
    # the same draws of what there would have been
    together = (realised(UNIT).of(found) * xr.DataArray(own, dims="pilot")).sum("pilot") / sum(own)
    np.testing.assert_allclose(realised(SATT).of(found), together, rtol=1e-10)


def test_what_compares_no_cells_has_no_realised_version() -> None:
    with pytest.raises(pr.InputError, match="no realised version of new_unit"):
        realised(NEW_UNIT)
    with pytest.raises(pr.InputError, match="no realised version of satt_realised"):
        realised(realised(SATT))


def test_outcomes_that_are_known_in_part_are_refused() -> None:
    found = made("binomial")
    last = np.zeros(found.cells.value.shape)
    last[1, -1] = 1.0
    vague = replace(found, cells=replace(found.cells, low=found.cells.value - last, high=found.cells.value + last))
    with pytest.raises(pr.InputError, match=r"pilots observed under exposure as an interval .*: 1; use expected"):
        realised(SATT).of(vague)
    unseen = found.cells.observed.copy()
    unseen[2] &= found.cells.exposure[2] < 1
    with pytest.raises(pr.InputError, match="pilots never observed under full exposure: 2;"):
        realised(SATT).of(replace(found, cells=replace(found.cells, observed=unseen)))


def test_medians_that_were_not_reached_are_refused_by_pilot() -> None:
    """Pilot 1 is followed to the second bin alone in its last period, when it is exposed."""
    frame, spec = table_of("binned", still=True, size=300.0), spec_of("binned", still=True)
    last = frame.index[(frame["area"] == 1) & (frame["year"] == 2015)]
    bins, still = bin_names("first"), open_names("first")
    frame.loc[last, still[1]] += frame.loc[last, bins[1:]].sum(axis=1)
    frame.loc[last, bins[1:]] = 0
    with pytest.raises(pr.InputError, match=r"pilots followed too briefly under exposure.*: 1; use expected"):
        observed(predicted(spec, Panel.from_frame(frame, spec.data)))
    found = observed(predicted(*evaluation("binned", still=True, size=300.0)))
    assert np.isfinite(found.with_exposure.values).all()
    assert np.isfinite(found.without.values).all()
