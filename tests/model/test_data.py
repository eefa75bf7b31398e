from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.model.data import DIMS, arrays_of, reference_of
from primum.model.drift import drift_basis
from primum.model.families import follows_scale
from primum.model.kernel.places import BLOCK
from primum.model.layout import SCALARS, sizes_of
from primum.model.working import filled_of, smoothed, working_of
from primum.spec.families import FACTS
from tests.model.cases import CASES, Model, has_pseudo, model_case
from tests.model.panels import REGION_NAMES


@pytest.fixture(params=list(CASES))
def built(request: pytest.FixtureRequest) -> Model:
    return model_case(request.param)


def test_shapes_are_those_of_the_dims(built: Model) -> None:
    assert set(built.arrays) == set(DIMS)
    low, high = built.cells.bounds
    fields = 2 + (high > low).any() if FACTS[built.outcome.family].units else 3
    if built.cells.bins is not None:
        fields = (4 if built.outcome.family == "binned" else 3) * built.cells.bins.counts.shape[
            -1
        ]  # bins have open ones
    sizes = {
        **sizes_of(built.cells, built.family),
        "prior": len(SCALARS),
        "scalar": len(SCALARS),
        "hyper": 4,
        "setting": 2,
        "tailed": 2,
        "part": 2,
        "end": 2,
        "one": 1,
        "comparator": built.cells.comparators.size,
        "anchored": built.cells.time.size if has_pseudo(built).any() else 0,
        "pulled": 1 + sizes_of(built.cells, built.family)["term"],
        "field": fields,
        "linked": built.cells.time.size - 1 if built.cells.apart else 0,
        "chained": built.cells.time.size if built.cells.apart else 0,
        "corner": built.arrays["corner_kind"].size,  # tests/model/test_markov.py
    }
    blocks = sum(-(-count // BLOCK) for count in (built.cells.comparators.size, built.cells.pilots.size))
    after = built.cells.time.size - built.cells.leading
    entries = after * (after + 1) // 2
    there = not built.cells.apart  # where shocks are apart paths need no factors
    sizes |= {
        "lead": built.cells.leading * there,
        "block": blocks * there,
        "entry": entries * there,
        "lane": BLOCK * there,
    }
    for name, values in built.arrays.items():
        assert values.shape == tuple(sizes[dim] for dim in DIMS[name]), name
        # what the compiled code reads them as
        kinds = {
            **dict.fromkeys(("pair_pilot", "pair_donor", "term_group", "pseudo_unit", "pseudo_time"), np.int32),
            **dict.fromkeys(("drift_scalar", "region_of", "corner_kind", "inside_unit", "inside_time"), np.int32),
            "factors": np.float32,
        }
        assert values.dtype == kinds.get(name, np.float64), name
        assert np.isfinite(values).all(), name


def test_priors_stand_in_the_order_of_the_scalars(built: Model) -> None:
    priors = dict(built.outcome.all_priors().items())
    for row, name in zip(built.arrays["priors"], SCALARS, strict=True):
        prior = priors[name]
        first = prior.shapes if name == "kappa" else (prior.location, prior.scale)
        assert tuple(row) == (*first, prior.robust, prior.vague)


def test_cells_are_held_with_units_side_by_side(built: Model) -> None:
    response, weight = smoothed(built.cells, built.family, built.standard)
    order = built.cells.order
    np.testing.assert_array_equal(built.arrays["response"], response[order].T)
    fields = built.family.fields(built.cells, built.standard)
    np.testing.assert_array_equal(built.arrays["fields"], fields[:, order].transpose(0, 2, 1))
    seen = built.cells.observed
    if follows_scale(built.family, built.cells):
        own = np.repeat(built.arrays["mean_weight"][:, None], seen.shape[1], axis=1)
    else:
        own = np.where(seen, weight, 0.0)[order]
        own = np.where(has_pseudo(built)[order], built.arrays["mean_weight"][:, None], own)
    np.testing.assert_array_equal(built.arrays["cell_weight"], own.T)
    if built.cells.apart:
        return  # of what paths see of them: tests/model/test_shocks.py
    expected = [row[there].mean() if there.any() else 1e-3 for row, there in zip(weight, seen, strict=True)]
    # sums of some ten numbers in another order
    np.testing.assert_allclose(built.arrays["mean_weight"], np.array(expected)[order], rtol=1e-14)


def test_pseudo_responses_are_listed_unit_by_unit(built: Model) -> None:
    units, times = built.arrays["pseudo_unit"], built.arrays["pseudo_time"]
    mask = np.zeros(built.cells.value.shape, dtype=bool)
    mask[built.cells.order[units], times] = True
    missing = ~built.cells.observed
    np.testing.assert_array_equal(mask, has_pseudo(built))
    assert not mask[~missing].any()
    # the kernel walks through them once, block after block
    assert (np.diff(units) >= 0).all()


def test_pilots_are_held_by_period_and_in_the_basis(built: Model) -> None:
    cells, basis = built.cells, built.cells.basis
    np.testing.assert_array_equal(cells.order[-cells.pilots.size :], cells.pilots)
    np.testing.assert_array_equal(built.arrays["exposure"], cells.exposure[cells.pilots])
    np.testing.assert_array_equal(built.arrays["basis"], basis.vectors)
    np.testing.assert_array_equal(built.arrays["drift_variance"], basis.variance)
    # there and back in an orthogonal basis, to rounding
    np.testing.assert_allclose(built.arrays["pilot_exposure"] @ basis.vectors, cells.exposure[cells.pilots], atol=1e-13)
    response, _ = smoothed(cells, built.family, built.standard)
    filled = filled_of(response, cells.observed)[cells.pilots]  # tests/model/test_working.py
    np.testing.assert_allclose(built.arrays["pilot_response"] @ basis.vectors, filled, atol=1e-13)


def test_paths_are_in_the_basis_of_what_they_are(built: Model) -> None:
    cells, prior, arrays = built.cells, built.outcome.all_priors().lambda_t, built.arrays
    walk, smooth = drift_basis(cells.time), built.outcome.common_path == "random walk"
    # in any basis of what sums to zero, whose scales and vectors give the covariance of the path
    scaled = arrays["path_scale"][:, None] * arrays["path_basis"]
    shape = np.diag(walk.variance) / walk.variance.mean() if smooth else np.eye(cells.time.size - 1)
    expected = prior.scale**2 * walk.vectors[1:].T @ shape @ walk.vectors[1:]
    np.testing.assert_allclose(scaled.T @ scaled, expected, atol=1e-12)
    np.testing.assert_allclose(arrays["path_mix"] @ cells.basis.vectors[1:], arrays["path_basis"], atol=1e-12)
    if not smooth and cells.regions is None:
        np.testing.assert_array_equal(arrays["path_mix"], np.eye(cells.time.size - 1))
    names = () if cells.regions is None else cells.regions.names
    assert len(arrays["region_scale"]) == len(names)
    for row in arrays["region_scale"]:
        np.testing.assert_array_equal(row**2, np.sqrt(walk.variance) ** 2)
    if names:
        check_seen(built)
        assert [names[each] for each in arrays["region_of"]] == [REGION_NAMES[unit % 3] for unit in cells.order]


def check_seen(built: Model) -> None:
    """Precision and place of regions' paths, the comparators of each taken one by one."""
    cells, arrays = built.cells, built.arrays
    assert cells.regions is not None
    scales = reference_of(working_of(cells, built.family), cells, built.family, built.outcome.all_priors())
    filled = working_of(cells, built.family).filled
    own = cells.basis.vectors.T @ np.diag(scales.variances(cells.basis)) @ cells.basis.vectors
    # squared rows of an orthogonal matrix times variances are the diagonal of what it turns a covariance to
    variance = np.diag(arrays["path_basis"] @ own @ arrays["path_basis"].T)
    for g in range(len(cells.regions.names)):
        there = [unit for unit in cells.comparators if cells.regions.of_unit[unit] == g]
        noise = [scales.sigma**2 / arrays["mean_weight"][built.place(unit)] for unit in there]
        precise = np.array([1 / (variance + each) for each in noise])
        np.testing.assert_allclose(arrays["region_weight"][g], precise.sum(axis=0), rtol=1e-10)
        place = (precise * (filled[there] @ arrays["path_basis"].T)).sum(axis=0) / precise.sum(axis=0)
        np.testing.assert_allclose(arrays["region_response"][g], place, rtol=1e-9, atol=1e-12)


def test_a_component_is_of_trends_or_of_drift(built: Model) -> None:
    named = [SCALARS[each] for each in built.arrays["drift_scalar"]]
    first = "sigma_slope" if built.cells.trends else "q"
    assert named == [first, *["q"] * (built.cells.time.size - 2)]


def test_persistence_reaches_the_basis() -> None:
    stationary = model_case("binomial, stationary drift")
    walk = arrays_of(replace(stationary.cells, phi=1.0), stationary.family, stationary.outcome.all_priors())
    assert (np.abs(walk["drift_variance"] - stationary.arrays["drift_variance"]) > 0.01).all()


def test_weights_do_not_fall_to_nothing() -> None:
    """A unit of very many cells at the bounds still has a precision to divide by."""
    built = model_case("binomial with gaps")
    cells = replace(built.cells, value=np.zeros((12, 6)), denominator=np.where(built.cells.observed, 1e-6, 0.0))
    arrays = arrays_of(cells, built.family, built.outcome.all_priors())
    np.testing.assert_array_equal(arrays["mean_weight"], np.full(12, 1e-3))
