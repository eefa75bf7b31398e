"""Departures of pilots from the common path before their start."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from primum.effects.placebo import PLACEBO
from tests.effects.made import made
from tests.model.cases import REGIONS


def test_departures_are_from_the_path_at_a_pilot_s_own_mean() -> None:
    found = made("binomial", pilots=4, staggered=True)
    eta, path = np.asarray(found.posterior["eta"], dtype=float), np.asarray(found.posterior["lambda"])
    centre, start, time = found.standard.centre, found.cells.start, found.cells.time
    by_event: dict[int, list[np.ndarray]] = {}
    for pilot in range(4):
        before = [t for t in range(time.size) if time[t] < start[pilot]]
        own = np.mean([eta[..., pilot, t] - path[..., t] for t in before], axis=0)
        for t in before:
            departure = 100 * (expit(centre + eta[..., pilot, t]) - expit(centre + path[..., t] + own))
            by_event.setdefault(int(time[t] - start[pilot]), []).append(departure)
    each = PLACEBO.of(found)
    assert each["before"].values.tolist() == sorted(by_event) == [-3, -2, -1]
    for event, values in by_event.items():
        np.testing.assert_allclose(each.sel(before=event), np.mean(values, axis=0), rtol=1e-10, atol=1e-12)


def test_with_an_identity_link_they_add_up_to_none() -> None:
    found = made("normal", pilots=4)  # all start together, so that every event time has all pilots
    # differences of numbers near 50
    np.testing.assert_allclose(PLACEBO.of(found).sum("before"), 0, atol=1e-11)


def test_periods_that_are_left_out_are_not_used() -> None:
    found = made("normal", pilots=4, changes={"treatment.anticipation": 1})
    assert PLACEBO.of(found)["before"].values.tolist() == [-3, -2]


def test_with_regions_departures_are_from_the_path_of_a_pilot_s_own() -> None:
    found = made("normal", pilots=4, changes=REGIONS)
    own = np.asarray(found.posterior["lambda_region"])[:, :, [0, 1, 2, 0]]
    away = np.asarray(found.posterior["eta"], dtype=float)[:, :, :4] - own
    departure = found.standard.spread * (away - away[..., :3].mean(axis=-1, keepdims=True))[..., :3]
    # differences of numbers near 50
    np.testing.assert_allclose(PLACEBO.of(found), departure.mean(axis=2), atol=1e-11)
