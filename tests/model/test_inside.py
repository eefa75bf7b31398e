"""Means known as intervals: scipy's probabilities, and means sampled between their ends that integrate out to these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from primum.model import Cells, cells_of
from primum.model.families import Family, Standard, family_of, inside_cells
from primum.model.families.bounds import ends_of
from primum.model.families.gaussian import relative_size
from primum.model.families.tails import END
from primum.model.inside import inside_of
from primum.model.kernel.inside import inside_back, inside_forth
from primum.spec.families import FamilyName
from tests.model.panels import Array, evaluation
from tests.model.test_families import symbolic

SIGMA = np.full(1, 0.3)
KINDS = [
    ("normal", False),
    ("normal", True),
    ("student_t", False),
    ("lognormal", False),
    ("lognormal", True),
    ("gamma", False),
]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}{', known errors' * kind[1]}")
def cells(request: pytest.FixtureRequest) -> tuple[Cells, Family]:
    name, known = request.param
    return cells_with_bounds(name, known=known), family_of(name)


def cells_with_bounds(name: FamilyName, *, known: bool = False) -> Cells:
    spec, panel = evaluation(name, known=known, missing=7, bounded=30)
    return cells_of(panel.dataset, spec.outcomes[0])


def test_log_likelihood_is_scipy_s(cells: tuple[Cells, Family]) -> None:
    of, family = cells
    standard, eta = family.standard(of), 0.3 * np.random.default_rng(1).normal(size=(2, 3, *of.value.shape))
    found, where, (low, high) = family.log_likelihood(eta, SIGMA, of, standard), of.vague, of.bounds
    assert (where & np.isinf(high)).any()
    assert (where & np.isinf(low)).any()
    linked = standard.centre + standard.spread * eta
    if of.standard_error is None:
        noise = np.broadcast_to(
            standard.spread * SIGMA / np.sqrt(np.where(of.observed, relative_size(of), 1)), eta.shape
        )
    else:
        scale = SIGMA * of.standard_error / (np.where(of.observed, of.value, 1.0) if family.link == "log" else 1)
        noise = np.broadcast_to(scale, eta.shape)
    centre, spread = linked[..., where], noise[..., where]
    laws: dict[str, Callable[[], Any]] = {
        "normal": lambda: stats.norm(centre, spread),
        "student_t": lambda: stats.t(4, centre, spread),
        "lognormal": lambda: stats.lognorm(s=spread, scale=np.exp(centre)),
        "gamma": lambda: stats.gamma(spread**-2, scale=np.exp(centre) * spread**2),
    }
    law = laws[family.name]()
    below, above = law.cdf(high[where]) - law.cdf(low[where]), law.sf(low[where]) - law.sf(high[where])
    # the tail beyond the median loses no digits but those of the other
    expected = np.where(law.cdf(low[where]) > 0.5, above, below)
    np.testing.assert_allclose(np.exp(found[..., where]), expected, rtol=1e-8, atol=1e-14)
    exact = replace(of, low=None, high=None)
    alone = of.observed & ~where
    np.testing.assert_array_equal(found[..., alone], family.log_likelihood(eta, SIGMA, exact, standard)[..., alone])
    assert np.isnan(found[..., ~of.observed]).all()


def test_a_mean_that_is_sampled_integrates_out_to_the_probability_of_its_interval(cells: tuple[Cells, Family]) -> None:
    """With the model's own density of the mean, and the map's own slope, for one cell of every kind."""
    of, family = cells
    standard, arrays = family.standard(of), inside_of(of, family)
    kinds = (arrays["inside_ends"] == [[-END], [END]]).T.tolist()
    for kind in ([False, False], [True, False], [False, True]):
        m, gaps = kinds.index(kind), []
        at = of.order[arrays["inside_unit"][m]], arrays["inside_time"][m]
        fields = family.fields(of, standard)[:, at[0], at[1]]
        for eta in family.working(of, standard)[0][at] + np.array([-0.1, 0.0, 0.2]):
            inside = integral(family, fields, arrays["inside_ends"][:, [m]], eta, standard)
            everywhere = family.log_likelihood(np.full(of.value.shape, eta), SIGMA, of, standard)
            gaps.append(np.log(inside) - everywhere[at])
        # both are up to a constant of the cell; logarithms of probabilities above 1e-3, by quadrature to 1e-8
        assert np.ptp(gaps) < 1e-7


def integral(family: Family, fields: Array, ends: Array, eta: float, standard: Standard) -> float:
    """Of a cell's density over the coordinate of its mean."""
    place, response, slope = np.zeros(1, dtype=np.int32), np.zeros((1, 1)), np.zeros(1)

    def density(x: float) -> float:
        now = fields.copy()[:, None, None]
        value = inside_forth(np.array([x]), place, place, ends, response, now)
        pair = np.array([standard.centre, standard.spread])
        return float(np.exp(value + family.slopes(np.array([eta]), 0.3, now[:, 0], pair, slope)[0]))

    # of a mean with a t's noise some 1e-11 lies beyond
    return float(quad(density, -60, 600, points=[-5, 0, 5, 50], limit=400, epsabs=0, epsrel=1e-9)[0])


def test_derivatives_are_those_of_the_map() -> None:
    rng = np.random.default_rng(3)
    ends = np.array([[-1.0, -END, 0.2, -3.0], [0.5, 0.7, END, 4.0]])
    unit, time, pull = np.arange(4), np.zeros(4, dtype=int), rng.normal(size=(1, 4))

    def density(x: np.ndarray) -> float:
        response, fields = np.zeros((1, 4)), np.zeros((3, 1, 4))
        value = inside_forth(x, unit, time, ends, response, fields)
        np.testing.assert_array_equal(response, fields[0])
        assert (response[0] > ends[0]).all()
        assert (response[0] < ends[1]).all()
        return value - float((pull * response).sum())

    for size in (1.0, 10.0):
        x, found, step = size * rng.normal(size=4), np.zeros(4), 1e-5
        inside_back(x, unit, time, ends, pull, found)
        moved = [(density(x + step * one) - density(x - step * one)) / (2 * step) for one in np.eye(4)]
        # central differences err by the square of the step and by rounding of numbers of size 10
        np.testing.assert_allclose(found, moved, rtol=1e-6, atol=1e-8)


def test_what_stands_in_for_intervals_lies_within_them_and_weighs_as_if_it_were_known(
    cells: tuple[Cells, Family],
) -> None:
    of, family = cells
    where, standard = of.vague, family.standard(of)
    (response, weight), (exact, same) = (
        family.working(each, standard) for each in (of, replace(of, low=None, high=None))
    )
    np.testing.assert_array_equal(weight, same)
    np.testing.assert_array_equal(response[~where], exact[~where])
    low, high = ends_of(of, standard, log=family.link == "log")
    assert (response[where] >= low[where]).all()
    assert (response[where] <= high[where]).all()


def test_what_is_shown_of_an_interval_is_its_middle_or_the_bound_that_it_has(cells: tuple[Cells, Family]) -> None:
    of, family = cells
    shown, (low, high), (above, below) = family.level(of), of.bounds, of.open_ended
    assert above.any()
    assert below.any()
    np.testing.assert_array_equal(shown[above], low[above])
    np.testing.assert_array_equal(shown[below], high[below])
    both = of.vague & ~above & ~below
    np.testing.assert_allclose(shown[both], (low + high)[both] / 2)


def test_wide_bounds_hardly_move_the_scale(cells: tuple[Cells, Family]) -> None:
    of, family = cells
    wide = replace(of, low=np.where(of.vague, 1e-6, of.value), high=np.where(of.vague, 1e9, of.value))
    wide = replace(wide, value=np.where(of.vague, 5e8, of.value))
    found, known = family.standard(wide), of.value[of.unexposed & ~of.vague]
    known = np.log(known) if family.link == "log" else known
    assert abs(found.centre - known.mean()) < 0.5 * known.std()
    assert found.spread == 1 or 0.7 < found.spread / known.std() < 1.4
    response, _ = family.working(wide, found)
    assert np.abs(response).max() < 20


def test_beyond_limits_the_scale_is_that_of_all() -> None:
    """Half of many values beyond limits on either side: the SD is that of all of them, not of what is known."""
    rng = np.random.default_rng(6)
    value = rng.normal(50, 7, (200, 10))
    low, high = np.where(value > 55, 55.0, value), np.where(value < 45, 45.0, value)
    low, high = np.where(value < 45, -np.inf, low), np.where(value > 55, np.inf, high)
    of = Cells(
        np.clip(value, 45, 55), np.ones(value.shape), np.ones(value.shape, dtype=bool), np.zeros(value.shape),
        np.array([0]), np.arange(10), False, low=low, high=high,
    )  # fmt: skip
    for name in ("normal", "student_t"):
        standard = family_of(name).standard(of)
        # 2,000 values, half of them known: errors of some 0.2 and 0.15
        assert standard.centre == pytest.approx(50, abs=0.8)
        assert standard.spread == pytest.approx(7, abs=0.6)


def test_counts_are_summed_over_and_not_sampled() -> None:
    spec, panel = evaluation("poisson", bounded=20)
    of = cells_of(panel.dataset, spec.outcomes[0])
    assert of.vague.sum() >= 19
    assert not inside_cells(family_of("poisson"), of).any()


def test_without_intervals_nothing_changes(cells: tuple[Cells, Family]) -> None:
    of, family = cells
    exact = replace(of, low=None, high=None)
    assert all(each.size == 0 for each in inside_of(exact, family).values())
    eta = np.random.default_rng(4).normal(size=of.value.shape)
    density = symbolic(family, exact, eta, 0.3)
    assert np.isfinite(density[of.observed]).all()
