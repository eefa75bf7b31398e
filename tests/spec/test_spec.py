from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from primum.errors import SpecError
from primum.sources import demo_spec
from primum.spec import (
    Columns,
    Decisions,
    Layout,
    Measure,
    Outcome,
    Periods,
    PriorChange,
    PriorChanges,
    Sampler,
    Source,
    Spec,
    Treatment,
    Words,
)

MODELS = Path(__file__).parents[2] / "models"


def _outcome(**changes: Any) -> Outcome:
    given: dict[str, Any] = {
        "name": "kinship",
        "label": "Kinship care",
        "family": "binomial",
        "value": "kin",
        "unit": "percentage points",
        "harm": "down",
        "sesoi": 3.0,
        "denominator": "care",
    }
    return Outcome(**(given | changes))


def _spec() -> Spec:
    """A specification in which nothing that can be set is left at its default."""
    prior = PriorChange(scale=0.25, reason="earlier evaluations", location=-0.1)
    days = _outcome(name="days", family="lognormal", value="days", unit="working days", harm="up", denominator=None)
    return Spec(
        title="Kinship care",
        programme="Signs of Safety",
        seed=7,
        columns=Columns("la", "year", label="name", pilot="pilot"),
        outcomes=(_outcome(priors=PriorChanges(tau=prior)), days),
        periods=Periods(2011, 2019),
        treatment=Treatment(2014, 2015, "leave out"),
        source=Source(file="areas.csv"),
        words=Words("phia"),
        sampler=Sampler(2, 500, 300, 0.9),
        decisions=Decisions(),
        notes="Kept short: « £ ».",
    )


@pytest.mark.parametrize("spec", [_spec(), demo_spec()], ids=["full", "demo"])
def test_round_trips(spec: Spec) -> None:
    assert Spec.from_dict(spec.to_dict()) == spec
    assert Spec.from_json(spec.to_json()) == spec
    assert "\n" not in spec.to_json()
    assert json.loads(spec.to_json()) == spec.to_dict()


def test_to_dict_has_the_form_of_the_file() -> None:
    content = _spec().to_dict()
    assert list(content["outcomes"]) == ["kinship", "days"]
    assert content["outcomes"]["kinship"] == {
        "label": "Kinship care",
        "family": "binomial",
        "value": "kin",
        "unit": "percentage points",
        "harm": "down",
        "sesoi": 3.0,
        "important": True,
        "denominator": "care",
        "target": "areas",
        "common_path": "free",
        "path_by": "none",
        "covariates": [],
        "trends": "none",
        "phi": 1.0,
        "variances": "equal",
        "shocks": "normal",
        "shock_sizes": "equal",
        "weights": {"base": "none", "scale": 0.5, "shared": 0.5},
        "effect": {"spread": "normal", "over_time": "constant", "cohorts": "together", "moderators": []},
        "prior_set": "default",
        "priors": {"tau": {"scale": 0.25, "reason": "earlier evaluations", "location": -0.1, "robust": 0.0}},
    }
    # what is not given is absent, as in a file
    assert content["columns"] == {"unit": "la", "time": "year", "label": "name", "pilot": "pilot"}
    assert content["source"] == {"file": "areas.csv"}


def test_dict_may_be_changed_without_changing_the_specification() -> None:
    spec = _spec()
    spec.to_dict()["outcomes"]["kinship"]["sesoi"] = 99.0
    assert spec.outcome("kinship").sesoi == 3.0


def test_change_leaves_the_changes_as_they_are() -> None:
    weights = {"base": "equal"}
    changed = _spec().change({"outcomes.kinship.weights": weights, "outcomes.kinship.weights.scale": 0.1})
    assert changed.outcome("kinship").weights.scale == 0.1
    assert weights == {"base": "equal"}


def test_change_makes_a_changed_copy() -> None:
    spec = _spec()
    changed = spec.change(
        {
            "outcomes.kinship.sesoi": 5,
            "outcomes.days.priors.tau": {"scale": 0.1, "reason": "small"},
            "outcomes.kinship.priors.tau.scale": 0.5,
            "treatment.embedding": "ramp",
            "treatment.embedded": None,
            "decisions.using.stop": 0.9,
            "seed": 8,
        }
    )
    assert changed.outcome("kinship").sesoi == 5.0
    assert changed.outcome("days").priors == PriorChanges(tau=PriorChange(0.1, "small"))
    assert changed.outcome("kinship").priors.tau == PriorChange(0.5, "earlier evaluations", -0.1)
    assert changed.treatment == Treatment(2014, None, "ramp")
    assert changed.decisions.using.stop == 0.9
    assert changed.seed == 8
    assert spec == _spec()
    assert changed.change({"seed": 7}) != spec
    assert spec.change({}) == spec


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outcomes.kinship.harm": "sideways"}, 'outcomes.kinship.harm: "sideways" is not allowed; use "up" or "down"'),
        ({"sampler.drows": 3}, "sampler.drows: unknown key; did you mean draws?"),
        ({"periods.first": 2020}, "periods: first (2020) is after last (2019); swap them"),
        ({"title.short": "K"}, "title.short: title is not a table with keys of its own"),
        ({"periods": None}, "periods: null should be a table with keys of its own"),
    ],
)
def test_change_refuses_mistakes(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        _spec().change(changes)
    assert caught.value.subject == "the changed specification"
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("unit", "sesoi", "largest"),
    [("percentage points", 100.0, "100"), ("percentage points", 150.0, "100"), ("per 1,000", 1000.0, "1000")],
)
def test_a_sesoi_that_no_share_can_reach_is_refused(unit: str, sesoi: float, largest: str) -> None:
    (problem,) = _outcome(unit=unit, sesoi=sesoi).problems()
    assert problem == (
        f"outcomes.kinship.sesoi: {sesoi:g} {unit} would call every effect negligible, as no share can change by more "
        f"than {largest}; give a smaller one"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"sesoi": 99.0},
        {"sesoi": 150.0, "unit": "per 1,000"},
        {"sesoi": 150.0, "family": "poisson", "unit": "per 100"},
        {"sesoi": 150.0, "family": "lognormal", "unit": "working days"},
    ],
)
def test_a_sesoi_may_be_any_size_where_effects_may(changes: dict[str, Any]) -> None:
    assert _outcome(**changes).problems() == []


def test_scales_of_words_are_two() -> None:
    with pytest.raises(SpecError, match=r'words\.scale: "plain" is not allowed; use "ipcc" or "phia"'):
        demo_spec().change({"words.scale": "plain"})


def test_specifications_are_frozen_and_can_be_keys() -> None:
    spec = _spec()
    assert hash(spec) == hash(_spec())
    assert {spec: "kept"}[_spec()] == "kept"
    assert hash(spec) != hash(spec.change({"seed": 8}))
    with pytest.raises(FrozenInstanceError):
        spec.seed = 8  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        spec.outcomes[0].sesoi = 1.0  # type: ignore[misc]


def test_data_is_all_that_a_panel_needs() -> None:
    assert _spec().data == Layout(
        Columns("la", "year", label="name", pilot="pilot"),
        Periods(2011, 2019),
        Treatment(2014, 2015, "leave out"),
        (Measure("kinship", "kin", "care", "count"), Measure("days", "days", None, "positive")),
    )


def test_outcomes_are_found_by_name() -> None:
    spec = _spec()
    assert spec.outcome("days") is spec.outcomes[1]
    with pytest.raises(KeyError, match=r"no outcome 'dasy'; there are \['kinship', 'days'\]"):
        spec.outcome("dasy")


@pytest.mark.parametrize(
    ("changes", "factor", "sign", "kind"),
    [
        ({}, 100.0, -1, "count"),
        ({"unit": "per 1,000", "harm": "up"}, 1000.0, 1, "count"),
        ({"family": "poisson", "unit": "per 10,000"}, 10_000.0, -1, "events"),
        ({"family": "beta_binomial"}, 100.0, -1, "count"),
        ({"family": "negative_binomial", "unit": "per 1,000"}, 1000.0, -1, "events"),
        ({"family": "lognormal", "unit": "days"}, 1.0, -1, "positive"),
        ({"family": "gamma", "unit": "days"}, 1.0, -1, "positive"),
        ({"family": "student_t", "unit": "points"}, 1.0, -1, "real"),
        ({"family": "normal", "unit": "points", "harm": "up"}, 1.0, 1, "real"),
    ],
)
def test_outcome_knows_its_unit_and_its_harmful_direction(
    changes: dict[str, Any], factor: float, sign: int, kind: str
) -> None:
    outcome = _outcome(**changes)
    assert outcome.problems() == []
    assert outcome.factor == factor
    assert outcome.sign == sign
    assert outcome.measure.kind == kind


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"family": "negative_binomial", "denominator": None, "unit": "per 100"},
            "outcomes.kinship.denominator: this key is missing; a negative_binomial outcome needs the column of its "
            "denominator",
        ),
        (
            {"family": "beta_binomial", "unit": "days"},
            'outcomes.kinship.unit: "days" is not a unit of a share; use "percentage points" or "per 1,000"',
        ),
        (
            {"family": "normal", "unit": "days", "standard_error": "se"},
            "outcomes.kinship: give either denominator or standard_error, not both",
        ),
        (
            {"family": "gamma", "unit": "days", "denominator": None, "standard_error": "se"},
            "outcomes.kinship.standard_error: this key goes only with the families normal and lognormal; remove it",
        ),
        (
            {"family": "normal", "unit": "days", "denominator": None, "standard_error": "kin"},
            "outcomes.kinship: value and standard_error are both column 'kin'; they must differ",
        ),
        (
            {"family": "normal", "unit": "days", "denominator": None, "target": "denominators"},
            'outcomes.kinship.target: "denominators" needs the column of a denominator; add it, or use "areas"',
        ),
    ],
)
def test_columns_that_do_not_go_with_a_family_are_named(changes: dict[str, Any], problem: str) -> None:
    assert problem in _outcome(**changes).problems()


@pytest.mark.parametrize(
    ("changes", "shocks", "sigma"),
    [
        ({}, True, False),
        ({"family": "beta_binomial"}, False, True),
        ({"family": "gamma", "unit": "days"}, True, True),
        ({"family": "gamma", "unit": "days", "denominator": None}, False, True),
        ({"family": "normal", "unit": "days", "denominator": None, "standard_error": "se"}, True, False),
    ],
)
def test_shocks_and_noise_are_there_where_they_can_be_told_apart(
    changes: dict[str, Any], shocks: bool, sigma: bool
) -> None:
    outcome = _outcome(**changes, priors=PriorChanges())
    assert outcome.problems() == []
    assert outcome.shocked == shocks
    assert {"s", "sigma"} & {name for name, _ in outcome.priors_in_use()} == (
        ({"s"} if shocks else set()) | ({"sigma"} if sigma else set())
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"family": "poisson", "unit": "per 100"}, True),
        ({"family": "normal", "unit": "days", "denominator": None, "standard_error": "se"}, True),
        ({"family": "beta_binomial"}, False),
        ({"family": "gamma", "unit": "days"}, False),
        ({"family": "normal", "unit": "days"}, False),
        ({"family": "normal", "unit": "days", "denominator": None}, False),
    ],
)
def test_shocks_apart_from_paths_need_noise_of_known_size(changes: dict[str, Any], told: bool) -> None:
    for key, value in (("shocks", "heavy-tailed"), ("shock_sizes", "by period")):
        problems = _outcome(**changes, **{key: value}).problems()
        assert [each.startswith(f'outcomes.kinship.{key}: "{value}" needs noise') for each in problems] == (
            [] if told else [True]
        )


def test_heavy_tailed_shocks_have_one_size() -> None:
    (problem,) = _outcome(shocks="heavy-tailed", shock_sizes="by period").problems()
    assert problem.startswith('outcomes.kinship.shock_sizes: "by period" goes with normal shocks only')


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"low": "lo"},
            "outcomes.kinship.high: this key is missing; an interval of counts needs the columns of both its bounds",
        ),
        (
            {"high": "hi"},
            "outcomes.kinship.low: this key is missing; an interval of counts needs the columns of both its bounds",
        ),
        (
            {"low": "lo", "high": "care"},
            "outcomes.kinship.high: column 'care' is used twice in this outcome; they must differ",
        ),
        (
            {"family": "normal", "low": "care"},
            "outcomes.kinship.low: column 'care' is used twice in this outcome; they must differ",
        ),
    ],
)
def test_columns_of_an_interval_come_in_pairs(changes: dict[str, Any], problem: str) -> None:
    assert _outcome(**changes).problems() == [problem]


def test_of_means_one_bound_is_enough() -> None:
    for family in ("normal", "student_t", "lognormal", "gamma"):
        assert _outcome(family=family, unit="days", low="lo").problems() == []


def test_columns_of_an_interval_are_among_those_of_the_table() -> None:
    outcome = _outcome(low="lo", high="hi")
    assert outcome.problems() == []
    assert outcome.measure.columns == ("kin", "care", "lo", "hi")
    assert _outcome(denominator=None).measure.columns == ("kin",)


def test_names_of_bounds_are_kept() -> None:
    spec = _spec()
    other = replace(spec.outcomes[1], name="kinship_low")
    bounded = replace(spec.outcomes[0], low="lo", high="hi")
    assert Spec.from_dict(replace(spec, outcomes=(spec.outcomes[0], other)).to_dict()).outcomes[1] == other
    with pytest.raises(SpecError, match=r"outcomes\.kinship_low: this name is kept for an interval's bound; choose"):
        Spec.from_dict(replace(spec, outcomes=(bounded, other)).to_dict())


def test_demonstration_in_models_is_the_embedded_one() -> None:
    spec = Spec.read(MODELS / "signs-of-safety.toml")
    assert spec == demo_spec()
    assert [(outcome.name, outcome.harm) for outcome in spec.outcomes] == [
        ("rereferral", "up"),
        ("escalation", "up"),
        ("assessment", "up"),
        ("kinship", "down"),
    ]
    assert spec.source == Source(simulate="signs-of-safety")


def test_english_rereferral_in_models() -> None:
    spec = Spec.read(MODELS / "rereferral-england.toml")
    assert spec.periods == Periods(2011, 2019)
    assert spec.treatment == Treatment(start=2015)
    assert spec.columns.pilot == "sos_eip1"
    assert spec.data.measures == (Measure("rereferral", "rereferrals", "referrals", "count"),)
    # everything else is as the defaults have it
    assert spec.sampler == Sampler()
    assert spec.decisions == Decisions()


def test_english_assessments_in_models() -> None:
    spec = Spec.read(MODELS / "assessment-england.toml")
    (outcome,) = spec.outcomes
    assert outcome.family == "binned"
    assert len(outcome.measure.values) == 9
    assert outcome.edges == (0.5, 10.5, 20.5, 30.5, 40.5, 45.5, 50.5, 60.5)
    assert spec.treatment == Treatment(start=2018)
    assert Spec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"value": "a"}, "value: a binned outcome needs the columns of its bins, a list of 3 or more"),
        ({"value": ("a", "b"), "edges": (1.0,)}, "value: a binned outcome needs the columns of its bins, a list of 3"),
        ({"value": ("a", "b", "a")}, "value: column 'a' is used twice in this outcome; they must differ"),
        ({"denominator": "c"}, "value: column 'c' is used twice in this outcome; they must differ"),
        ({"edges": None}, "edges: this key is missing; give where each bin ends and the next begins"),
        ({"edges": (1.0,)}, "edges: 3 bins meet at 2 edges, but 1 are given"),
        ({"edges": (2.0, 1.0)}, "edges: they must rise, as columns are given from the shortest durations on"),
        ({"edges": (1.0, 1.0)}, "edges: they must rise, as columns are given from the shortest durations on"),
        ({"family": "normal", "edges": None}, "value: only a binned or an ordered outcome has several columns"),
        ({"family": "normal", "value": "a"}, "edges: only a binned outcome has this key; leave it out"),
        (
            {"low": "a", "high": "z"},
            "low: what is not known of bins or categories is left empty in their own columns; leave it out",
        ),
        ({"open": ("d", "e")}, "open: there are 3 bins, and each needs a column, but 2 are given"),
        ({"open": ("d", "e", "a")}, "value: column 'a' is used twice in this outcome; they must differ"),
        ({"above": "a"}, "above: only an ordered outcome has this key; leave it out"),
    ],
)
def test_bins_must_fit_their_edges(changes: dict[str, Any], problem: str) -> None:
    binned = {"family": "binned", "value": ("a", "b", "c"), "edges": (1.0, 2.0), "denominator": None, "unit": "days"}
    assert _outcome(**binned).problems() == []
    assert f"outcomes.kinship.{problem}" in "\n".join(_outcome(**(binned | changes)).problems())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"above": None}, 'above: this key is missing; the effect is on the share above a category: use "a" or "b"'),
        ({"above": "c"}, 'above: "c" has no category of this outcome above it; the effect is on the share above a'),
        ({"above": "z"}, 'above: "z" has no category of this outcome above it; the effect is on the share above a'),
        ({"value": "a"}, "value: an ordered outcome needs the columns of its categories, a list of 3 or more; a share"),
        ({"value": ("a", "b")}, "value: an ordered outcome needs the columns of its categories, a list of 3 or more"),
        ({"value": ("a", "b", "a")}, "value: column 'a' is used twice in this outcome; they must differ"),
        ({"edges": (1.0, 2.0)}, "edges: only a binned outcome has this key; leave it out"),
        ({"open": ("d", "e", "f")}, "open: only a binned outcome has this key; leave it out"),
        ({"unit": "days"}, 'unit: "days" is not a unit of a share; use "percentage points" or "per 1,000"'),
        (
            {"sesoi": 100.0},
            "sesoi: 100 percentage points would call every effect negligible, as no share",
        ),
        ({"standard_error": "e"}, "standard_error: this key goes only with the families normal and lognormal"),
        (
            {"low": "d", "high": "e"},
            "low: what is not known of bins or categories is left empty in their own columns; leave it out",
        ),
    ],
)
def test_categories_need_a_boundary(changes: dict[str, Any], problem: str) -> None:
    ordered = {"family": "ordered", "value": ("a", "b", "c"), "above": "b", "denominator": None}
    assert _outcome(**ordered).problems() == []
    assert _outcome(**ordered, target="denominators").problems() == []
    assert _outcome(**ordered).at_or_below == 2
    assert f"outcomes.kinship.{problem}" in "\n".join(_outcome(**(ordered | changes)).problems())


def test_open_records_and_boundaries_come_back_from_their_text() -> None:
    bins = {"family": "binned", "value": ("a", "b", "c"), "edges": (1.0, 2.0), "open": ("d", "e", "f"), "unit": "days"}
    for outcome in (_outcome(**bins), _outcome(family="ordered", value=("a", "b", "c"), above="a")):
        spec = replace(_spec(), outcomes=(outcome,))
        assert Spec.from_json(spec.to_json()) == spec
    assert _outcome(**bins).measure.columns == ("a", "b", "c", "d", "e", "f", "care")
    other = replace(_spec().outcomes[1], name="kinship_open")
    with pytest.raises(SpecError, match=r"outcomes\.kinship_open: this name is kept for open records; choose"):
        Spec.from_dict(replace(_spec(), outcomes=(_outcome(**bins), other)).to_dict())


def test_all_models_are_tested() -> None:
    assert sorted(path.name for path in MODELS.glob("*.toml")) == [
        "assessment-england.toml",
        "rereferral-england.toml",
        "signs-of-safety.toml",
    ]


def test_paths_by_region_need_a_column_of_regions() -> None:
    with pytest.raises(SpecError, match=r'outcomes\.days\.path_by: "region" needs the column of regions'):
        _spec().change({"outcomes.days.path_by": "region"})
    changed = _spec().change({"outcomes.days.path_by": "region", "columns.regions": "region"})
    assert changed.data.columns.regions == "region"


def test_joint_outcomes_and_their_prior_survive_a_round_trip() -> None:
    spec = demo_spec().change({"joint": True, "lkj": 1.0})
    assert Spec.from_json(spec.to_json()) == spec
    assert not demo_spec().joint


def test_what_cannot_be_joint_is_said_all_at_once() -> None:
    changes = {
        "joint": True,
        "sampler.backend": "jax",
        "outcomes.kinship.phi": 0.7,
        "outcomes.kinship.weights.base": "equal",
        "outcomes.assessment.weights.base": "equal",
        "outcomes.rereferral.variances": "by unit",
        "outcomes.escalation.effect.spread": "heavy-tailed",
        "outcomes.escalation.shock_sizes": "by period",
        "outcomes.kinship.trends": "by unit",
    }
    names = ["sampler.backend", "rereferral and escalation have no comparator weights", "rereferral.variances"]
    names.append("escalation.effect.spread")
    with pytest.raises(SpecError) as caught:
        demo_spec().change(changes)
    text = "\n".join(caught.value.problems)
    for name in [*names, "escalation.shock_sizes", "rereferral and escalation and assessment have no trends by unit"]:
        assert name in text
    assert "phi is rereferral 1, escalation 1, assessment 1, kinship 0.7" in text
    assert len(caught.value.problems) == 7


def test_trends_are_joint_where_all_have_them_and_shocks_are_told_from_noise() -> None:
    changes: dict[str, object] = {f"outcomes.{each.name}.trends": "by unit" for each in demo_spec().outcomes}
    assert demo_spec().change({"joint": True, **changes}).joint
    with pytest.raises(
        SpecError, match=r'outcomes\.kinship\.trends: "by unit" needs shocks that can be told from noise'
    ):
        demo_spec().change({"joint": True, **changes, "outcomes.kinship.family": "beta_binomial"})


def test_one_outcome_cannot_be_joint_and_a_prior_that_is_not_used_is_said() -> None:
    content = demo_spec().to_dict()
    content["outcomes"] = {"kinship": content["outcomes"]["kinship"]}
    with pytest.raises(SpecError, match="joint: there is only one outcome"):
        Spec.from_dict({**content, "joint": True})
    with pytest.raises(SpecError, match="lkj: it is looked at only where joint is true"):
        demo_spec().change({"lkj": 1.0})
