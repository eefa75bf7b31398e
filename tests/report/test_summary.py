"""summary.json says what the tables say, and keeps to its schema."""

import dataclasses
import json
from typing import Any

import jsonschema
import pytest

import primum as pr
from primum.effects import Effects
from primum.fit.gate import Finding, Gate
from primum.report import SCHEMA, summary
from primum.sources import Truth
from primum.testing import tiny_fit, tiny_imputed


@pytest.fixture(scope="module")
def effects() -> Effects:
    return pr.effects(tiny_fit())


@pytest.fixture(scope="module")
def truth() -> Truth:
    return pr.simulate(units=12, periods=8, pilots=3, seed=1).truth


def test_keeps_to_the_schema_and_to_json(effects: Effects, truth: Truth) -> None:
    content = summary(tiny_fit(), effects, pr.harm(effects), total_seconds=1.5, truth=truth)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(json.dumps(content, allow_nan=False)), SCHEMA)


def test_numbers_are_those_of_the_tables(effects: Effects, truth: Truth) -> None:
    harm = pr.harm(effects)
    found = summary(tiny_fit(), effects, harm, total_seconds=1.5, truth=truth)["outcomes"]["kinship"]
    row: Any = effects["kinship"].table.loc["satt"]
    table: Any = harm.table.loc[("kinship", "new_unit"), :]
    assert found["satt"]["mean"] == row["mean"]
    assert found["satt"]["eti95"] == [row["eti95_low"], row["eti95_high"]]
    assert found["new_unit"]["p_harm"] == {
        "value": table["p_harm"],
        "mcse": table["p_harm_mcse"],
        "word": "virtually certain",
    }
    assert found["shortfall"] == {
        name: harm.table.loc[("kinship", "satt"), column]
        for name, column in (("value", "shortfall"), ("mcse", "shortfall_mcse"))
    }
    assert len(found["groups"]) == sum(effects["kinship"].draws.sizes[dim] for dim in ("pilot", "event", "cohort"))
    assert found["groups"][0]["label"] == "LA 01"
    parts = [found[f"p_{name}"]["value"] for name in ("harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi")]
    assert sum(parts) == pytest.approx(1.0, abs=1e-12)
    for length in ("headline", "sentence", "paragraph"):
        assert found[length] == getattr(harm["kinship"], length)
    assert found["truth"]["satt"] == truth.satt["kinship"]
    assert [tip["at"] for tip in found["tips"]] == [tip.at for tip in harm["kinship"].tips]
    assert found["expected_losses"]["stop"] == harm["kinship"].losses.stop  # type: ignore[union-attr]


def test_all_outcomes_together(effects: Effects) -> None:
    harm = pr.harm(effects)
    found = summary(tiny_fit(), effects, harm, total_seconds=1.5, truth=None)
    assert found["words"] == "ipcc"
    assert harm.across is not None
    for name in ("harm", "harm_beyond_sesoi"):
        count = getattr(harm.across, name)
        assert [each["value"] for each in found["across"][name]["exactly"]] == [each.value for each in count.exactly]
        assert found["across"][name]["at_least_one"]["value"] == 1 - count.none.value
    assert found["across"]["sentence"] == harm.across_sentence


def test_real_data_have_no_truth(effects: Effects) -> None:
    content = summary(tiny_fit(), effects, pr.harm(effects), total_seconds=1.5, truth=None)
    assert "truth" not in content["outcomes"]["kinship"]
    jsonschema.validate(content, SCHEMA)


def test_a_failed_outcome_has_no_numbers_that_look_right(effects: Effects) -> None:
    gate = Gate((Finding("FAIL", "R-hat above 1.01 for tau (1.200)", "run more draws"),), 1.2, 30.0)
    broken = {**effects.outcomes, "kinship": dataclasses.replace(effects.outcomes["kinship"], gate=gate)}
    changed = dataclasses.replace(effects, outcomes=broken)
    content = summary(tiny_fit(), changed, pr.harm(changed), total_seconds=1.5, truth=None)
    jsonschema.validate(content, SCHEMA)
    found = content["outcomes"]["kinship"]
    assert found["satt"] is None
    assert found["new_unit"] is None
    assert found["p_harm"] is None
    assert found["expected_harm"] is None
    assert all(group["p_harm"] is None for group in found["groups"])
    assert content["across"] is None
    assert "run more draws" in found["sentence"]
    assert content["gate"] == {
        "verdict": "FAIL",
        "reasons": ["kinship: R-hat above 1.01 for tau (1.200); run more draws"],
    }
    assert content["decisions"]["using"] == "withheld"


def test_imputations_are_in_it() -> None:
    fit = tiny_imputed()
    found = pr.effects(fit)
    content = summary(fit, found, pr.harm(found), total_seconds=1.5, truth=None)
    jsonschema.validate(json.loads(json.dumps(content, allow_nan=False)), SCHEMA)
    shares = found["kinship"].imputations
    assert shares is not None
    assert content["outcomes"]["kinship"]["imputations"] == {
        "number": 3, "satt": shares.loc["satt"].to_dict(), "new_unit": shares.loc["new_unit"].to_dict(),
    }  # fmt: skip


def test_one_panel_has_none(effects: Effects) -> None:
    content = summary(tiny_fit(), effects, pr.harm(effects), total_seconds=1.5, truth=None)
    assert content["outcomes"]["kinship"]["imputations"] is None


def test_an_infinite_rhat_is_null() -> None:
    """Of chains that stand still; JSON has no infinity."""
    fit = tiny_fit()
    gates = {
        **fit.gates,
        "kinship": Gate((Finding("FAIL", "R-hat above 1.01 for tau (inf)", "run more"),), float("inf"), 4.0),
    }
    stuck = pr.Fit(fit.spec, fit.panel, fit.tree, gates)
    effects = pr.effects(stuck)
    content = summary(stuck, effects, pr.harm(effects), total_seconds=1.0, truth=None)
    jsonschema.validate(json.loads(json.dumps(content, allow_nan=False)), SCHEMA)
    assert content["outcomes"]["kinship"]["max_rhat"] is None
