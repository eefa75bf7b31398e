"""Averages of cells' effects, against arithmetic done cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from primum.effects.averages import (
    by_group,
    cohort_effect,
    cumulative_effect,
    event_effect,
    over_cells,
    over_periods,
    period_effect,
    satt,
    target_weights,
    unit_effect,
)
from tests.effects.made import cells_with, made


def test_every_weighted_cell_counts() -> None:
    effect = np.arange(12, dtype=float).reshape(1, 1, 3, 4)
    full = np.array([[0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 1]], dtype=bool)
    assert over_cells(effect, full).item() == pytest.approx((3 + 5 + 6 + 7 + 10 + 11) / 6)
    np.testing.assert_allclose(over_periods(effect, full)[0, 0], [3, 6, 10.5])
    # the mean over cells, not over pilots
    assert over_cells(effect, full).item() != pytest.approx(np.mean([3, 6, 10.5]))


def test_cells_without_weight_do_not_enter() -> None:
    effect = np.ones((2, 3, 1, 4))
    effect[..., 1] = 1e6
    np.testing.assert_array_equal(over_cells(effect, np.array([[False, False, True, True]])), np.ones((2, 3)))


def test_groups_hold_the_masked_cells_alone() -> None:
    mask = np.array([[False, True, True, True], [False, False, False, True]])
    effect = np.arange(8.0).reshape(1, 1, 2, 4)
    found = by_group(effect, np.array([[-1, 0, 1, 2], [-3, -2, -1, 0]]), mask, "event")
    assert found["event"].values.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found[0, 0], [(1 + 7) / 2, 2, 3])


def test_satt_is_the_mean_of_fully_exposed_cells() -> None:
    found = made("binomial", staggered=True, pilots=4)
    values = [found.effect.values[..., i, t] for i, t in cells_with(found)]
    np.testing.assert_allclose(satt(found), np.mean(values, axis=0), rtol=1e-12)
    each = unit_effect(found)
    assert each["pilot"].values.tolist() == [0, 1, 2, 3]
    for pilot in range(4):
        own = [found.effect.values[..., i, t] for i, t in cells_with(found) if i == pilot]
        np.testing.assert_allclose(each[..., pilot], np.mean(own, axis=0), rtol=1e-12)


def test_satt_of_denominators_is_that_of_the_people_in_them() -> None:
    found = made("binomial", changes={"outcomes.first.target": "denominators"})
    total, people = np.zeros((2, 5)), 0.0
    for pilot, period in cells_with(found):
        total += found.cells.denominator[pilot, period] * found.effect.values[..., pilot, period]
        people += found.cells.denominator[pilot, period]
    np.testing.assert_allclose(satt(found), total / people, rtol=1e-12)
    weight = target_weights(found)
    assert np.ptp(weight[weight > 0]) > 0
    assert set(target_weights(made("binomial")).ravel()) == {0.0, 1.0}


def test_groups_of_a_staggered_panel() -> None:
    found = made("normal", staggered=True, pilots=4, times=(2010, 2011, 2012, 2013, 2014, 2015, 2016))
    time, full, exposed = found.cells.time, found.full.values, found.exposed.values
    event = time - found.cells.start[:, None]
    groups = {
        event_effect: (event, exposed, "event"),
        period_effect: (np.broadcast_to(time, event.shape), full, "period"),
        cohort_effect: (np.broadcast_to(found.cells.start[:, None], event.shape), full, "cohort"),
    }
    for estimand, (group, mask, name) in groups.items():
        each = estimand(found)
        assert each.sizes[name] > 1
        for place in each[name].values:
            here = [found.effect.values[..., i, t] for i, t in np.argwhere(mask & (group == place))]
            # sums of a few numbers
            np.testing.assert_allclose(each.sel({name: place}), np.mean(here, axis=0), rtol=1e-11, atol=1e-11)
    added, single = cumulative_effect(found), event_effect(found)
    for last in range(single.sizes["event"]):
        np.testing.assert_allclose(added[..., last], sum(single[..., k] for k in range(last + 1)), rtol=1e-11)
