"""Harm chosen after fitting is given, and marked wherever it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import primum as pr
from primum.effects import Effects
from primum.harm import Harm
from primum.harm.probabilities import probabilities
from primum.report import summary
from primum.testing import tiny_fit
from tests.harm.test_harm import failed

MARK = "chosen after fitting"


@pytest.fixture(scope="module")
def effects() -> Effects:
    return pr.effects(tiny_fit())


@pytest.fixture(scope="module")
def late(effects: Effects) -> Harm:
    return pr.harm(effects, after={"kinship": {"sesoi": 5.0, "harm": "up"}})


def test_probabilities_are_those_of_what_was_chosen(effects: Effects, late: Harm) -> None:
    for estimand, found in (("satt", late["kinship"].pilots), ("new_unit", late["kinship"].new_unit)):
        assert found == probabilities(np.asarray(effects["kinship"].draws[estimand]), 1, 5.0)
    assert late["kinship"].decision.using == "carry on"
    assert late["rereferral"].pilots == pr.harm(effects)["rereferral"].pilots
    assert late.spec == effects.spec


def test_everything_said_of_it_is_marked(late: Harm) -> None:
    each = late["kinship"]
    for text in (each.headline, each.sentence, each.paragraph, late.across_sentence):
        assert MARK in text
    assert "a rise is harm, not a fall; the smallest effect of interest is 5 percentage points, not 3" in each.paragraph
    marks = {name: name == "kinship" for name in late.outcomes}
    for table in (late.table, late.groups):
        assert table["chosen_after_fitting"].groupby("outcome").all().to_dict() == marks
        assert table["chosen_after_fitting"].groupby("outcome").any().to_dict() == marks
    assert late.across is not None
    assert late.across.table["chosen_after_fitting"].all()
    for name in ("rereferral", "escalation", "assessment"):
        assert MARK not in late[name].paragraph


def test_a_refusal_is_marked_too(effects: Effects) -> None:
    refused = pr.harm(failed(effects), after={"kinship": {"sesoi": 5.0}})["kinship"]
    assert MARK in refused.headline
    assert MARK in refused.sentence


def test_the_report_and_the_summary_are_marked(effects: Effects, late: Harm, tmp_path: Path) -> None:
    only = replace(late, outcomes={"kinship": late["kinship"]})
    page = pr.write_report(tiny_fit(), effects, only, tmp_path).read_text(encoding="utf-8")
    assert '<span class="gate REVIEW">Chosen after fitting</span>' in page
    assert "the smallest effect of interest is 5 percentage points, not 3" in page
    assert "but for what is marked as chosen after fitting" in page
    outcomes = summary(tiny_fit(), effects, late, total_seconds=1.0, truth=None)["outcomes"]
    assert len(outcomes["kinship"]["chosen_after_fitting"]) == 2
    assert outcomes["rereferral"]["chosen_after_fitting"] == []


def test_the_specification_s_own_values_are_no_choice(effects: Effects) -> None:
    same = pr.harm(effects, after={"kinship": {"sesoi": 3, "harm": "down"}, "rereferral": {}})
    assert str(same) == str(pr.harm(effects))
    assert not same.table["chosen_after_fitting"].any()
    only = pr.harm(effects, after={"kinship": {"sesoi": 4.0, "harm": "down"}})["kinship"]
    assert only.after == ("the smallest effect of interest is 4 percentage points, not 3",)


def test_all_mistakes_are_told_at_once(effects: Effects) -> None:
    with pytest.raises(pr.SpecError) as told:
        pr.harm(effects, after={"adoption": {"sesoi": 1.0}, "kinship": {"unit": "days", "family": "normal"}})
    assert told.value.problems == (
        "adoption: there is no such outcome; there are rereferral, escalation, assessment, kinship",
        "kinship.unit: this cannot be chosen after fitting; only harm and sesoi can",
        "kinship.family: this cannot be chosen after fitting; only harm and sesoi can",
    )


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ({"sesoi": -1.0}, "outcomes.kinship.sesoi"),
        ({"sesoi": 150.0}, "no share can change by more than 100"),
        ({"harm": "sideways"}, 'outcomes.kinship.harm: "sideways" is not allowed'),
    ],
)
def test_values_that_a_specification_may_not_have_are_refused(
    effects: Effects, choice: dict[str, object], problem: str
) -> None:
    with pytest.raises(pr.SpecError, match=problem):
        pr.harm(effects, after={"kinship": choice})
