"""What paths see of cells whose shocks are apart from them, which shapes the geometry alone, and tails as a mixture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from primum.model.data import reference_of, through_shocks
from primum.model.kernel.shocks import BEND, SLOPE, START
from primum.model.shocks import weights_through
from primum.model.working import working_of
from tests.model.cases import Model, model_case


@pytest.fixture
def built() -> Model:
    return model_case("binomial, heavy-tailed shocks, with gaps")


def test_weights_are_the_information_through_a_shock() -> None:
    """Of y = c + e + noise about c: the variance of e is added to that of the noise."""
    weight, square = np.array([[10.0, 4.0], [0.0, 2.0]]), np.array([[4.0, 1.0], [1.0, 9.0]])
    little = 1e-3  # of every cell, so that a unit may have none
    np.testing.assert_allclose(weights_through(weight, 0.0), weight + little)
    expected = np.array([[1 / (0.1 + 4), 1 / (0.25 + 1)], [0.0, 1 / (0.5 + 9)]])
    np.testing.assert_allclose(weights_through(weight, square), expected + little)


def test_reference_has_no_shocks_in_paths(built: Model) -> None:
    priors = built.outcome.all_priors()
    work = working_of(built.cells, built.family)
    scales = reference_of(work, built.cells, built.family, priors)
    through, without = through_shocks(work, scales, built.cells)
    assert (without.s, without.q) == (0.0, scales.q)
    cell, seen = weights_through(work.weight, scales.s**2), built.cells.observed
    np.testing.assert_array_equal(through.weight, cell)
    expected = [row[there].mean() if there.any() else 1e-3 for row, there in zip(cell, seen, strict=True)]
    np.testing.assert_allclose(through.mean_weight, expected, rtol=1e-12)
    np.testing.assert_array_equal(built.arrays["mean_weight"], through.mean_weight[built.cells.order])
    np.testing.assert_array_equal(built.arrays["cell_weight"], work.weight[built.cells.order].T)


def root_of(x: float) -> tuple[float, float]:
    away = START + SLOPE * x
    width = np.hypot(away, 2 * BEND)
    return float(0.5 * (away + width)), float(width)


def density_of(x: float) -> float:
    """What the kernel adds for a coordinate of tails."""
    root, width = root_of(x)
    return float(root**6 / width * np.exp(-2 * root**3))


@pytest.mark.parametrize("shock", [0.0, 0.5, 2.0, 10.0])
def test_a_mixture_of_normal_shocks_is_a_t(shock: float) -> None:
    """With four degrees of freedom, whatever the hyperbola does to the coordinate."""
    whole = integrate.quad(density_of, -15, 15)[0]
    mixed = integrate.quad(lambda x: density_of(x) * stats.norm.pdf(shock, 0, root_of(x)[0] ** -1.5), -15, 15)[0]
    # quad's own tolerance is 1.5e-8
    assert mixed / whole == pytest.approx(stats.t(4).pdf(shock), rel=1e-5, abs=1e-7)


def test_coordinates_of_tails_are_close_to_normal() -> None:
    """Or steps would be small: their third and fourth moments are those of a normal, roughly."""
    whole, *moments = (integrate.quad(lambda x, k=k: x**k * density_of(x), -15, 15)[0] for k in range(5))
    first, second, third, fourth = (each / whole for each in moments)
    spread = np.sqrt(second - first**2)
    skew = (third - 3 * first * second + 2 * first**3) / spread**3
    tails = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**4
    assert abs(first) < 0.1
    assert spread == pytest.approx(1, abs=0.1)
    assert abs(skew) < 0.2
    assert tails == pytest.approx(3, abs=0.2)
