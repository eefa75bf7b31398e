"""Evidence: the random-effects prediction against closed forms and another integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from primum.errors import SpecError
from primum.sources import demo_spec
from primum.spec import Evidence

THREE = Evidence((-0.2, -0.5, 0.1), (0.1, 0.2, 0.15), "three evaluations")


def test_without_variance_between_evaluations_it_is_the_fixed_effect() -> None:
    mean, sd = THREE.predictive(1e-7)
    weight = 1 / np.square(THREE.standard_errors)
    assert mean == pytest.approx(weight @ np.array(THREE.estimates) / weight.sum())
    assert sd == pytest.approx(weight.sum() ** -0.5)


def test_one_estimate_says_nothing_of_the_variance_between() -> None:
    # its likelihood, m integrated out, is the same at every b, so b keeps its prior, and E[b^2] is the scale squared
    mean, sd = Evidence((0.3,), (0.1,), "one evaluation").predictive(0.5)
    assert mean == pytest.approx(0.3)
    # the grid ends at six scales, where a millionth of E[b^2] is left, and has 400 points
    assert sd == pytest.approx((0.1**2 + 2 * 0.5**2) ** 0.5, rel=1e-4)


def test_prediction_is_that_of_a_brute_integration() -> None:
    estimate, error = np.array(THREE.estimates), np.array(THREE.standard_errors)

    def joint(m: float, b: float) -> float:
        like = stats.norm.pdf(estimate, m, np.hypot(error, b)).prod()
        return float(like * stats.halfnorm.pdf(b, scale=0.4))

    def integral(of: object) -> float:
        return float(integrate.dblquad(lambda m, b: of(m, b) * joint(m, b), 0, 2.4, -5, 5)[0])  # type: ignore[operator]

    total = integral(lambda m, b: 1.0)
    centre = integral(lambda m, b: m) / total
    variance = integral(lambda m, b: b**2 + (m - centre) ** 2) / total
    mean, sd = THREE.predictive(0.4)
    assert mean == pytest.approx(centre, abs=1e-4)
    assert sd == pytest.approx(variance**0.5, rel=1e-3)


def test_the_informed_set_is_the_prediction_with_the_default_mixed_in() -> None:
    evidence = {"estimates": [-0.2, -0.5, 0.1], "standard_errors": [0.1, 0.2, 0.15], "reason": "three evaluations"}
    spec = demo_spec().change({"outcomes.kinship.prior_set": "informed", "outcomes.kinship.evidence": evidence})
    tau = spec.outcome("kinship").all_priors().tau
    assert (tau.location, tau.scale) == THREE.predictive(0.5)
    assert (tau.robust, tau.vague, tau.source, tau.reason) == (0.2, 1.0, "informed", "three evaluations")
    assert str(tau) == f"0.8 Normal({tau.location:.3g}, {tau.scale:.3g}) + 0.2 Normal(0, 1)"
    assert type(spec).from_dict(spec.to_dict()) == spec


GOOD = {"estimates": [0.1], "standard_errors": [0.1], "reason": "one"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prior_set": "informed"}, r"kinship\.evidence: this key is missing"),
        ({"evidence": GOOD}, r"kinship\.evidence: it is used only with prior_set"),
        (
            {"prior_set": "informed", "evidence": {**GOOD, "estimates": [0.1, 0.2]}},
            r"there are 2 estimates and 1 standard errors",
        ),
        ({"prior_set": "informed", "evidence": {**GOOD, "standard_errors": [0.0]}}, r"standard_errors"),
        (
            {"prior_set": "informed", "evidence": GOOD, "priors.tau": {"scale": 1.0, "reason": "mine"}},
            r"priors\.tau takes its place",
        ),
        ({"priors.q": {"scale": 0.1, "reason": "mine", "robust": 0.2}}, r"q\.robust: only the prior of tau"),
    ],
)
def test_mistakes_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        demo_spec().change({f"outcomes.kinship.{path}": value for path, value in changes.items()})
