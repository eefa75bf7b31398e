"""From distances to weights."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.match.choose import allotted, choose, kernel, nearest
from primum.spec.matching import Matching


def test_without_reuse_the_total_distance_is_the_smallest_there_is() -> None:
    distance = np.random.default_rng(1).uniform(size=(3, 5))
    taken = allotted(distance, 1)
    best = min(sum(distance[i, j] for i, j in enumerate(chosen)) for chosen in permutations(range(5), 3))
    assert distance[taken].sum() == pytest.approx(best)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 3))
def test_without_reuse_as_many_as_can_be_are_allotted_and_each_once(seed: int, count: int) -> None:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    rng = np.random.default_rng(seed)
    distance = np.where(rng.uniform(size=(4, 7)) < 0.5, rng.uniform(size=(4, 7)), np.inf)
    taken = allotted(distance, count)
    assert (taken.sum(axis=0) <= 1).all()
    assert (taken.sum(axis=1) <= count).all()
    assert np.isfinite(distance[taken]).all()
    possible = csr_array(np.repeat(np.isfinite(distance), count, axis=0).astype(int))
    assert taken.sum() == (maximum_bipartite_matching(possible, perm_type="column") >= 0).sum()


def test_no_pilot_goes_without_so_that_another_has_two() -> None:
    distance = np.array([[0.0, 0.0], [9.0, 9.0]])
    assert allotted(distance, 2).sum(axis=1).tolist() == [1, 1]


def test_fewer_comparators_than_asked_for_share_the_weight() -> None:
    distance = np.array([[1.0, np.inf, 2.0], [np.inf] * 3])
    weights = choose(distance, Matching(neighbours=5), np.arange(3))
    np.testing.assert_array_equal(weights, [[0.5, 0, 0.5], [0, 0, 0]])


def test_ties_go_by_name_and_not_by_order() -> None:
    distance = np.array([[1.0, 1.0, 1.0]])
    weights = choose(distance, Matching(neighbours=1), np.array(["c", "a", "b"]))
    np.testing.assert_array_equal(weights, [[0, 1, 0]])
    assert nearest(distance, 2).sum() == 2


@pytest.mark.parametrize("count", [1.5, 4.0, 12.0])
def test_a_kernel_has_the_effective_number_asked_for(count: float) -> None:
    distance = np.random.default_rng(2).uniform(1, 4, size=(5, 30))
    weights = kernel(distance, count)
    np.testing.assert_allclose(1 / (weights**2).sum(axis=1), count, rtol=0.01)
    assert (np.diff(np.take_along_axis(weights, np.argsort(distance, axis=1), axis=1), axis=1) <= 0).all()


def test_a_kernel_with_too_few_comparators_weights_them_alike() -> None:
    weights = kernel(np.array([[1.0, 3.0, np.inf], [np.inf] * 3]), 5)
    np.testing.assert_allclose(weights, np.array([[0.5, 0.5, 0], [0, 0, 0]]), atol=1e-9)


def test_a_bandwidth_is_that_of_a_normal_density() -> None:
    weights = kernel(np.array([[1.0, 2.0]]), 5, bandwidth=2.0)
    expected = np.exp(-np.array([1.0, 4.0]) / 8)
    np.testing.assert_allclose(weights[0], expected / expected.sum())
