"""From a fit to sentences and decisions, as a reader gets them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pytest

from primum.effects import Effects, effects
from primum.errors import SpecError
from primum.fit import Gate
from primum.fit.gate import Finding
from primum.harm import Harm, harm
from primum.harm.decisions import WITHHELD, overall
from primum.harm.likelihood import in_words
from primum.harm.probabilities import probabilities
from primum.harm.words import decimals, number
from primum.testing import tiny_fit

NAMES = ("harm", "harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi")
COLUMNS = [f"p_{name}{suffix}" for name in NAMES for suffix in ("", "_mcse")]
AMOUNTS = ["expected_harm", "expected_harm_mcse", "shortfall", "shortfall_mcse"]


@pytest.fixture(scope="module")
def measured() -> Effects:
    return effects(tiny_fit())


@pytest.fixture(scope="module")
def found(measured: Effects) -> Harm:
    return harm(measured)


def row_of(found: Harm, name: str, estimand: str) -> dict[str, float]:
    return {column: float(found.table[column].loc[name, estimand]) for column in COLUMNS}


def failed(measured: Effects, name: str = "kinship") -> Effects:
    gate = Gate((Finding("FAIL", "R-hat above 1.01 for tau (1.300)", "run more draws"),), 1.3, 20.0)
    return replace(measured, outcomes={**measured.outcomes, name: replace(measured[name], gate=gate)})


@pytest.mark.parametrize("name", ["rereferral", "assessment", "kinship"])
def test_probabilities_are_shares_of_the_draws(found: Harm, measured: Effects, name: str) -> None:
    outcome = measured.spec.outcome(name)
    for estimand, mine in (("satt", found[name].pilots), ("new_unit", found[name].new_unit)):
        draws = np.asarray(measured[name].draws[estimand])
        assert mine == probabilities(draws, outcome.sign, outcome.sesoi)
        harmful = draws if outcome.harm == "up" else -draws
        row = row_of(found, name, estimand)
        assert row["p_harm"] == (harmful > 0).mean()
        assert row["p_harm_beyond_sesoi"] == (harmful > outcome.sesoi).mean()
        assert row["p_benefit_beyond_sesoi"] == (harmful < -outcome.sesoi).mean()


def test_table_has_every_outcome_and_estimand_with_its_error(found: Harm) -> None:
    assert found.table.index.names == ["outcome", "estimand"]
    assert len(found.table) == 8
    assert list(found.table.columns) == [*COLUMNS, *AMOUNTS, "chosen_after_fitting"]
    assert (found.table.filter(like="mcse") > 0).all().all()


def test_amounts_are_those_of_the_draws(found: Harm, measured: Effects) -> None:
    for name in ("rereferral", "kinship"):
        for estimand in ("satt", "new_unit"):
            harmful = measured.spec.outcome(name).sign * np.asarray(measured[name].draws[estimand])
            row = found.table.loc[(name, estimand), :]
            assert row["expected_harm"] == np.maximum(harmful, 0).mean()
            # 1,000 draws, of which the worst 50 count whole
            worst = measured.spec.outcome(name).sign * np.sort(harmful.ravel())[-50:].mean()
            assert row["shortfall"] == pytest.approx(worst, rel=1e-12)
            assert found[name].exceedance[estimand].shortfall.value == row["shortfall"]


def test_sentences_contain_the_numbers_of_the_tables(found: Harm, measured: Effects) -> None:
    for name, each in found.outcomes.items():
        row: dict[Hashable, float] = measured[name].table.loc["satt"].to_dict()
        places = decimals(row["sd"], row["mcse"])
        for key in ("mean", "eti95_low", "eti95_high"):
            assert number(row[key], places, signed=True) in each.sentence
        assert each.pilots is not None
        said = re.findall(r"(?:less than |more than |about )?\d+%(?! interval) \([a-z ]+\)", each.sentence)
        assert said == [in_words(getattr(each.pilots, column), "ipcc") for column in NAMES]
        assert each.sentence.startswith(f"{each.outcome.label}: ")
        assert each.sentence in str(found)


def test_a_canned_harm_is_found_and_acted_upon(found: Harm) -> None:
    """Canned kinship care falls by 0.6 on log odds, far beyond its SESOI; nothing else moves."""
    assert found["kinship"].pilots is not None
    assert found["kinship"].pilots.harm_beyond_sesoi.value > 0.99
    assert found["kinship"].decision.using == "stop or rework"
    assert found["kinship"].decision.considering == "pause for thought"
    assert found["rereferral"].decision.using != "stop or rework"
    assert found.decision == found["kinship"].decision
    assert found.gate.verdict == "PASS"


def test_a_failed_computation_gives_no_number(measured: Effects) -> None:
    refused = harm(failed(measured))
    each = refused["kinship"]
    assert (each.pilots, each.new_unit, each.exceedance) == (None, None, {})
    assert each.decision == WITHHELD
    assert each.sentence == (
        "Kinship care: no statement can be made, because the computation failed its checks: "
        "R-hat above 1.01 for tau (1.300); run more draws."
    )
    assert refused.table.loc["kinship"].drop(columns="chosen_after_fitting").isna().all().all()
    assert each.headline == "Kinship care: no statement can be made"
    assert each.paragraph == each.sentence
    # the other outcomes keep theirs, but no decision is made without the one that is missing
    assert refused.table.drop("kinship", level="outcome").notna().all().all()
    assert refused["rereferral"].decision != WITHHELD
    assert refused.decision == WITHHELD
    assert refused.gate.verdict == "FAIL"


def test_a_computation_under_review_still_speaks(measured: Effects) -> None:
    gate = Gate((Finding("REVIEW", "fewer than 400 effective draws", "run more draws"),), 1.0, 300.0)
    reviewed = replace(measured, outcomes={"kinship": replace(measured["kinship"], gate=gate)})
    assert harm(reviewed)["kinship"].pilots == harm(measured)["kinship"].pilots
    assert harm(reviewed).gate.verdict == "REVIEW"


def test_thresholds_come_from_the_specification(measured: Effects) -> None:
    spec = measured.spec.change({"decisions.using.stop": 1.0, "decisions.using.watch": 1.0})
    shares = harm(measured)["rereferral"].pilots
    assert shares is not None
    assert shares.harm_beyond_sesoi.value < 1
    assert harm(replace(measured, fit=replace(measured.fit, spec=spec)))["rereferral"].decision.using == "carry on"
    eager = measured.spec.change({"decisions.using.stop": 0.0, "decisions.using.watch": 0.0})
    assert (
        harm(replace(measured, fit=replace(measured.fit, spec=eager)))["rereferral"].decision.using == "stop or rework"
    )


def test_paragraph_carries_every_caveat(measured: Effects) -> None:
    gate = Gate((Finding("REVIEW", "fewer than 400 effective draws", "run more draws"),), 1.0, 300.0)
    reviewed = replace(measured, outcomes={"rereferral": replace(measured["rereferral"], gate=gate)})
    each = harm(reviewed)["rereferral"]
    assert each.doubts
    full = int((np.asarray(measured.fit.panel.dataset["exposure"]) == 1).sum())
    for part in (
        each.sentence.split(" Confidence")[0],
        f"over {full} fully exposed periods of 3 pilots in all, each counting the same; it is set beside 9 comparators",
        "Expected harm is",
        "In a new area the probability of harm",
        "The computation is to be reviewed: fewer than 400 effective draws; run more draws.",
        "Confidence in these figures is low",
        *(f"{doubt[1:]}." for doubt in each.doubts),
        "Each outcome is fitted apart from the others.",
    ):
        assert part in each.paragraph
    assert each.headline.endswith("; computation to be reviewed; low confidence")


def test_a_paragraph_without_doubts_says_so(found: Harm) -> None:
    paragraph = found["kinship"].paragraph
    assert "The computation passed its checks. The model reproduces the features" in paragraph
    assert "Chosen after fitting" not in paragraph


def test_words_are_those_of_the_specification_s_scale(measured: Effects) -> None:
    spec = measured.spec.change({"words.scale": "phia"})
    said = harm(replace(measured, fit=replace(measured.fit, spec=spec)))
    assert "more than 99% (almost certain)" in said["kinship"].headline
    assert "remote chance" in said.across_sentence


def test_an_unknown_outcome_is_named(found: Harm) -> None:
    with pytest.raises(KeyError, match="no outcome 'adoption'"):
        found["adoption"]


def ruled(changes: dict[str, object]) -> Harm:
    """Harm of the canned fit under other rules, which nothing of the fit depends on."""
    fit = tiny_fit()
    return harm(effects(replace(fit, spec=fit.spec.change(changes))))


def test_outcomes_that_do_not_count_are_shown_and_not_decided_by() -> None:
    found = ruled({"outcomes.kinship.important": False})
    assert found["kinship"].decision.using == "stop or rework"
    assert found.decision.using != "stop or rework"
    assert found.decision == overall(
        {name: found[name].decision for name in ("rereferral", "escalation", "assessment")}
    )
    with pytest.raises(SpecError, match="none is important"):
        ruled({f"outcomes.{name}.important": False for name in found.outcomes})


def test_a_failed_outcome_that_does_not_count_withholds_nothing() -> None:
    fit = tiny_fit()
    changed = replace(fit, spec=fit.spec.change({"outcomes.kinship.important": False}))
    assert harm(failed(effects(changed))).decision != WITHHELD
    assert harm(failed(effects(fit))).decision == WITHHELD


def test_expected_losses_are_added_up_over_what_counts() -> None:
    # kinship falls by some ten points, which is harm; if harm costs next to nothing, there is no reason to stop
    dear = ruled({"decisions.rule": "expected loss", "decisions.costs.continuing": 1.0})
    cheap = ruled(
        {"decisions.rule": "expected loss", "decisions.costs.continuing": 1e-6, "decisions.costs.adopting": 1e-6}
    )
    assert dear.losses is not None
    assert dear.losses.carry_on == pytest.approx(
        sum(each.losses.carry_on for each in dear.outcomes.values() if each.losses)
    )
    assert (dear.decision.using, dear.decision.considering) == ("stop or rework", "pause for thought")
    assert (cheap.decision.using, cheap.decision.considering) == ("carry on", "grounds to adopt")
    assert {tip.what for tip in dear["kinship"].tips} == {"continuing", "adopting", "prior scale", "prior centre"}


def test_tips_are_a_table() -> None:
    table = ruled({}).tips
    assert table.index.names == ["outcome", "question", "what"]
    assert table.loc[("kinship", "using", "stop"), "now"] == 0.8
