"""The hand-written kernel against the PyMC model, and its gradient against differences of its value.

The kernel's source runs here as Python, in double precision; tests/fit compares its machine code.
Both are the same sums in another order: they were seen to agree to 1e-14, and 1e-10 leaves room
for points where large terms cancel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from primum.model import factors
from primum.model.data import DIMS, arrays_of
from primum.model.families import follows_scale
from primum.model.kernel import ARRAYS, kernel, paths
from primum.model.kernel.places import BLOCK
from primum.model.layout import SCALARS, SIGNED
from primum.spec.families import FACTS
from tests.model.cases import CASES, Model, model_case
from tests.model.panels import Array

TOLERANCE = 1e-10


@pytest.fixture(params=list(CASES))
def built(request: pytest.FixtureRequest) -> Model:
    return model_case(request.param)


def vectors(built: Model, count: int, seed: int) -> list[Array]:
    return [built.flat(point) for point in built.points(count, seed)]


def test_cases_reach_every_branch() -> None:
    """Blocks that are whole, several and partial; gaps; pilots with gaps; both phi; with and without s and sigma."""
    built = {name: model_case(name) for name in CASES}
    units = {each.cells.value.shape[0] for each in built.values()}
    assert min(units) < BLOCK
    assert {count % BLOCK == 0 for count in units if count > BLOCK} == {True, False}
    periods = {each.cells.time.size for each in built.values()}
    assert {count % 8 == 0 for count in periods if count >= 8} == {True, False}, "logarithms are taken of eight at once"
    assert any((~each.cells.observed[each.cells.pilots]).any() for each in built.values())
    assert any((~each.cells.observed).all(axis=1).any() for each in built.values())
    assert any(each.cells.observed.all() for each in built.values())
    for family in FACTS:
        of_family = [each for each in built.values() if each.outcome.family == family]
        assert {each.cells.observed.all() for each in of_family} == {True, False}
    for family in ("binomial", "poisson"):
        bounded = [each.cells for each in built.values() if each.outcome.family == family]
        assert any((low < high)[each.pilots].any() for each in bounded for low, high in [each.bounds])
    assert {each.outcome.phi for each in built.values()} == {1.0, 0.7}
    assert {("s" in each.layout.free, "sigma" in each.layout.free) for each in built.values()} == {
        (True, False),
        (True, True),
        (False, True),
        (False, False),  # shocks have a scale in each period
    }


def test_arrays_are_those_of_the_model() -> None:
    assert set(ARRAYS) == {"places", *DIMS}


def test_value_gradient_and_report_are_those_of_the_model(built: Model) -> None:
    gaps, sizes = [], []
    for point in built.points(6, seed=12):
        at = built(point)
        density, gradient, reported = built.kernel(built.flat(point))
        gaps.append(density - float(at["logp"]))
        sizes.append(abs(float(at["logp"])))
        expected = built.flat(built.split(at["gradient"]))
        # an element may be the sum of others much larger, whence the tolerance of the largest
        np.testing.assert_allclose(gradient, expected, rtol=TOLERANCE, atol=1e-12 * np.abs(expected).max())
        wanted = built.reported(at)
        there = np.isfinite(wanted)
        # eta is the sum of others of size 1
        np.testing.assert_allclose(reported[there], wanted[there], rtol=TOLERANCE, atol=1e-13)
    assert np.ptp(sizes) > 10, "the points must differ, or the comparison means nothing"
    assert np.ptp(gaps) < TOLERANCE * max(sizes)


def test_scalars_that_a_model_does_not_have_are_constants(built: Model) -> None:
    _, _, reported = built.kernel(vectors(built, 1, seed=13)[0])
    for place, name in enumerate(SCALARS):
        if name not in built.layout.free:
            weighting = built.cells.weighting
            kappa = 1.0 if weighting is None else weighting.kappa
            # the SD of half the logarithm of a gamma variable of shape 2
            omega = pytest.approx(0.5 * np.sqrt(np.pi**2 / 6 - 1)) if built.cells.scale_tail else 0.0
            assert reported[place] == {"sigma": 1.0, "kappa": kappa, "omega": omega}.get(name, 0.0)


def test_gradient_is_that_of_the_value(built: Model) -> None:
    """Without PyTensor: every hyperparameter, and coordinates of each kind by chance."""
    vector = vectors(built, 1, seed=14)[0]
    _, gradient, _ = built.kernel(vector)
    rng = np.random.default_rng(15)
    vectors_at = built.layout.free["lambda_drift"].start
    chosen = [*range(vectors_at)]
    for name in ("lambda_drift", "x_region", "x_tau", "x_term", "x_unit", "x", "x_shock", "x_tail", "xi", "x_inside"):
        if name not in built.layout.free:
            continue
        field = built.layout.free[name]
        size = int(np.prod(field.shape))
        chosen += list(field.start + rng.choice(size, size=min(size, 12), replace=False))
    step, found = 1e-3, []
    for place in chosen:
        sides = []
        for size in (-2, -1, 1, 2):
            moved = vector.copy()
            moved[place] += size * step
            sides.append(built.kernel(moved)[0])
        found.append((sides[0] - 8 * sides[1] + 8 * sides[2] - sides[3]) / (12 * step))
    # errs by step^4 times a derivative of the size of the gradient's, 1e-12, and by rounding over the step:
    # densities of a thousand are rounded at 1e-13, so 1e-10 of gradients of some tens
    np.testing.assert_allclose(gradient[chosen], found, rtol=1e-6, atol=1e-8 * np.abs(gradient).max())


def test_gradient_along_any_direction_is_that_of_the_value(built: Model) -> None:
    rng = np.random.default_rng(16)
    for vector in vectors(built, 3, seed=17):
        gradient = built.kernel(vector)[1]
        direction = rng.normal(size=vector.size) / np.sqrt(vector.size)
        step = 1e-4
        ahead, behind = (built.kernel(vector + size * direction)[0] for size in (step, -step))
        # a central difference errs by step^2 times the third derivative over the first
        slope = float(gradient @ direction)
        assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.linalg.norm(gradient))


def test_sign_of_a_scale_makes_no_difference(built: Model) -> None:
    """That of a scale whose variance can be 0 goes with the sign of coordinates; tailed scales have none.

    Where shocks are apart a sign turns a path's coordinates over in a direction of its own: these are 0 here, and
    derivatives in them keep their length.
    """
    layout, apart = built.layout, built.cells.apart
    vector = vectors(built, 1, seed=18)[0]
    x = layout.free["x"]
    if apart:
        x.of(vector[None])[...] = 0.0
    density, gradient, reported = built.kernel(vector)
    for name in sorted(SIGNED):
        if name not in layout.free:
            continue
        signs = np.ones(layout.points)
        layout.free[name].of(signs[None])[...] = -1.0
        turned = x.of(signs[None])[0]
        if name == "sigma" and follows_scale(built.family, built.cells):
            turned[...] = -1.0
        # components after the constant that go with each scale
        moved = {"s": slice(None), "sigma_slope": slice(1), "q": slice(int(built.cells.trends), None)}
        white = built.cells.white
        if (name == "s" and not white) or (name == "sigma" and built.cells.mixed):
            layout.free["x_shock"].of(signs[None])[...] = -1.0
        elif name in moved and "x_u" in layout.free:
            layout.free["x_u"].of(signs[None])[0][moved[name]] = -1.0
        if not white and name in {"q", "sigma_slope"}:
            turned[1:][moved[name]] = -1.0
        if not white and name == "sigma_alpha":
            turned[:1] = -1.0
        other, other_gradient, other_report = built.kernel(signs * vector)
        # the same operations on the same numbers but for their signs, or in directions that these decide
        assert other == pytest.approx(density, rel=1e-13 if apart else 1e-14)
        expected = signs * gradient
        if apart:
            other_length, length = (np.linalg.norm(x.of(each[None])[0], axis=0) for each in (other_gradient, expected))
            np.testing.assert_allclose(other_length, length, rtol=1e-11)
            other_gradient, expected = (
                np.delete(each, np.s_[x.start : x.start + turned.size]) for each in (other_gradient, expected)
            )
        tolerance = 1e-12 if apart else 1e-13
        np.testing.assert_allclose(
            other_gradient, expected, rtol=10 * tolerance, atol=tolerance * np.abs(expected).max()
        )
        there = np.isfinite(reported)
        np.testing.assert_allclose(other_report[there], reported[there], rtol=10 * tolerance)


def test_density_is_smooth_where_a_scale_is_nothing(built: Model) -> None:
    """A slope that jumped there would cost the sampler its energy at every crossing."""
    vector = vectors(built, 1, seed=21)[0]
    without_density = {"sigma"} if built.family.scaled or built.cells.bins is not None else set()
    near = 1e-8
    if built.cells.apart:  # a path is level and drift together, and the drift is what rounding leaves of it
        near = 1e-4 if built.cells.trends or built.cells.phi < 1 else 1e-6
    for name in sorted(SIGNED - without_density):
        if name in built.layout.free:
            place, jumps = built.layout.free[name].start, []
            for distance in (near, 10 * near):
                slopes = []
                for value in (-distance, distance):
                    vector[place] = value
                    slopes.append(built.kernel(vector)[1][place])
                jumps.append(abs(slopes[1] - slopes[0]))
            # slopes of a kink, of size 1 and more, would be as far apart at both distances
            assert jumps[0] < max(0.05, 0.2 * jumps[1]), name
            vector[place] = 0.3


@pytest.mark.parametrize("case", ["binomial in blocks, with gaps", "normal without denominators, with gaps"])
@pytest.mark.parametrize("block", [1, 5, 31, 1000])
def test_size_of_the_blocks_makes_no_difference(case: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    built = model_case(case)
    vector = vectors(built, 1, seed=19)[0]
    density, gradient, reported = built.kernel(vector)
    for module in (factors, kernel, paths):
        monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(built, "arrays", arrays_of(built.cells, built.family, built.outcome.all_priors()))
    other, other_gradient, other_report = built.kernel(vector)
    # the same sums in another order
    assert other == pytest.approx(density, rel=1e-12)
    np.testing.assert_allclose(other_gradient, gradient, rtol=TOLERANCE, atol=1e-12 * np.abs(gradient).max())
    np.testing.assert_allclose(other_report, reported, rtol=1e-12, atol=1e-13)


def test_data_and_point_are_left_as_they_are(built: Model) -> None:
    vector = vectors(built, 1, seed=20)[0]
    before: dict[str, Any] = {name: values.copy() for name, values in built.arrays.items()}
    kept = vector.copy()
    first = built.kernel(vector)
    np.testing.assert_array_equal(vector, kept)
    for name, values in before.items():
        np.testing.assert_array_equal(built.arrays[name], values)
    again = built.kernel(vector)
    assert again[0] == first[0]
    np.testing.assert_array_equal(again[1], first[1])
