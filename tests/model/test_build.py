"""The model against the textbook's, as densities.

The sampled coordinates are the textbook's parameters pushed through a transport, so the two log
densities may differ by the transport's log Jacobian and by a constant, and by nothing else. Both
are sums of some hundreds of terms in double precision, and were seen to differ by 1e-14 of their
size; 1e-11 leaves room for the condition of the covariance matrices inverted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from primum.model import Cells, build, cells_of
from primum.model.families import Standard, family_of
from primum.panel import Panel
from primum.spec import Outcome, Spec
from tests.model.panels import Array, evaluation

MODE = "FAST_COMPILE"  # Python thunks: no machine code to wait for
TOLERANCE = 1e-11
UNEVEN = (2010, 2011, 2013, 2014, 2018, 2019)
CASES = {
    "binomial, other priors": lambda: evaluation(
        "binomial",
        changes={
            "outcomes.first.priors.tau": {"location": 0.7, "scale": 0.2, "reason": "a test"},
            "outcomes.first.priors.q": {"scale": 0.05, "reason": "a test"},
            "outcomes.first.priors.lambda_t": {"scale": 0.4, "reason": "a test"},
        },
    ),
    "binomial with gaps": lambda: evaluation("binomial", missing=9, times=UNEVEN),
    "lognormal with gaps": lambda: evaluation("lognormal", missing=9),
    "normal": lambda: evaluation("normal", times=UNEVEN),
    "normal without denominators, with gaps": lambda: evaluation("normal", counted=False, missing=9, times=UNEVEN),
}


class Model:
    """A built model that can be evaluated at points."""

    def __init__(self, spec: Spec, panel: Panel) -> None:
        self.outcome: Outcome = spec.outcomes[0]
        self.cells: Cells = cells_of(panel.dataset, self.outcome)
        self.family = family_of(self.outcome.family)
        self.standard: Standard = self.family.standard(self.cells)
        self.model = build(spec, panel)
        self._names = ["logp", *[variable.name for variable in self.model.unobserved_value_vars]]
        self._function = self.model.compile_fn([self.model.logp(), *self.model.unobserved_value_vars], mode=MODE)

    def __call__(self, point: dict[str, Array]) -> dict[str, Array]:
        return dict(zip(self._names, map(np.asarray, self._function(point)), strict=True))

    @cached_property
    def gradient(self) -> Callable[[dict[str, Array]], Array]:
        return self.model.compile_dlogp(mode=MODE)  # type: ignore[no-any-return]

    def points(self, count: int, seed: int) -> list[dict[str, Array]]:
        rng = np.random.default_rng(seed)
        start = self.model.initial_point(0)
        return [
            {name: value + 0.7 * rng.normal(size=np.shape(value)) for name, value in start.items()}
            for _ in range(count)
        ]


@pytest.fixture(scope="module", params=list(CASES))
def built(request: pytest.FixtureRequest) -> Model:
    return Model(*CASES[request.param]())


def covariance(cells: Cells, at: dict[str, Array]) -> Array:
    """Of one unit's whole departure from the common path: level, drift from its mean, and shock."""
    periods = cells.time.size
    elapsed = (cells.time - cells.time[0]).astype(float)
    centre = np.eye(periods) - 1 / periods
    walk = centre @ np.minimum.outer(elapsed, elapsed) @ centre
    shock = at.get("s", np.asarray(0.0)) ** 2
    return np.asarray(at["sigma_alpha"] ** 2 + at["q"] ** 2 * walk + shock * np.eye(periods))


def location(cells: Cells, at: dict[str, Array]) -> Array:
    is_pilot = (cells.exposure > 0).any(axis=1)
    effect = np.zeros(cells.value.shape)
    effect[is_pilot] = at["tau_unit"][:, None] * cells.exposure[is_pilot]
    return np.asarray(at["mu"] + at["beta_pilot"] * is_pilot[:, None] + at["lambda"] + effect)


def relative_size(cells: Cells) -> Array:
    return np.asarray(cells.denominator / np.median(cells.denominator[cells.observed]))


def mean_weight(built: Model, at: dict[str, Array]) -> Array:
    """Mean working weight of a unit's observed cells, the family's formula written out again."""
    cells = built.cells
    if built.outcome.family == "binomial":
        share = (cells.value + 0.5) / (cells.denominator + 1)
        weight = cells.denominator * share * (1 - share)
    else:
        weight = relative_size(cells) / at["sigma"] ** 2
    return np.asarray([row[seen].mean() for row, seen in zip(weight, cells.observed, strict=True)])


def log_priors(built: Model, at: dict[str, Array]) -> float:
    """Priors with the log Jacobians of their coordinates: logarithms of scales, standardised effects."""
    total = 0.0
    for name, prior in built.outcome.all_priors().items():
        if prior.distribution == "zero-sum normal":
            # an isotropic normal in one dimension less than the path has periods
            total -= 0.5 * float(at["lambda"] @ at["lambda"]) / prior.scale**2
        elif name not in at:
            continue  # s or sigma, where the outcome does not have it
        elif prior.distribution == "normal":
            total += float(stats.norm.logpdf(at[name], prior.location, prior.scale))
        else:
            total += float(stats.halfnorm.logpdf(at[name], scale=prior.scale) + np.log(at[name]))
    effects = np.sum(stats.norm.logpdf(at["tau_unit"], at["tau"], at["sigma_tau"]))
    return float(total + effects + at["tau_unit"].size * np.log(at["sigma_tau"]))


def log_likelihood(built: Model, at: dict[str, Array]) -> float:
    cells, standard, seen = built.cells, built.standard, built.cells.observed
    linked = standard.centre + standard.spread * at["eta"]
    if built.outcome.family == "binomial":
        density = stats.binom.logpmf(cells.value, cells.denominator, expit(linked))
    else:
        noise = standard.spread * at["sigma"] / np.sqrt(np.where(seen, relative_size(cells), 1.0))
        value = np.where(seen, cells.value, 1.0)
        if built.outcome.family == "normal":
            density = stats.norm.logpdf(value, linked, noise)
        else:
            density = stats.lognorm.logpdf(value, s=noise, scale=np.exp(linked))
    return float(np.asarray(density)[seen].sum())


def log_missing(built: Model, at: dict[str, Array], xi: Array) -> float:
    """Density of the pseudo-responses, each z* = location + 0.3 xi from N(eta, 1 / w)."""
    rows, columns = np.nonzero(~built.cells.observed)
    pseudo = location(built.cells, at)[rows, columns] + 0.3 * xi
    scale = 1 / np.sqrt(mean_weight(built, at)[rows])
    return float(np.sum(stats.norm.logpdf(pseudo, at["eta"][rows, columns], scale)))


def log_jacobian(built: Model, at: dict[str, Array]) -> float:
    """Half the log determinant of V = (Sigma^-1 + w I)^-1 a unit, in no particular basis."""
    sigma = covariance(built.cells, at)
    eye = np.eye(sigma.shape[0])
    logdet = [
        np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(eye + weight * sigma)[1] for weight in mean_weight(built, at)
    ]
    return 0.5 * float(np.sum(logdet))


def textbook(built: Model, at: dict[str, Array], xi: Array) -> float:
    """Log density of the textbook's model at the mapped point, plus the log Jacobian of the map."""
    departure = at["eta"] - location(built.cells, at)
    paths = stats.multivariate_normal(np.zeros(departure.shape[1]), covariance(built.cells, at))
    return (
        float(paths.logpdf(departure).sum())
        + log_likelihood(built, at)
        + log_priors(built, at)
        + log_missing(built, at, xi)
        + log_jacobian(built, at)
    )


def xi_of(point: dict[str, Array]) -> Array:
    return point.get("xi", np.zeros(0))


def test_density_is_that_of_the_textbook(built: Model) -> None:
    gaps, sizes = [], []
    for point in built.points(8, seed=3):
        at = built(point)
        gaps.append(float(at["logp"]) - textbook(built, at, xi_of(point)))
        sizes.append(abs(float(at["logp"])))
    assert np.ptp(sizes) > 50, "the points must differ, or the comparison means nothing"
    assert np.ptp(gaps) < TOLERANCE * max(sizes)


def test_log_jacobian_is_that_of_the_map(built: Model) -> None:
    """Eta is linear in x, so unit steps give the Jacobian without error of approximation."""
    point = built.points(1, seed=4)[0]
    at = built(point)
    unit = int(np.flatnonzero(~built.cells.observed.all(axis=1))[0]) if "xi" in point else 0
    jacobian = np.zeros((built.cells.time.size, built.cells.time.size))
    for component in range(built.cells.time.size):
        moved = {**point, "x": point["x"].copy()}
        moved["x"][unit, component] += 1.0
        change = built(moved)["eta"] - at["eta"]
        jacobian[:, component] = change[unit]
        change[unit] = 0.0
        assert np.abs(change).max() == 0.0, "a unit's coordinates must move no other unit"
    sigma, weight = covariance(built.cells, at), mean_weight(built, at)[unit]
    expected = 0.5 * (np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(np.eye(sigma.shape[0]) + weight * sigma)[1])
    # eta, of size 1, is rounded at 1e-16, and the smallest steps are of size 1e-2
    assert np.linalg.slogdet(jacobian)[1] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("built", [case for case in CASES if "gaps" in case], indirect=True)
def test_pseudo_responses_integrate_out(built: Model) -> None:
    """At one eta, the density less that of the pseudo-responses does not depend on them."""
    first, second = built.points(2, seed=5)
    other = {**first, "xi": second["xi"]}
    # x that brings eta back to where it was: eta is linear in a unit's x
    at, moved = built(first), built(other)
    units, periods = built.cells.value.shape
    jacobian = np.zeros((units, periods, periods))
    for component in range(periods):
        stepped = {**other, "x": other["x"].copy()}
        stepped["x"][:, component] += 1.0
        jacobian[:, :, component] = built(stepped)["eta"] - moved["eta"]
    assert np.abs(moved["eta"] - at["eta"]).max() > 0.01, "xi must move eta, or the comparison means nothing"
    other["x"] = other["x"] + np.linalg.solve(jacobian, (at["eta"] - moved["eta"])[..., None])[..., 0]
    back = built(other)
    np.testing.assert_allclose(back["eta"], at["eta"], atol=1e-10)
    without = float(at["logp"]) - log_missing(built, at, first["xi"])
    again = float(back["logp"]) - log_missing(built, back, other["xi"])
    assert abs(float(at["logp"]) - float(back["logp"])) > 0.1
    # eta returns to 1e-10 only, and the density's slope in eta is of the order of its size
    assert without == pytest.approx(again, abs=1e-8 * abs(without))


def test_gradient_is_finite_at_the_start_and_right_elsewhere(built: Model) -> None:
    assert np.isfinite(built.gradient(built.model.initial_point(0))).all()
    point = built.points(1, seed=6)[0]
    rng = np.random.default_rng(7)
    direction = {name: rng.normal(size=np.shape(value)) for name, value in point.items()}
    flat = np.concatenate([np.ravel(direction[variable.name]) for variable in built.model.value_vars])
    step = 1e-5

    def along(size: float) -> float:
        return float(built({name: value + size * direction[name] for name, value in point.items()})["logp"])

    slope = float(built.gradient(point) @ flat)
    # a central difference errs by step^2 times the third derivative, and by rounding over the step
    assert (along(step) - along(-step)) / (2 * step) == pytest.approx(slope, rel=1e-5)


def test_every_sampled_variable_has_a_gradient(built: Model) -> None:
    """A silently disconnected input would leave its part of the gradient at its prior's or at 0."""
    assert np.abs(built.gradient(built.points(1, seed=8)[0])).min() > 0


def test_dims_and_coords_are_named(built: Model) -> None:
    model, cells = built.model, built.cells
    dims = model.named_vars_to_dims
    assert {name: tuple(dims[name]) for name in ("lambda", "tau_unit", "eta", "x")} == {
        "lambda": ("time",),
        "tau_unit": ("pilot",),
        "eta": ("unit", "time"),
        "x": ("unit", "component"),
    }
    coords: dict[str, Any] = model.coords
    assert list(coords["time"]) == list(cells.time)
    assert list(coords["unit"]) == list(range(12))
    assert list(coords["pilot"]) == [0, 1, 2]
    assert len(coords["missing"]) == (~cells.observed).sum()


def test_reported_variables_depend_on_the_family() -> None:
    reported = {"mu", "beta_pilot", "sigma_alpha", "lambda", "q", "tau", "sigma_tau", "tau_unit", "eta"}
    internal = {"x", "z_tau", "xi"}
    data = {"path_density", "missing_density", "log_likelihood"}

    def extra(case: str) -> set[str]:
        model = build(*CASES[case]())
        shared = {variable.name for variable in model.data_vars}
        return set(model.named_vars) - reported - internal - data - shared

    assert extra("binomial with gaps") == {"s"}
    assert extra("lognormal with gaps") == {"s", "sigma"}
    assert extra("normal without denominators, with gaps") == {"sigma"}


def test_priors_that_are_printed_are_those_of_the_model(built: Model) -> None:
    printed = {name for name, _ in built.outcome.priors_in_use()} - {"lambda_t"}
    sampled = {variable.name for variable in built.model.free_RVs} - {"lambda", "z_tau", "x", "xi"}
    assert printed == sampled


def test_outcome_is_chosen_by_name() -> None:
    spec, panel = evaluation("binomial", ("first", "second"))
    with pytest.raises(ValueError, match=r"outcome must be one of \['first', 'second'\], not 'third'"):
        build(spec, panel, "third")
    with pytest.raises(ValueError, match=r"not None"):
        build(spec, panel)
    chosen = build(spec, panel, "second")
    np.testing.assert_array_equal(chosen["value"].get_value(), panel.dataset["second"])


def test_outcome_may_be_left_out_where_there_is_one() -> None:
    spec, panel = evaluation("binomial")
    point = build(spec, panel).initial_point(0)
    left_out, named = (build(spec, panel, name).compile_logp(mode=MODE)(point) for name in (None, "first"))
    assert left_out == named
