from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from primum.errors import SpecError
from primum.sources import demo_spec
from primum.spec import Outcome, Prior, PriorChange, PriorChanges, Priors, Spec, priors_of
from primum.spec.families import FamilyName
from primum.spec.priors import SetName

FAMILIES: tuple[FamilyName, ...] = get_args(FamilyName)
NAMES = [
    "mu", "beta_pilot", "sigma_alpha", "lambda_t", "q", "s", "tau", "sigma_tau", "sigma", "kappa",
    "sigma_event", "sigma_cohort", "moderator", "covariate", "omega", "sigma_slope", "sigma_region",
]  # fmt: skip
# all others are scales, which cannot be negative
DISTRIBUTIONS = {
    "mu": "normal",
    "beta_pilot": "normal",
    "tau": "normal",
    "moderator": "normal",
    "covariate": "normal",
    "lambda_t": "zero-sum normal",
    "kappa": "beta",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_every_prior(family: FamilyName) -> None:
    priors = priors_of(family)
    assert [name for name, _ in priors.items()] == NAMES
    for name, prior in priors.items():
        assert prior.distribution == DISTRIBUTIONS.get(name, "half-normal")
        assert prior.location == (0.5 if name == "kappa" else 0)
        assert prior.scale > 0
        assert prior.source == "default"
        assert prior.reason


@pytest.mark.parametrize(
    ("family", "scales"),
    [
        ("binomial", [1, 1, 1, 1, 0.3, 0.3, 1, 0.5, 1, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.15]),
        ("poisson", [1, 1, 1, 1, 0.3, 0.3, 1, 0.5, 1, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.15]),
        ("lognormal", [0.5, 0.5, 0.5, 0.5, 0.2, 0.2, 0.5, 0.25, 0.2, 0.12, 0.125, 0.25, 0.25, 0.25, 0.5, 0.05, 0.1]),
        ("normal", [1, 1, 1, 1, 0.5, 0.5, 1, 0.5, 0.5, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.25]),
        ("student_t", [1, 1, 1, 1, 0.5, 0.5, 1, 0.5, 0.5, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.25]),
        ("gamma", [0.5, 0.5, 0.5, 0.5, 0.2, 0.2, 0.5, 0.25, 0.2, 0.12, 0.125, 0.25, 0.25, 0.25, 0.5, 0.05, 0.1]),
        ("beta_binomial", [1, 1, 1, 1, 0.3, 0.3, 1, 0.5, 0.2, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.15]),
        ("negative_binomial", [1, 1, 1, 1, 0.3, 0.3, 1, 0.5, 0.3, 0.12, 0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.15]),
    ],
)
def test_scales_are_those_of_the_report(family: FamilyName, scales: list[float]) -> None:
    # written out again, so that no default changes unseen
    assert [prior.scale for _, prior in priors_of(family).items()] == scales


def test_changes_are_put_in_place_and_the_rest_stay() -> None:
    changes = PriorChanges(
        tau=PriorChange(scale=0.25, reason="earlier evaluations", location=-0.1),
        q=PriorChange(scale=0.15, reason="slow change"),
    )
    priors, defaults = priors_of("binomial", changes), priors_of("binomial")
    assert priors.tau == Prior("normal", -0.1, 0.25, "yours", "earlier evaluations")
    assert priors.q == Prior("half-normal", 0.0, 0.15, "yours", "slow change")
    for name in set(NAMES) - {"tau", "q"}:
        assert getattr(priors, name) == getattr(defaults, name)


def test_outcome_knows_its_priors() -> None:
    changes = PriorChanges(tau=PriorChange(scale=0.25, reason="earlier evaluations"))
    outcome = Outcome("days", "Days", "lognormal", "days", "working days", "up", 2.0, priors=changes)
    assert outcome.all_priors() == priors_of("lognormal", changes)
    assert outcome.all_priors().tau.scale == 0.25


@pytest.mark.parametrize(
    ("chosen", "factors"),
    [
        ("default", {}),
        (
            "weak",
            {"tau": 2.5, "moderator": 2.5}
            | dict.fromkeys(("sigma_tau", "sigma_event", "sigma_cohort", "sigma_alpha", "q", "s"), 2.0)
            | dict.fromkeys(("sigma_slope", "sigma_region"), 2.0),
        ),
        ("sceptical", {"tau": 0.25, "moderator": 0.25, "sigma_tau": 0.5, "sigma_event": 0.5, "sigma_cohort": 0.5}),
    ],
)
@pytest.mark.parametrize("family", ["binomial", "normal"])
def test_a_set_is_the_default_with_other_scales(family: FamilyName, chosen: SetName, factors: dict[str, float]) -> None:
    defaults = dict(priors_of(family).items())
    for name, prior in priors_of(family, chosen=chosen).items():
        assert prior.scale == factors.get(name, 1.0) * defaults[name].scale
        assert prior.location == defaults[name].location
        assert prior.source == (chosen if name in factors else "default")


def test_what_is_set_one_by_one_takes_the_place_of_the_set() -> None:
    changes = PriorChanges(tau=PriorChange(scale=0.4, reason="elicited", robust=0.1))
    priors = priors_of("binomial", changes, "sceptical")
    # what is mixed in is the default, whatever the set
    assert priors.tau == Prior("normal", 0.0, 0.4, "yours", "elicited", robust=0.1, vague=1.0)
    assert priors.sigma_tau.source == "sceptical"


def test_names_that_may_be_changed_are_the_names_there_are() -> None:
    assert [field.name for field in fields(PriorChanges)] == [field.name for field in fields(Priors)] == NAMES


@pytest.mark.parametrize(
    ("prior", "text"),
    [
        (Prior("normal", 0.0, 1.0, "default", ""), "Normal(0, 1)"),
        (Prior("normal", -0.25, 0.5, "yours", ""), "Normal(-0.25, 0.5)"),
        (Prior("half-normal", 0.0, 0.3, "default", ""), "HalfNormal(0.3)"),
        (Prior("zero-sum normal", 0.0, 1.0, "default", ""), "ZeroSumNormal(1)"),
        (Prior("zero-sum walk", 0.0, 0.4, "yours", ""), "ZeroSumWalk(0.4)"),
        (Prior("normal", -0.2, 0.1, "yours", "", 0.2, 2.5), "0.8 Normal(-0.2, 0.1) + 0.2 Normal(0, 2.5)"),
        # mean 1/4, variance 3/16/5
        (Prior("beta", 0.25, (3 / 80) ** 0.5, "default", ""), "Beta(1, 3)"),
    ],
)
def test_prior_is_printed_as_its_distribution(prior: Prior, text: str) -> None:
    assert str(prior) == text


@pytest.mark.parametrize(
    "name", [name for name in NAMES if DISTRIBUTIONS.get(name, "half-normal") not in {"normal", "beta"}]
)
def test_location_is_refused_where_a_prior_has_none(name: str) -> None:
    distribution = DISTRIBUTIONS.get(name, "half-normal")
    changes = PriorChanges(**{name: PriorChange(scale=1.0, reason="why", location=0.5)})
    assert changes.problems("outcomes.kinship.priors") == (
        []
        if distribution == "normal"
        else [f"outcomes.kinship.priors.{name}.location: a {distribution} prior has no location; leave it out"]
    )
    assert PriorChanges(**{name: PriorChange(scale=1.0, reason="why")}).problems("priors") == []


@pytest.mark.parametrize(("mean", "sd", "exists"), [(0.5, 0.2, True), (0.5, 0.5, False), (1.2, 0.1, False)])
def test_moments_that_no_beta_distribution_has_are_refused(mean: float, sd: float, exists: bool) -> None:
    problems = PriorChanges(kappa=PriorChange(scale=sd, location=mean, reason="why")).problems("priors")
    assert (problems == []) == exists
    assert all(f"priors.kappa: no beta distribution has mean {mean:g} and SD {sd:g}" in each for each in problems)


def test_priors_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        priors_of("normal").tau.scale = 2.0  # type: ignore[misc]


def test_a_prior_of_noise_does_nothing_for_a_share_and_is_refused() -> None:
    change = {"scale": 0.2, "reason": "because"}
    with pytest.raises(SpecError, match=r"kinship\.priors\.sigma: the model of this outcome has no sigma"):
        demo_spec().change({"outcomes.kinship.priors.sigma": change})


def test_a_prior_of_shocks_does_nothing_without_a_denominator_and_is_refused() -> None:
    content = demo_spec().to_dict()
    content["outcomes"]["assessment"].pop("denominator")
    content["outcomes"]["assessment"]["priors"] = {"s": {"scale": 0.2, "reason": "because"}}
    with pytest.raises(SpecError, match=r"assessment\.priors\.s: the model of this outcome has no s"):
        Spec.from_dict(content)


def test_locations_of_scales_are_refused() -> None:
    with pytest.raises(SpecError, match=r"kinship\.priors\.q\.location: a half-normal prior has no location"):
        demo_spec().change({"outcomes.kinship.priors.q": {"scale": 0.2, "location": 1.0, "reason": "because"}})


def test_a_common_path_that_is_a_walk_says_so_and_keeps_its_scale() -> None:
    free = demo_spec().outcome("kinship")
    walk = demo_spec().change({"outcomes.kinship.common_path": "random walk"}).outcome("kinship")
    assert str(walk.all_priors().lambda_t) == "ZeroSumWalk(1)"
    assert [prior for name, prior in walk.priors_in_use() if name != "lambda_t"] == [
        prior for name, prior in free.priors_in_use() if name != "lambda_t"
    ]


@pytest.mark.parametrize(
    ("name", "key", "value"), [("sigma_slope", "trends", "by unit"), ("sigma_region", "path_by", "region")]
)
def test_scales_of_an_option_belong_to_it(name: str, key: str, value: str) -> None:
    changes = {f"outcomes.kinship.priors.{name}": {"scale": 0.2, "reason": "because"}, "columns.regions": "region"}
    with pytest.raises(SpecError, match=rf"kinship\.priors\.{name}: the model of this outcome has no {name}"):
        demo_spec().change(changes)
    used = dict(demo_spec().change({**changes, f"outcomes.kinship.{key}": value}).outcome("kinship").priors_in_use())
    assert used[name].source == "yours"
