"""Noise: recovered from simulated paths, and what it does to values."""

from __future__ import annotations

import numpy as np
import pytest

from primum.match.noise import between_variance, cell_variance, shrunk


@pytest.mark.parametrize("known", [True, False])
def test_shock_and_sampling_are_told_apart(known: bool) -> None:
    rng = np.random.default_rng(1)
    sampling = rng.uniform(0.01, 0.5, size=(400, 8))
    squares = rng.normal(size=sampling.shape) ** 2 * (0.1 + sampling)
    np.testing.assert_allclose(cell_variance(squares, sampling, known=known), 0.1 + sampling, rtol=0.25)


def test_spread_of_true_values_is_recovered_from_noisy_ones() -> None:
    rng = np.random.default_rng(2)
    noise = rng.uniform(0.1, 2, size=4000)
    mean, between = between_variance(rng.normal(3, 0.7, noise.size) + rng.normal(size=noise.size) * noise**0.5, noise)
    assert mean == pytest.approx(3, abs=0.05)
    assert between == pytest.approx(0.49, abs=0.05)


def test_differences_that_are_no_more_than_noise_count_for_nothing() -> None:
    value = np.array([-0.1, 0.0, 0.1])
    expected, variance = shrunk(value, np.full(3, 4.0), np.full(3, True))
    np.testing.assert_array_equal(expected, 0)
    np.testing.assert_array_equal(variance, 0)


def test_expected_squared_distances_are_those_of_simulated_true_values() -> None:
    """Of units whose estimates are those given, over many draws of their true values."""
    rng = np.random.default_rng(3)
    truth = rng.normal(0, 1, size=200_000)
    noise = np.where(np.arange(truth.size) % 2, 0.2, 2.0)
    estimate = truth + rng.normal(size=truth.size) * noise**0.5
    expected, variance = shrunk(estimate, noise, np.full(truth.size, True))
    near = np.abs(estimate - 1.0) < 0.1
    for size in (0.2, 2.0):
        chosen = near & (noise == size)
        squared = (truth[chosen] - 0.5) ** 2
        assert squared.mean() == pytest.approx(float(((expected - 0.5) ** 2 + variance)[chosen].mean()), rel=0.05)


def test_exact_values_stay_as_they_are() -> None:
    value = np.array([1.0, 2.0, 4.0])
    expected, variance = shrunk(value, np.zeros(3), np.full(3, True))
    np.testing.assert_array_equal(expected, value)
    np.testing.assert_array_equal(variance, 0)
