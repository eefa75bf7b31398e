"""Priors elicited with PreliZ."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from primum.errors import SpecError
from primum.sources import demo_spec
from primum.spec import elicited


@pytest.fixture(scope="module")
def pz() -> Any:
    import preliz

    return preliz


def test_an_elicited_prior_goes_into_a_specification(pz: Any) -> None:
    tau, spread = pz.Normal(), pz.HalfNormal()
    pz.maxent(tau, -0.4, 0.2, 0.9, plot=False)
    pz.maxent(spread, 0, 0.5, 0.9, plot=False)
    changes = {"tau": elicited(tau, "three managers"), "sigma_tau": elicited(spread, "three managers")}
    spec = demo_spec().change({f"outcomes.kinship.priors.{name}": change for name, change in changes.items()})
    priors = spec.outcome("kinship").all_priors()
    # 90% of a normal lies within 1.645 SDs of its mean; preliz optimises, to some six digits
    assert priors.tau.location == pytest.approx(-0.1, abs=1e-4)
    assert priors.tau.scale == pytest.approx(0.3 / 1.6449, rel=1e-3)
    assert priors.sigma_tau.scale == pytest.approx(0.5 / 1.6449, rel=1e-3)
    assert priors.tau.source == "yours"


def test_a_beta_is_for_kappa(pz: Any) -> None:
    change = {"outcomes.kinship.priors.kappa": elicited(pz.Beta(8, 4), "two managers")}
    spec = demo_spec().change({"outcomes.kinship.weights.base": "equal", **change})
    assert spec.outcome("kinship").all_priors().kappa.shapes == pytest.approx((8, 4), rel=1e-12)
    for name, given, own in (
        ("tau", pz.Beta(8, 4), "normal, not beta"),
        ("kappa", pz.Normal(0.5, 0.1), "beta, not normal"),
        ("sigma_tau", pz.Normal(0, 0.1), "half-normal, not normal"),
        ("lambda_t", pz.Beta(8, 4), "zero-sum normal, not beta"),
    ):
        with pytest.raises(SpecError, match=f"{name}.distribution: this prior is {own}"):
            demo_spec().change({f"outcomes.kinship.priors.{name}": elicited(given, "why")})
    demo_spec().change({"outcomes.kinship.priors.lambda_t": elicited(pz.HalfNormal(0.4), "why")})
    with pytest.raises(SpecError, match="this Beta has no parameters yet"):
        elicited(pz.Beta(), "why")


def test_other_distributions_and_empty_ones_are_refused(pz: Any) -> None:
    with pytest.raises(SpecError, match="a Gamma cannot be used; elicit a Normal"):
        elicited(pz.Gamma(2, 1), "why")
    with pytest.raises(SpecError, match="this Normal has no parameters yet"):
        elicited(pz.Normal(), "why")
    with pytest.raises(SpecError, match="a SimpleNamespace cannot be used"):
        elicited(SimpleNamespace(mu=0.0, sigma=1.0), "why")
