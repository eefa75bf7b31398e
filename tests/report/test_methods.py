"""Methods and the reporting checklist say what was done, and what was not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.fit import Fit
from primum.report.barg import as_markdown, barg
from primum.report.methods import methods
from primum.spec import freeze
from primum.spec.families import FamilyName
from primum.testing import canned_fit, tiny_categories, tiny_fit
from tests.model.panels import evaluation


def changed(changes: dict[str, object]) -> Fit:
    """The canned fit under another specification, which nothing here is computed from."""
    return replace(tiny_fit(), spec=tiny_fit().spec.change(changes))


@pytest.fixture(scope="module")
def harm() -> pr.Harm:
    return pr.harm(pr.effects(tiny_fit()))


def text(fit: Fit, harm: pr.Harm) -> str:
    return "\n".join(part for _, part in methods(fit, harm))


def test_numbers_are_those_of_the_evaluation(harm: pr.Harm) -> None:
    found = text(tiny_fit(), harm)
    assert "12 units (3 pilots, 9 comparators) over 8 periods" in found
    assert "4 chains of 1,000 draws after 250 of tuning" in found
    assert f"the fewest effective draws {harm.gate.min_ess:,.0f}" in found
    assert "Kinship care: a fall is harm, and the smallest effect size of interest is 3 percentage points." in found
    assert "The specification was not frozen beforehand." in found
    assert "tau Normal(0, 1)" in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcomes.kinship.phi": 0.7}, "Kinship care: drift is stationary with a persistence of 0.7 a period."),
        ({"outcomes.kinship.common_path": "random walk"}, "the common path is a random walk"),
        ({"outcomes.kinship.trends": "by unit"}, "areas have linear trends of their own"),
        (
            {"columns.regions": "region", "outcomes.kinship.path_by": "region"},
            "the path of each region departs from the common one by a random walk of its own",
        ),
        ({"outcomes.kinship.variances": "by unit"}, "areas differ in the size of their drifts and shocks"),
        ({"outcomes.kinship.variances": "heavy-tailed"}, "scatter as multivariate t with 4 degrees of freedom"),
        ({"outcomes.kinship.weights": {"base": "equal"}}, "a weighted mean of comparators' drifts"),
        ({"outcomes.kinship.effect.spread": "heavy-tailed"}, "Student's t with 4 degrees of freedom"),
        ({"outcomes.kinship.effect.over_time": "event time"}, "moves with the time since the start"),
        ({"outcomes.kinship.effect.cohorts": "apart"}, "cohorts have effects of their own"),
        ({"outcomes.kinship.prior_set": "sceptical"}, "the sceptical set of priors"),
        ({"outcomes.kinship.priors.q": {"scale": 0.1, "reason": "why"}}, "with q set for this evaluation"),
        ({"outcomes.kinship.target": "denominators"}, "for Kinship care weighted by denominators"),
        ({"decisions.rule": "expected loss", "decisions.costs.stopping": 2.0}, "2 (stopping what helps)"),
        ({"sampler.backend": "jax"}, "NUTS (NumPyro)"),
    ],
)
def test_every_option_is_said(changes: dict[str, object], words: str, harm: pr.Harm) -> None:
    assert words in text(changed(changes), harm)
    assert words not in text(tiny_fit(), harm)


def test_comparators_that_were_left_out_are_said(harm: pr.Harm) -> None:
    fit = changed({"outcomes.kinship.weights": {"base": "panel"}})
    names, pilot = fit.panel.dataset["unit"].values, fit.panel.pilots
    pairs = [(i, j, 1.0) for i in names[pilot].tolist() for j in names[~pilot].tolist()]
    table = pd.DataFrame(pairs, columns=["pilot", "comparator", "weight"])
    assert "were left out for it" not in text(replace(fit, panel=fit.panel.with_base_weights(table)), harm)
    table.loc[0, "weight"] = 0.008
    found = text(replace(fit, panel=fit.panel.with_base_weights(table)), harm)
    assert "less than a hundredth of an equal share" in found
    assert "were left out for it (0.10% of its base weight at most)" in found


def test_periods_without_records_are_said(harm: pr.Harm) -> None:
    fit = tiny_fit()
    data = fit.panel.dataset.copy(deep=True)
    data["kinship"].loc[{"time": data["time"].values[[1, 3]]}] = np.nan
    years = " and ".join(str(year) for year in data["time"].values[[1, 3]])
    found = text(replace(fit, panel=pr.Panel(data, fit.spec.data)), harm)
    assert f"Kinship care: no area has a record in {years}, so that" in found
    assert "no area has a record" not in text(fit, harm)


def test_regions_without_a_comparator_are_said(harm: pr.Harm) -> None:
    fit = changed({"columns.regions": "region", "outcomes.kinship.path_by": "region"})
    for pilots, said in ((["East", "East", "West"], True), (["West", "West", "West"], False)):
        names = np.array([*pilots, *["West"] * 5, *["North"] * 4])
        panel = pr.Panel(fit.panel.dataset.assign_coords(region=("unit", names)), fit.spec.data)
        assert ("no comparator lies in East, whose path" in text(replace(fit, panel=panel), harm)) == said


@pytest.mark.parametrize("family", ["poisson", "lognormal"])
def test_records_that_are_known_as_intervals_are_said(family: FamilyName) -> None:
    fit = canned_fit(*evaluation(family, bounded=12))
    found = text(fit, pr.harm(pr.effects(fit)))
    # of counts, one interval has no width and is still one in the table
    assert "12 of 72 records are known only to lie between two values, or beyond one, and say no more" in found


def test_categories_and_open_records_are_said() -> None:
    fit = canned_fit(*tiny_categories())
    found = text(fit, pr.harm(pr.effects(fit)))
    assert "4 ordered categories (outstanding, good, weak, inadequate)" in found
    assert "the effect is on the share above good" in found
    assert "on how shares above each boundary changed" in found
    fit = canned_fit(*evaluation("binned", still=True))
    found = text(fit, pr.harm(pr.effects(fit)))
    assert "counts as lasting beyond the beginning of that bin" in found
    assert "ordered" not in found


def test_what_counts_and_what_was_chosen_after_fitting_is_said() -> None:
    fit = changed({"outcomes.kinship.important": False})
    assert "the decisions do not look at it" in text(fit, pr.harm(pr.effects(fit)))
    late = pr.harm(pr.effects(tiny_fit()), after={"kinship": {"sesoi": 5.0, "harm": "up"}})
    found = text(tiny_fit(), late)
    assert "a rise is harm, and the smallest effect size of interest is 5 percentage points" in found
    assert "Chosen after fitting" in found
    items = {each.name: each for each in barg(tiny_fit(), late, freeze(tiny_fit().spec))}
    assert items["Limits of what is negligible"].status == "not done"


def test_the_checklist_says_what_was_not_done(harm: pr.Harm) -> None:
    items = {each.name: each for each in barg(tiny_fit(), harm)}
    assert items["Prior predictive check"].status == "not done"
    assert items["Limits of what is negligible"].status == "not done"
    assert f"{harm.gate.max_rhat:.3f}" in items["Convergence"].what
    kept = {each.name: each for each in barg(tiny_fit(), harm, freeze(tiny_fit().spec))}
    assert kept["Limits of what is negligible"].status == "done"
    other = freeze(tiny_fit().spec.change({"outcomes.kinship.sesoi": 9.0}))
    late = {each.name: each for each in barg(tiny_fit(), harm, other)}
    assert late["Limits of what is negligible"].status == "not done"


def test_markdown_holds_all_of_it(harm: pr.Harm) -> None:
    found = as_markdown(tiny_fit(), harm)
    for title, part in methods(tiny_fit(), harm):
        assert f"## {title}\n\n{part}" in found
    for each in barg(tiny_fit(), harm):
        assert f"| {each.step} | {each.name} | {each.status} | {each.what} |" in found
