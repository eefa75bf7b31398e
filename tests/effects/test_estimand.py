"""What estimands say of themselves, and what is asked of a user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.effects.estimands import CORE, ESTIMANDS
from primum.testing import tiny_fit


def test_texts_are_filled_in() -> None:
    outcome = pr.demo_spec().outcome("kinship")
    for each in ESTIMANDS:
        described = each.described(outcome)
        assert all(described[key] for key in ("label", "population", "scale", "unit", "uncertainty")), each.name
        assert not any("{" in text for key, text in described.items() if key != "label"), each.name
    weighted = replace(outcome, target="denominators")
    assert pr.estimands.SATT.described(weighted) == {
        "label": "Average in the pilots, weighted by denominators",
        "population": "pilots' fully exposed periods",
        "scale": "difference",
        "weights": "by denominators",
        "unit": "percentage points",
        "uncertainty": "expected",
    }


def test_names_are_unique_and_the_core_comes_first() -> None:
    names = [each.name for each in ESTIMANDS]
    assert len(set(names)) == len(names)
    assert ESTIMANDS[: len(CORE)] == CORE


def own(name: str, of: object, **changes: str) -> pr.Estimand:
    return pr.Estimand(name, of, "An estimand", "the pilots", **changes)  # type: ignore[arg-type]


def test_a_user_s_own_is_reported_and_judged_like_the_others() -> None:
    worst = own("worst", lambda p: p.effect.where(p.full).mean("time").min("pilot"), unit="{unit} at most")
    found = pr.effects(tiny_fit(), [worst])["kinship"]
    np.testing.assert_allclose(found.draws["worst"], found.draws["unit_effect"].min("pilot"), rtol=1e-12)
    assert found.estimands.loc["worst", "unit"] == "percentage points at most"
    assert found.table["rhat"]["worst"] < 1.01
    assert found.rows("worst").index.tolist() == ["worst"]
    assert found.rows("cohort_effect").index.tolist() == [
        f"cohort_effect[{place}]" for place in found.draws["cohort"].values
    ]
    stuck = own("stuck", lambda p: p.effect.isel(pilot=0, time=-1) + (p.effect["chain"] == 0) * 50)
    assert pr.effects(tiny_fit(), [stuck])["kinship"].gate.verdict == "FAIL"


def test_estimands_that_cannot_be_used_are_refused_together() -> None:
    with pytest.raises(pr.InputError) as caught:
        pr.effects(
            tiny_fit(),
            [
                own("flat", lambda p: p.effect.mean()),
                own("number", lambda p: 3.0),
                pr.estimands.average("early", periods=(1990, 1991)),
                own("shifted", lambda p: p.effect.isel(time=-1).assign_coords(pilot=[7, 8, 9])),
            ],
        )
    assert caught.value.problems == (
        "flat gives no array with dims chain and draw; keep these two in what it returns",
        "number gives no array with dims chain and draw; keep these two in what it returns",
        "early: periods 1990 to 1991 reaches beyond 2010 to 2017, where the panel is; end it there",
        "shifted has other pilots than other estimands have; rename that dim in it",
    )
    with pytest.raises(pr.InputError, match="satt is the name of more than one; rename yours"):
        pr.effects(tiny_fit(), [own("satt", lambda p: p.effect.mean("pilot"))])
    with pytest.raises(pr.InputError, match="with ofsted applies to none of the outcomes"):
        pr.effects(tiny_fit(), [pr.estimands.new_unit_with("with ofsted", {"ofsted": 2.0})])


def test_one_that_does_not_apply_to_an_outcome_is_left_out_of_it() -> None:
    odds = pr.estimands.average("odds", scale="odds ratio", periods=(2016, 2017))
    found = pr.effects(tiny_fit(), [odds])
    assert "odds" in found["kinship"].draws
    assert "odds" not in found["assessment"].draws
    assert "count_change" not in found["assessment"].draws


def test_quantities_with_few_values_pass_the_gate() -> None:
    """Shares of three pilots have four values, and those that no draw leaves have one."""
    fit = tiny_fit()
    found = pr.effects(fit, [own("nothing", lambda p: xr.zeros_like(p.effect.isel(pilot=0, time=0)))])
    for each in found.outcomes.values():
        share = each.draws["share_harmed"].values
        assert set(np.unique(share.round(9))) <= {0.0, 33.333333333, 66.666666667, 100.0}
        assert each.gate.verdict == "PASS"
        # 1,000 draws that are independent; estimates of effective draws scatter by some percent
        assert each.table.loc["share_harmed", ["ess_bulk", "ess_tail"]].min() > 800
        assert each.table.loc["nothing", "ess_bulk"] == 1000
        assert each.table.loc["nothing", "mcse"] == 0


@pytest.mark.parametrize(
    ("of", "problem"),
    [
        (
            lambda p: p.effect.isel(pilot=0, time=-1).where(p.effect["draw"] > 2),
            "is not a finite number in 12 of 1,000",
        ),
        (lambda p: p.effect.isel(pilot=0, time=-1).astype(str), "gives values of type <U"),
        (
            lambda p: p.effect.isel(pilot=0, time=-1, draw=slice(None, None, -1)),
            "has other chains or draws than the fit",
        ),
        (lambda p: p.effect.isel(pilot=0, time=-1, draw=slice(10)), "has other chains or draws than the fit"),
    ],
)
def test_what_is_no_draws_of_numbers_is_refused(of: Any, problem: str) -> None:
    with pytest.raises(pr.InputError, match=f"odd {problem}"):
        pr.effects(tiny_fit(), [own("odd", of)])


def test_mistakes_in_the_list_and_in_functions_name_the_estimand() -> None:
    late: Any = pr.estimands.average("late")
    wrongs: list[Any] = [late, ["late"]]
    for wrong in wrongs:
        with pytest.raises(pr.InputError, match="must be a list of Estimand"):
            pr.effects(tiny_fit(), wrong)
    with pytest.raises(pr.InputError, match="pilot is the name of a coordinate"):
        pr.effects(tiny_fit(), [own("pilot", lambda p: p.effect.isel(pilot=0, time=-1))])
    with pytest.raises(ZeroDivisionError) as caught:
        pr.effects(tiny_fit(), [own("broken", lambda p: p.effect / (1 // 0))])
    assert caught.value.__notes__ == ["in the function of estimand broken, on outcome rereferral"]
