"""What matching uses, what it does not, and what it says; an independent computation gives the same sets."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

import primum as pr
from primum.spec.matching import Metric
from tests.match.tables import STARTS, YEARS, fixed, panel, spec, table, weights

PLAIN = pr.Matching(neighbours=3, shrink=False, outcomes=("days",))
WAYS = [
    pr.Matching(neighbours=2),
    pr.Matching(neighbours=2, distance="euclidean", shrink=False),
    pr.Matching(neighbours=3, reuse=False),
    pr.Matching(method="kernel", neighbours=4, per_outcome=True),
]
way = pytest.mark.parametrize("matching", WAYS, ids=["nearest", "euclidean", "without reuse", "kernel by outcome"])


def frame_of(matches: pr.Matches) -> pd.DataFrame:
    return matches.sets.drop(columns=["rank"])


def with_covariates(found: pr.Panel, seed: int = 0) -> pr.Covariates:
    return pr.covariates(found, fixed(seed), measured={"poverty": 2010, "children": 2011})


def scrambled(data: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """Other outcomes in some rows."""
    changed = data.copy()
    changed.loc[rows, "days"] = np.linspace(500, 900, int(rows.sum()))
    changed.loc[rows, "cases"] = changed.loc[rows, "all"] - 1
    changed.loc[rows & (data["year"] % 2 == 0), ["days", "cases", "all"]] = np.nan
    return changed


@way
@pytest.mark.parametrize("embedded", [False, True])
def test_outcomes_after_the_last_start_change_nothing(matching: pr.Matching, embedded: bool) -> None:
    data = table()
    late = data["year"] >= max(STARTS.values())
    rows = late | (data["year"] >= data["start"])
    keep = data["unit"].isin(STARTS) & (data["year"] == YEARS[-1])  # a pilot must be seen under exposure
    layout = spec(embedded=embedded)
    before = pr.Panel.from_frame(data, layout.data)
    after = pr.Panel.from_frame(scrambled(data, rows & ~keep), layout.data)
    one, two = (pr.match(layout, each, matching, with_covariates(each)) for each in (before, after))
    assert before.fingerprint != after.fingerprint
    pd.testing.assert_frame_equal(one.sets, two.sets, check_exact=True)
    pd.testing.assert_frame_equal(one.balance.variables, two.balance.variables, check_exact=True)
    pd.testing.assert_frame_equal(one.scaling, two.scaling, check_exact=True)
    np.testing.assert_array_equal(one.distance, two.distance)


@pytest.mark.parametrize("unit", STARTS)
def test_a_pilot_is_matched_on_nothing_from_its_own_start_on(unit: str) -> None:
    """Whatever else, comparators' outcomes included, that later pilots may still be matched on."""
    data = table()
    keep = data["unit"].isin(STARTS) & (data["year"].isin([2010, 2011, 2018]))
    rows = ((data["year"] >= STARTS[unit]) | data["unit"].isin(set(STARTS) - {unit})) & ~keep
    after = pr.Panel.from_frame(scrambled(data, rows), spec().data)
    one, two = (pr.match(spec(), each).distance.sel(pilot=unit) for each in (panel(), after))
    np.testing.assert_allclose(one, two, rtol=1e-9)


def test_outcomes_before_the_start_do_change_matches() -> None:
    data = table()
    changed = data.copy()
    changed.loc[(data["unit"] == "A3") & (data["year"] == 2015), "days"] += 20
    one, two = (pr.match(spec(), pr.Panel.from_frame(each, spec().data), PLAIN).distance for each in (data, changed))
    assert (one.sel(pilot="A3") != two.sel(pilot="A3")).any()
    np.testing.assert_array_equal(one.sel(pilot=["A1", "A2"]), two.sel(pilot=["A1", "A2"]))


@way
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_units_does_not_matter(matching: pr.Matching, seed: int) -> None:
    data, rng = table(seed), np.random.default_rng(seed)
    shuffled = data.iloc[rng.permutation(len(data))]
    one, two = (
        pr.match(spec(), each, matching, with_covariates(each, seed))
        for each in (pr.Panel.from_frame(each, spec().data) for each in (data, shuffled))
    )
    keys = [name for name in ("outcome", "pilot", "comparator") if name in one.sets]
    left, right = (frame_of(each).sort_values(keys).reset_index(drop=True) for each in (one, two))
    pd.testing.assert_frame_equal(left, right, rtol=1e-9)
    left, right = (
        each.balance.variables.sort_values(["variable", "smd_before"]).reset_index(drop=True) for each in (one, two)
    )
    pd.testing.assert_frame_equal(left, right, rtol=1e-7, atol=1e-9)


@way
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_relabelling_units_permutes_the_matches(matching: pr.Matching, seed: int) -> None:
    data, numbers = table(seed), fixed(seed)
    names = numbers["unit"].tolist()
    other = dict(
        zip(names, np.random.default_rng(seed).permutation([f"u{i:03d}" for i in range(len(names))]), strict=True)
    )
    found = []
    for each, covariate in (
        (data, numbers),
        (data.assign(unit=data["unit"].map(other)), numbers.assign(unit=numbers["unit"].map(other))),
    ):
        made = pr.Panel.from_frame(each, spec().data)
        given_ = pr.covariates(made, covariate, measured={"poverty": 2010, "children": 2011})
        found.append(pr.match(spec(), made, matching, given_))
    one, two = found
    expected = {(other[pilot], other[comparator]): weight for (pilot, comparator), weight in weights(one).items()}
    renamed = weights(two)
    assert renamed.keys() == expected.keys()
    np.testing.assert_allclose([renamed[key] for key in expected], list(expected.values()), rtol=1e-7)


@way
@settings(max_examples=5, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3), sign=st.sampled_from([-1, 1]))
def test_units_of_covariates_do_not_matter(matching: pr.Matching, scale: float, shift: float, sign: int) -> None:
    made, numbers = panel(), fixed()
    changed = numbers.assign(poverty=sign * scale * numbers["poverty"] + shift)
    one, two = (
        pr.match(spec(), made, matching, pr.covariates(made, each, measured={"poverty": 2010, "children": 2010}))
        for each in (numbers, changed)
    )
    assert weights(one).keys() == weights(two).keys()
    np.testing.assert_allclose(one.distance, two.distance, rtol=1e-6)
    np.testing.assert_allclose(one.weights, two.weights, rtol=1e-5, atol=1e-9)


def by_hand(name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Level, trend and covariates of one pilot and of comparators, from the table alone."""
    data, numbers = table(), fixed().set_index("unit")
    years = YEARS[: int(np.searchsorted(YEARS, STARTS[name]))]
    wide = data.set_index(["unit", "year"])["days"].to_xarray().to_pandas()[years]
    others = [unit for unit in wide.index if unit not in STARTS]
    rows = []
    for unit in [name, *others]:
        slope, height = np.polyfit(years - years.mean(), wide.loc[unit], 1)
        rows.append([height, slope, *numbers.loc[unit, ["poverty", "children"]].astype(float)])
    values = np.array(rows)
    return values[:1], values[1:], others


@pytest.mark.parametrize("metric", ["mahalanobis", "euclidean"])
@pytest.mark.parametrize("name", STARTS)
def test_sets_and_distances_are_those_of_an_independent_computation(name: str, metric: Metric) -> None:
    """By numpy's polyfit and scipy's cdist, from the table."""
    made = panel()
    matches = pr.match(spec(), made, dataclasses.replace(PLAIN, distance=metric), with_covariates(made))
    pilot, others, names = by_hand(name)
    if metric == "mahalanobis":
        expected = cdist(pilot, others, "mahalanobis", VI=np.linalg.inv(np.cov(others, rowvar=False)))[0]
    else:
        expected = cdist(pilot, others, "seuclidean", V=others.var(axis=0, ddof=1))[0]
    found = matches.distance.sel(pilot=name, comparator=names)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    nearest = {names[i] for i in np.argsort(expected)[:3]}
    assert {comparator for pilot_, comparator in weights(matches) if pilot_ == name} == nearest
    assert matches.sets.query("pilot == @name")["rank"].tolist() == [1, 2, 3]


def test_standardised_mean_differences_are_those_of_an_independent_computation() -> None:
    made = panel()
    matches = pr.match(spec(), made, PLAIN, with_covariates(made))
    before, after = [], []
    for name in STARTS:
        pilot, others, names = by_hand(name)
        chosen = others[[names.index(comparator) for one, comparator in weights(matches) if one == name]]
        spread = others.std(axis=0, ddof=1)
        before.append((pilot[0] - others.mean(axis=0)) / spread)
        after.append((pilot[0] - chosen.mean(axis=0)) / spread)
    balance = matches.balance.variables.set_index("variable").loc[["days level", "days trend", "poverty", "children"]]
    np.testing.assert_allclose(balance["smd_before"], np.mean(before, axis=0), rtol=1e-9)
    np.testing.assert_allclose(balance["smd_after"], np.mean(after, axis=0), rtol=1e-9)
    np.testing.assert_allclose(balance["gap_after"], np.mean(np.abs(after), axis=0), rtol=1e-9)


def test_rows_of_weights_add_up_to_one_and_enter_a_panel() -> None:
    made = panel()
    for matching in WAYS:
        matches = pr.match(spec(), made, matching)
        np.testing.assert_allclose(matches.weights.sum("comparator"), 1.0)
        given_weights = made.with_base_weights(matches.sets).dataset["base_weight"]
        others = given_weights.sel(base_unit=matches.weights["comparator"].values)
        np.testing.assert_allclose(others, matches.weights)


def test_exact_variables_and_calipers_are_kept_to() -> None:
    made = panel()
    covariates = with_covariates(made)
    matching = dataclasses.replace(
        PLAIN, exact=("region",), calipers={"days trend": 1.2}, caliper=4.0, unmatched="equal"
    )
    matches = pr.match(spec(), made, matching, covariates)
    region = fixed().set_index("unit")["region"]
    matched = matches.sets[matches.sets["matched"]]
    assert len(matched)
    assert (region[matched["pilot"]].to_numpy() == region[matched["comparator"]].to_numpy()).all()
    assert (matched["distance"] <= 4).all()
    for pair in matched.itertuples():
        pilot, others, names = by_hand(str(pair.pilot))
        gap = (others[names.index(str(pair.comparator)), 1] - pilot[0, 1]) / others[:, 1].std(ddof=1)
        assert abs(gap) <= 1.2


def test_pilots_without_a_comparator_are_an_error_that_names_all_and_the_fix() -> None:
    with pytest.raises(pr.MatchError) as caught:
        pr.match(spec(), panel(), dataclasses.replace(PLAIN, caliper=0.05))
    text = str(caught.value)
    for name in STARTS:
        assert (
            f"pilot {name} has no comparator: of 14, one after the other, 14 have all variables, 0 lie within" in text
        )
    assert 'give it equal weights with unmatched "equal"' in text


def test_pilots_without_a_comparator_may_have_equal_weights_and_are_named() -> None:
    matches = pr.match(spec(), panel(), dataclasses.replace(PLAIN, caliper=0.05, unmatched="equal"))
    assert matches.unmatched == tuple(STARTS)
    np.testing.assert_allclose(matches.weights, 1 / 14)
    assert not matches.sets["matched"].any()
    assert matches.balance.comparators.empty
    assert [note for note in matches.notes if note.startswith("pilot A1 has no comparator")]


def test_a_comparator_with_one_cell_before_a_start_is_named_and_not_matched() -> None:
    data = table()
    rows = (data["unit"] == "C03") & (data["year"] < 2016) & (data["year"] != 2012)
    data.loc[rows, "days"] = np.nan
    matches = pr.match(spec(), pr.Panel.from_frame(data, spec().data), PLAIN)
    assert np.isnan(matches.distance.sel(comparator="C03")).all()
    assert "C03" not in set(matches.sets["comparator"])
    assert "C03 (days level, days trend)" in " ".join(matches.notes)


def test_every_pilot_that_lacks_a_covariate_is_named() -> None:
    made, numbers = panel(), fixed()
    numbers.loc[numbers["unit"].isin(["A1", "A3"]), "poverty"] = np.nan
    numbers.loc[numbers["unit"] == "A2", "region"] = None
    covariates = pr.covariates(made, numbers, measured={"poverty": 2010, "children": 2010})
    with pytest.raises(pr.MatchError) as caught:
        pr.match(spec(), made, pr.Matching(exact=("region",)), covariates)
    text = str(caught.value)
    for problem in ("pilot A1 lacks 'poverty'", "pilot A3 lacks 'poverty'", "pilot A2 lacks 'region', which must be"):
        assert problem in text


def test_unknown_names_and_settings_are_told_at_once() -> None:
    matching = pr.Matching(
        neighbours=0, caliper=-1, exact=("country",), outcomes=("weeks",), bandwidth=1.0, reuse=False
    )
    with pytest.raises(pr.MatchError) as caught:
        pr.match(spec(), panel(), matching)
    text = str(caught.value)
    for problem in (
        "neighbours: 0 must be 1 or more",
        "caliper: -1 must be a finite number above 0",
        "bandwidth: this goes only with method",
        "no covariate 'country'; no covariates were given",
        "no outcome 'weeks'; there are ['days', 'share']",
    ):
        assert problem in text
    wrong: Any = {"exact": "region", "outcomes": "days"}
    with pytest.raises(
        pr.MatchError, match=r"exact: 'region' is one text; give a tuple of names, such as \('region',\)"
    ):
        pr.match(spec(), panel(), pr.Matching(**wrong))
    with pytest.raises(pr.MatchError, match="no variable 'poverty'; variables are days level, days trend"):
        pr.match(spec(), panel(), dataclasses.replace(PLAIN, calipers={"poverty": 1.0}))


def test_variables_that_do_not_differ_and_too_few_comparators_are_refused() -> None:
    made = panel()
    numbers = fixed().assign(**{f"x{i}": np.arange(17.0) ** i for i in range(14)})
    covariates = pr.covariates(made, numbers, measured=dict.fromkeys(numbers.columns[1:3], 2010))
    with pytest.raises(pr.MatchError) as caught:
        pr.match(spec(), made, None, covariates)
    assert "'x0' does not differ between comparators" in str(caught.value)
    assert "a Mahalanobis distance over 20 variables needs more comparators" in str(caught.value)


def test_a_small_area_whose_chance_errors_look_like_the_pilot_is_not_nearest() -> None:
    """C00 has the pilot's share but ten cases a year, C01 one near it out of thousands; all others are far off."""
    data, rng = table(), np.random.default_rng(3)
    for name, share in {"A1": 0.30, "C01": 0.26}.items():
        data.loc[data["unit"] == name, "cases"] = 2000 * share
    rest = ~data["unit"].isin(["A1", "C01"])
    data.loc[rest, "cases"] = data.loc[rest, "unit"].map(
        dict(zip(data["unit"].unique(), range(300, 470, 10), strict=True))
    )
    data["cases"], data["all"] = data["cases"] + rng.integers(-15, 16, len(data)), 2000
    data.loc[data["unit"] == "A1", "cases"] = 600
    data.loc[data["unit"] == "C00", ["cases", "all"]] = [3, 10]
    made = pr.Panel.from_frame(data, spec().data)
    matching = pr.Matching(neighbours=1, outcomes=("share",), distance="euclidean")
    plain, shrunk = (
        weights(pr.match(spec(), made, dataclasses.replace(matching, shrink=shrink))) for shrink in (False, True)
    )
    assert ("A1", "C00") in plain
    assert ("A1", "C01") in shrunk


def test_own_sets_keep_their_weights_and_get_their_balance() -> None:
    made = panel()
    sets = pd.DataFrame({"pilot": ["A1", "A1", "A2", "A3"], "comparator": ["C00", "C01", "C01", "C05"]})
    matches = pr.match_sets(spec(), made, sets.assign(weight=[3.0, 1, 1, 1]), matching=PLAIN)
    assert weights(matches) == {("A1", "C00"): 0.75, ("A1", "C01"): 0.25, ("A2", "C01"): 1.0, ("A3", "C05"): 1.0}
    assert matches.balance.pilots["effective"].tolist() == [1 / (0.75**2 + 0.25**2), 1.0, 1.0]
    assert matches.balance.comparators.iloc[0][["comparator", "pilots"]].tolist() == ["C01", 2]
    chosen = pr.match(spec(), made, PLAIN)
    again = pr.match_sets(spec(), made, chosen.sets.drop(columns=["weight"]), matching=PLAIN)
    pd.testing.assert_frame_equal(again.balance.variables, chosen.balance.variables)


def test_own_sets_may_differ_between_outcomes() -> None:
    rows = [("days", "A1", "C00"), ("days", "A2", "C01"), ("days", "A3", "C02")]
    rows += [("share", pilot, "C09") for pilot in STARTS]
    sets = pd.DataFrame(rows, columns=["outcome", "pilot", "comparator"])
    matches = pr.match_sets(spec(), panel(), sets)
    assert matches.weights.dims == ("outcome", "pilot", "comparator")
    assert float(matches.weights.sel(outcome="share", pilot="A2", comparator="C09")) == 1.0
    assert float(matches.weights.sel(outcome="days", pilot="A2", comparator="C01")) == 1.0


def test_mistakes_in_own_sets_are_the_panels_errors() -> None:
    sets = pd.DataFrame({"pilot": ["A1", "A2"], "comparator": ["A2", "C01"]})
    with pytest.raises(pr.PanelError, match="comparator 'A2' is at some time exposed"):
        pr.match_sets(spec(), panel(), sets)


def test_matching_does_not_ask_for_the_base_weights_it_makes() -> None:
    asking = spec().change({"outcomes.days.weights.base": "panel"})
    assert weights(pr.match(asking, panel(), PLAIN)) == weights(pr.match(spec(), panel(), PLAIN))


def test_matches_say_what_they_are() -> None:
    text = repr(pr.match(spec(), panel(), pr.Matching(neighbours=2)))
    assert "3 pilots" in text
    assert "effective comparators a pilot: 2.0" in text
    assert "most used: C" in text
