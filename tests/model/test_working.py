"""What stands in for missing responses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from primum.model import Cells
from primum.model.drift import drift_basis
from primum.model.families import family_of
from primum.model.reference import Scales, reference_scales
from primum.model.working import filled_of, smoothed
from primum.spec.families import FamilyName


def counts(family: FamilyName, seed: int, size: float, units: int = 40) -> tuple[Cells, np.ndarray]:
    """Counts of areas of some size, with shares or rates of some 0.05 to 0.3, and their linear predictors."""
    rng, grid = np.random.default_rng(seed), (units, 6)
    truth = -2.5 + 0.3 * rng.normal(size=(units, 1)) + 0.2 * np.arange(6) + 0.1 * rng.normal(size=grid)
    denominator = np.full(grid, size)
    value = rng.poisson(size * np.exp(truth)) if family == "poisson" else rng.binomial(int(size), expit(truth))
    observed = rng.uniform(size=grid) > 0.1
    cells = Cells(
        np.where(observed, value, 0.0), np.where(observed, denominator, 0.0), observed, np.zeros(grid), np.arange(4),
        np.arange(2010, 2016), True,
    )  # fmt: skip
    return cells, truth


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_counts_are_linearised_at_the_most_plausible_smooth_predictor(family: FamilyName) -> None:
    cells, _ = counts(family, 1, 20.0)
    chosen, seen = family_of(family), cells.observed
    standard = chosen.standard(cells)
    response, weight = smoothed(cells, chosen, standard)
    # weights tell the predictor: they are n p (1 - p), p below a half here, and the expected count
    n = cells.denominator[seen]
    share = 0.5 - np.sqrt(0.25 - weight[seen] / n) if family == "binomial" else weight[seen] / n
    eta = (logit(share) if family == "binomial" else np.log(share)) - standard.centre
    slope = cells.value[seen] - n * share
    np.testing.assert_allclose(response[seen], eta + slope / weight[seen], rtol=1e-8)
    # once the record's own part is taken out, by a normal prior with an SD of 1, a unit's and a period's are left
    usual = np.full(seen.shape, np.nan)
    usual[seen] = eta - slope
    design = np.hstack([np.eye(len(seen))[np.nonzero(seen)[0]], np.eye(6)[np.nonzero(seen)[1]]])
    effects, *_ = np.linalg.lstsq(design, usual[seen], rcond=None)
    np.testing.assert_allclose(design @ effects, usual[seen], atol=1e-6)
    # periods' effects have no prior: there observed and expected counts agree
    usual += standard.centre
    expected = np.where(seen, cells.denominator * (expit(usual) if family == "binomial" else np.exp(usual)), 0.0)
    np.testing.assert_allclose(expected.sum(axis=0), cells.value.sum(axis=0), rtol=1e-4)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_many_records_speak_for_themselves(family: FamilyName) -> None:
    cells, _ = counts(family, 2, 1e5)
    chosen, seen = family_of(family), cells.observed
    standard = chosen.standard(cells)
    (response, weight), (own, precision) = smoothed(cells, chosen, standard), chosen.working(cells, standard)
    # the prior takes 1 in some 1e4 of what a record departs by, and the rest is of second order
    np.testing.assert_allclose(response[seen], own[seen], atol=1e-3)
    np.testing.assert_allclose(weight[seen], precision[seen], rtol=2e-3)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_of_few_records_responses_are_less_biased(family: FamilyName) -> None:
    """That is, their average by weight, to which a count of 0 hardly belongs where it makes its own weight."""
    cells, truth = counts(family, 3, 20.0, units=2000)
    chosen, seen = family_of(family), cells.observed
    standard = chosen.standard(cells)
    away = truth[seen] - standard.centre
    errors = {}
    for name, (response, weight) in (
        ("smoothed", smoothed(cells, chosen, standard)), ("own", chosen.working(cells, standard)),
    ):  # fmt: skip
        errors[name] = np.average(response[seen] - away, weights=weight[seen])
    # of counts of 2 to 6 each: a third of it is left, as records still move their own weights
    assert abs(errors["smoothed"]) < 0.4 * abs(errors["own"])


@pytest.mark.parametrize("odd", ["varied", "heavy"])
def test_where_units_or_cells_may_lie_anywhere_records_are_taken_where_they_are(odd: str) -> None:
    cells, _ = counts("binomial", 5, 20.0)
    chosen = family_of("binomial")
    standard = chosen.standard(cells)
    own, told = chosen.working(cells, standard), replace(cells, varied=odd == "varied", heavy=odd == "heavy")
    for found, expected in zip(smoothed(told, chosen, standard), own, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert np.abs(smoothed(cells, chosen, standard)[1] - own[1]).max() > 0.1


def test_families_that_are_quadratic_keep_their_own() -> None:
    cells, _ = counts("poisson", 4, 50.0)
    cells = replace(cells, value=cells.value + 10.0)
    chosen = family_of("normal")
    standard = chosen.standard(cells)
    for found, own in zip(smoothed(cells, chosen, standard), chosen.working(cells, standard), strict=True):
        np.testing.assert_array_equal(found, own)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_gaps_are_filled_by_least_squares(share: float) -> None:
    rng = np.random.default_rng(4)
    response = rng.normal(size=(9, 1)) + np.arange(6.0) + 0.1 * rng.normal(size=(9, 6))
    seen = rng.uniform(size=response.shape) > share
    units, times = np.nonzero(seen)
    design = np.hstack([np.eye(9)[units], np.eye(6)[times]])
    effects = np.linalg.lstsq(design, response[seen])[0]
    expected = np.where(seen, response, effects[:9, None] + effects[9:])
    # fifty turns leave little of where they began
    np.testing.assert_allclose(filled_of(response, seen), expected, atol=1e-4)


def test_what_is_complete_is_left_alone() -> None:
    response = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(filled_of(response, np.full((2, 3), True)), response)


def test_a_unit_or_period_without_records_is_filled_with_finite_numbers() -> None:
    response, seen = np.ones((3, 4)), np.full((3, 4), True)
    seen[0], seen[:, 1] = False, False
    response[~seen] = np.nan
    response += np.arange(4.0)
    filled = filled_of(response, seen)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[seen], response[seen])
    # the period lies between those beside it
    np.testing.assert_allclose(filled[1:, 1], 2.0, rtol=1e-12)


def test_gaps_under_a_steep_path_are_no_shocks() -> None:
    """References with gaps are close to those without, however steep the path that all units share."""
    rng, basis = np.random.default_rng(5), drift_basis(np.arange(2010, 2020))
    response = rng.normal(size=(60, 1)) + 1.0 * np.arange(10) + 0.1 * rng.normal(size=(60, 10))
    seen = rng.uniform(size=response.shape) > 0.2
    priors, constants = Scales(1.0, 0.3, 0.3, np.nan, np.nan), Scales(0.0, 0.0, 0.0, 1.0, 0.0)
    complete, gaps = (
        reference_scales(each @ basis.vectors.T, np.full(60, 1e6), basis, priors, constants)
        for each in (response, filled_of(response, seen))
    )
    # a fifth of shocks, of 0.1, are filled with none; with the mean of the unit s would be 1 and more
    assert complete.s == pytest.approx(0.1, rel=0.1)
    assert gaps.s == pytest.approx(complete.s * np.sqrt(0.8), rel=0.1)
