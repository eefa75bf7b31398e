"""Outcomes jointly: the hand-written kernel against the PyMC model, and that against closed forms.

Tolerances are those of `tests.model.test_kernel`: the same sums in another order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from primum.panel import Panel
from primum.spec import Spec
from primum.spec.families import FamilyName
from tests.model.joint import MIXED, PAIR, JointModel, joint_evaluation
from tests.model.panels import Array

TOLERANCE = 1e-10
WEIGHTS = {f"outcomes.{name}.weights": {"base": "equal", "scale": 0.7, "shared": 0.3} for name in PAIR}
TERMS = {"outcomes.second.effect": {"over_time": "event time", "moderators": ["rating"]}}
REGIONS = {"columns.regions": "region", "outcomes.second.path_by": "region"}
BESIDE = {"outcomes.first.covariates": ["rain", "snow"], "outcomes.second.covariates": ["snow"]}
TRENDS = {f"outcomes.{name}.trends": "by unit" for name in PAIR}
CASES: dict[str, Callable[[], tuple[Spec, Panel]]] = {
    "two of counts": lambda: joint_evaluation(PAIR),
    "two of counts, with gaps and stationary drift": lambda: joint_evaluation(
        PAIR, missing=9, changes={"outcomes.first.phi": 0.7, "outcomes.second.phi": 0.7, "lkj": 1.3}
    ),
    "families side by side, with gaps": lambda: joint_evaluation(MIXED, missing=9),
    "without denominators, in blocks": lambda: joint_evaluation(
        {"first": "normal", "second": "lognormal"}, counted=False, missing=5, units=70, times=(2010, 2011, 2013, 2014)
    ),
    "with effect terms": lambda: joint_evaluation(PAIR, pilots=5, staggered=True, changes=TERMS),
    "with weights": lambda: joint_evaluation(PAIR, missing=4, changes=WEIGHTS),
    "with weights of which pilots of one share nothing": lambda: joint_evaluation(
        PAIR, missing=4, changes={**WEIGHTS, "outcomes.first.weights.shared": 0.0}
    ),
    "with weights, one kappa fixed, without denominators": lambda: joint_evaluation(
        {"first": "normal", "second": "lognormal"},
        counted=False,
        changes={**WEIGHTS, "outcomes.second.weights.kappa": 0.6},
    ),
    "regions' paths and covariates beside weights, with gaps": lambda: joint_evaluation(
        {"first": "binomial", "second": "lognormal"}, missing=5, changes={**WEIGHTS, **REGIONS, **BESIDE}
    ),
    "with trends, with gaps": lambda: joint_evaluation(
        {"first": "binomial", "second": "student_t"}, missing=5, changes=TRENDS
    ),
    "four of many families": lambda: joint_evaluation(
        {"first": "binomial", "second": "gamma", "third": "negative_binomial", "fourth": "lognormal"}, missing=4
    ),
}


@cache
def joint_case(name: str) -> JointModel:
    return JointModel(*CASES[name]())


@pytest.fixture(params=list(CASES))
def built(request: pytest.FixtureRequest) -> JointModel:
    return joint_case(request.param)


def test_value_gradient_and_report_are_those_of_the_model(built: JointModel) -> None:
    gaps, sizes = [], []
    for point in built.points(4, seed=12):
        at = built(point)
        density, gradient, correlations, reported = built.kernel(built.flat(point))
        gaps.append(density - float(at["logp"]))
        sizes.append(abs(float(at["logp"])))
        expected = at["gradient"]
        np.testing.assert_allclose(gradient, expected, rtol=TOLERANCE, atol=1e-12 * np.abs(expected).max())
        rows = np.tril_indices(len(built.parts), -1)
        for kind, found in zip(built.kinds, correlations, strict=True):
            np.testing.assert_allclose(found, at[f"correlation_{kind}"][rows], rtol=TOLERANCE, atol=1e-13)
        for part, layout, own in zip(built.parts, built.layouts, reported, strict=True):
            eta = layout.reported["eta"].of(own)
            np.testing.assert_allclose(eta, at[f"{part.name}::eta"][part.cells.order].T, rtol=TOLERANCE, atol=1e-13)
            tau = layout.reported["tau_unit"].of(own)
            np.testing.assert_allclose(tau, at[f"{part.name}::tau_unit"], rtol=TOLERANCE, atol=1e-13)
            if part.cells.weighting is not None:
                share = at[f"{part.name}::weight"][part.cells.weighting.base > 0]
                np.testing.assert_allclose(layout.reported["weight"].of(own), share, rtol=TOLERANCE, atol=1e-13)
    assert np.ptp(sizes) > 10, "the points must differ, or the comparison means nothing"
    assert np.ptp(gaps) < TOLERANCE * max(sizes)


def test_gradient_along_any_direction_is_that_of_the_value(built: JointModel) -> None:
    rng = np.random.default_rng(16)
    for point in built.points(2, seed=17):
        vector = built.flat(point)
        gradient = built.kernel(vector)[1]
        direction = rng.normal(size=vector.size) / np.sqrt(vector.size)
        ahead, behind = (built.kernel(vector + size * direction)[0] for size in (1e-4, -1e-4))
        # a central difference errs by step^2 times the third derivative over the first
        assert (ahead - behind) / 2e-4 == pytest.approx(
            float(gradient @ direction), rel=1e-5, abs=1e-6 * np.linalg.norm(gradient)
        )


def test_without_correlation_it_is_the_outcomes_apart(built: JointModel) -> None:
    """Coordinates of correlations at 0: the density is the product of single outcomes', and so is the gradient."""
    from primum.model.kernel import ARRAYS
    from tests.model.cases import python_kernel

    vector = built.flat(built.points(1, seed=18)[0])
    head = len(built.kinds) * built.pairs
    vector[:head] = 0.0
    density, gradient, correlations, _ = built.kernel(vector)
    np.testing.assert_array_equal(correlations, 0.0)
    total, slopes = 0.0, []
    points = np.split(vector[head:], np.cumsum([layout.points for layout in built.layouts])[:-1])
    for part, layout, arrays, point in zip(built.parts, built.layouts, built.arrays, points, strict=True):
        own, reported = np.full(layout.points, np.nan), np.full(layout.results, np.nan)
        given = (arrays[name] for name in ARRAYS)
        total += python_kernel(part.family.name)(point, own, reported, np.empty(0), *given)
        slopes.append(own)
    assert density == pytest.approx(total, rel=1e-13)
    expected = np.concatenate(slopes)
    np.testing.assert_allclose(gradient[head:], expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("case", ["two of counts", "four of many families"])
def test_prior_of_correlations_is_lkj(case: str) -> None:
    """Its density is det(R)^(eta - 1), times the determinant of the map from coordinates to correlations."""
    built = joint_case(case)
    count = len(built.parts)
    rows = np.tril_indices(count, -1)
    rng = np.random.default_rng(3)

    def roots(z: Array) -> tuple[Array, float]:
        from primum.model.kernel.joint import roots_forth

        root = np.zeros((3, count, count))
        return root, roots_forth(z, built.spec.lkj, root)

    def below(z: Array) -> Array:
        root = roots(z)[0][1]
        return np.asarray((root @ root.T)[rows])

    gaps = []
    for _ in range(5):
        z = np.zeros(3 * built.pairs)
        middle = slice(built.pairs, 2 * built.pairs)
        z[middle] = rng.normal(size=built.pairs)
        steps = 1e-5 * np.eye(z.size)[middle]
        jacobian = np.array([(below(z + step) - below(z - step)) / 2e-5 for step in steps])
        root, density = roots(z)
        lkj = (built.spec.lkj - 1) * 2 * np.log(np.diag(root[1])).sum()
        gaps.append(density - lkj - np.linalg.slogdet(jacobian)[1])
    # differences err by the square of their step
    assert np.ptp(gaps) < 1e-7


def test_sign_of_a_scale_turns_correlations_over_and_nothing_else() -> None:
    """Only where there are no shocks may a variance be 0; the other image has other signs of coordinates."""
    built = joint_case("without denominators, in blocks")
    vector = built.flat(built.points(1, seed=19)[0])
    density, _, correlations, reported = built.kernel(vector)
    turned = vector.copy()
    at = len(built.kinds) * built.pairs
    layout = built.layouts[0]
    own = turned[at : at + layout.points]
    own[layout.free["q"].start] *= -1
    layout.free["x"].of(own[None])[0][1:] *= -1
    turned[1] *= -1  # of the correlation between paths
    other, _, found, again = built.kernel(turned)
    assert other == pytest.approx(density, rel=1e-13)
    np.testing.assert_allclose(found, correlations, rtol=1e-13)
    for first, second, each in zip(reported, again, built.layouts, strict=True):
        eta = each.reported["eta"]
        np.testing.assert_allclose(eta.of(first), eta.of(second), rtol=1e-12, atol=1e-13)


def test_outcomes_are_joined_from_the_best_known_on() -> None:
    spec, panel = joint_evaluation(PAIR)
    certain = {part.name: part.certainty for part in JointModel(spec, panel).parts}
    assert list(certain.values()) == sorted(certain.values(), reverse=True)
    assert all(0 < each < 1 for each in certain.values())


def test_density_is_that_of_correlated_paths_and_effects() -> None:
    """As the textbook writes it, in linear predictors and effects, times the determinant of the map from coordinates.

    Correlations and coordinates differ between points, and all else is the same.
    """
    families: dict[str, FamilyName] = {"first": "binomial", "second": "normal"}
    built = JointModel(*joint_evaluation(families, units=5, pilots=2, times=(2010, 2011, 2013, 2014)))
    fixed, rng, gaps = built.flat(built.points(1, seed=20)[0]), np.random.default_rng(21), []
    head, places = len(built.kinds) * built.pairs, []
    for number, layout in enumerate(built.layouts):
        first = head + sum(each.points for each in built.layouts[:number])
        for name in ("x_tau", "x"):
            field = layout.free[name]
            places += [*range(first + field.start, first + field.start + int(np.prod(field.shape)))]

    def sampled(vector: Array) -> Array:
        """Effects and linear predictors, which coordinates are a map to."""
        reported = built.kernel(vector)[3]
        parts = list(zip(built.layouts, reported, strict=True))
        return np.concatenate(
            [layout.reported[name].of(own).ravel() for layout, own in parts for name in ("tau_unit", "eta")]
        )

    for _ in range(4):
        vector = fixed.copy()
        vector[:head], vector[places] = rng.normal(size=head), rng.normal(size=len(places))
        steps = 1e-5 * np.eye(vector.size)[places]
        jacobian = np.array([(sampled(vector + step) - sampled(vector - step)) / 2e-5 for step in steps])
        density, _, correlations, reported = built.kernel(vector)
        expected = textbook(built, correlations, reported) + np.linalg.slogdet(jacobian)[1]
        # of the prior of correlations only the part that is not in the textbook's density
        prior = sum(-2 * built.spec.lkj * np.log(np.cosh(vector[:head])))
        gaps.append(density - prior - expected)
    # differences err by the square of their step, in 40 coordinates
    assert np.ptp(gaps) < 1e-6


def textbook(built: JointModel, correlations: Array, reported: list[Array]) -> float:
    """Log density of effects and paths given the scalars, and of values given both."""
    whitened, effects, total = [], [], 0.0
    for part, layout, own in zip(built.parts, built.layouts, reported, strict=True):
        cells = part.cells
        value = {name: field.of(own) for name, field in layout.reported.items()}
        pilots = np.isin(cells.order, cells.pilots)
        location = value["mu"] + value["lambda"][:, None] + value["beta_pilot"] * pilots
        location[:, pilots] += (value["tau_unit"][:, None] * cells.exposure[cells.pilots]).T
        scale = np.append(cells.time.size * value["sigma_alpha"] ** 2, value["q"] ** 2 * cells.basis.variance)
        whitened.append(cells.basis.vectors @ (value["eta"] - location) / np.sqrt(scale + value["s"] ** 2)[:, None])
        effects.append((value["tau_unit"] - value["tau"]) / value["sigma_tau"])
        eta, standard = value["eta"].T[np.argsort(cells.order)], part.family.standard(cells)
        total += np.nansum(part.family.log_likelihood(eta, np.abs(value.get("sigma", np.ones(()))), cells, standard))
    for kind, deviates in zip(correlations[:, 0], (_of(whitened, 0, 1), _of(whitened, 1, None), effects), strict=True):
        total += stats.multivariate_normal([0, 0], [[1, kind], [kind, 1]]).logpdf(np.column_stack(deviates)).sum()
    return float(total)


def _of(whitened: list[Array], first: int, last: int | None) -> list[Array]:
    return [each[first:last].ravel() for each in whitened]
