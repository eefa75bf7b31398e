"""Diagnostics of many quantities at once against ArviZ, one quantity at a time.

Both do the same sums in double precision in another order; 1e-12 leaves room for rounding. Latents
are kept in single precision, whose seven digits are what 1e-5 leaves room for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np
import pytest

from primum.fit import chains
from primum.fit.chains import Array

PHI = np.array([0.0, 0.5, 0.95, -0.5, -0.9, 0.999])
SIZES = [(4, 1000), (2, 51), (4, 250), (3, 10)]
MEASURES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Any]]] = {
    "rhat": (chains.rhat, az.rhat),
    "ess_bulk": (chains.ess_bulk, lambda draws: az.ess(draws, method="bulk")),
    "ess_tail": (chains.ess_tail, lambda draws: az.ess(draws, method="tail", prob=chains.TAILS)),
    "mcse_mean": (chains.mcse_mean, lambda draws: az.mcse(draws, method="mean")),
    "ess": (lambda draws: chains.ess(chains.split(draws)), lambda draws: az.ess(draws, method="mean")),
}


def draws_of(count: int, length: int) -> Array:
    """Autoregressive chains of every kind: slow, fast, antithetic, with ties, and with heavy tails."""
    rng = np.random.default_rng(length)
    shocks = rng.normal(size=(PHI.size, count, length))
    draws = np.zeros_like(shocks)
    for t in range(1, length):
        draws[:, :, t] = PHI[:, None] * draws[:, :, t - 1] + shocks[:, :, t]
    apart = draws + np.arange(count)[:, None]
    return np.concatenate([draws, np.round(draws, 1), np.exp(3 * draws), apart])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", list(MEASURES))
def test_equal_to_arviz(name: str, size: tuple[int, int]) -> None:
    ours, theirs = MEASURES[name]
    draws = draws_of(*size)
    expected = [float(theirs(each)) for each in draws]
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(ours(draws), expected, rtol=1e-12)


def test_latents_are_those_of_split_chains_without_ranks() -> None:
    draws = draws_of(4, 250)[:6]
    rhat, ess = chains.latents(np.moveaxis(draws, 0, -1).astype(np.float32))
    folded = np.abs(draws - np.median(draws, axis=(1, 2), keepdims=True))
    expected = [
        max(float(az.rhat(one, method="split")), float(az.rhat(two, method="split")))
        for one, two in zip(draws, folded, strict=True)
    ]
    np.testing.assert_allclose(rhat, expected, rtol=1e-5)
    np.testing.assert_allclose(ess, [float(az.ess(one, method="mean")) for one in draws], rtol=1e-5)


def test_chains_of_another_spread_are_found_by_folding() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 500, 1))
    draws[0] *= 3
    rhat, _ = chains.latents(draws.astype(np.float32))
    # the plain R-hat of equal means is 1 but for noise of some thousandths
    assert float(az.rhat(draws[..., 0], method="split")) < 1.02
    assert rhat[0] > 1.05


def test_many_quantities_are_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(2).normal(size=(2, 20, 7)).astype(np.float32)
    whole = chains.latents(draws)
    monkeypatch.setattr(chains, "_CHUNK", 100)
    for ours, theirs in zip(chains.latents(draws), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_constants_have_as_many_effective_draws_as_draws() -> None:
    assert chains.ess(np.full((1, 4, 50), 2.0)) == pytest.approx(200)


def test_two_values_in_half_of_the_draws_each_have_an_rhat() -> None:
    """All draws are as far from the median, so that folded ranks never vary."""
    draws = np.random.default_rng(5).permutation(np.repeat([0.0, 100.0], 200)).reshape(1, 4, 100)
    assert np.ptp(chains.folded(draws)) == 0
    # eight half chains of 50 coin flips: R-hat squared is near 1 + chi2_7 / 7 / 50
    assert 0.98 < chains.rhat(draws).item() < 1.05
