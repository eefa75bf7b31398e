"""Shares of variance within and between imputations, against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import primum as pr
from primum.effects.imputed import imputation_shares, judge_imputations
from primum.fit.gate import mixed
from primum.testing import tiny_fit, tiny_imputed

MEANS, SDS = np.array([-1.0, 0.0, 2.0, 3.0]), np.array([1.0, 2.0, 0.5, 1.0])


def exact_draws() -> xr.Dataset:
    """Draws whose means and SDs are these to the last digit, in each imputation."""
    rng = np.random.default_rng(1)
    each = {}
    for name, (mean, sd) in enumerate(zip(MEANS, SDS, strict=True)):
        z = rng.normal(size=(2, 50))
        each[name] = xr.Dataset({"x": (("chain", "draw"), mean + sd * (z - z.mean()) / z.std(ddof=1))})
    return mixed(each)


def test_shares_by_hand() -> None:
    row = imputation_shares(exact_draws()).loc["x"]
    within, between = (SDS**2).mean(), MEANS.var(ddof=1)
    assert row["within"] == pytest.approx(within)
    assert row["between"] == pytest.approx(between)
    assert row["share_between"] == pytest.approx(1.25 * between / (within + 1.25 * between))
    assert row["imputations_needed"] == np.ceil(100 * row["share_between"])


def test_the_variance_of_the_mixture_is_made_of_both() -> None:
    draws, row = exact_draws(), imputation_shares(exact_draws()).loc["x"]
    # of all draws, so that the within part has 99 of 100 degrees of freedom
    assert float(draws["x"].var()) == pytest.approx(0.99 * row["within"] + 0.75 * row["between"])


@pytest.mark.parametrize(
    ("share", "count", "verdict"), [(0.0, 20, "PASS"), (0.0, 19, "REVIEW"), (0.4, 39, "REVIEW"), (0.4, 40, "PASS")]
)
def test_there_must_be_enough_imputations(share: float, count: int, verdict: str) -> None:
    shares = pd.DataFrame(
        {"share_between": [0.0, share], "imputations_needed": [20.0, max(20.0, 100 * share)]}, ["satt", "new_unit"]
    )
    found = judge_imputations(shares, count)
    assert found.verdict == verdict
    if share and verdict != "PASS":
        assert found.reasons == [
            "only 39 imputations, where 40 or more are needed (40% of the variance of new_unit lies between them); "
            "impute more often"
        ]


def test_effects_are_of_each_imputation_with_its_own_panel() -> None:
    found = pr.effects(tiny_imputed())["kinship"]
    each = [pr.effects(tiny_fit(seed))["kinship"] for seed in (1, 2, 3)]
    for name in ("satt", "count_change"):
        parts = [one.draws[name].values for one in each]
        assert np.array_equal(found.draws[name].values, np.concatenate(parts))
        mine, parts_of = found.table.loc[name], pd.DataFrame([one.table.loc[name] for one in each])
        assert mine["mean"] == pytest.approx(parts_of["mean"].mean())
        assert mine["mcse"] == pytest.approx(np.sqrt((parts_of["mcse"] ** 2).sum()) / 3)
        assert mine["rhat"] == parts_of["rhat"].max()
    assert found.imputation_names == [1, 2, 3]
    assert found.gate.verdict == "REVIEW"  # three are few
    assert each[0].imputations is None
    assert each[0].imputation_names == []


def test_unpooled_estimates_follow_rubin() -> None:
    found = pr.unpooled(tiny_imputed(), "kinship")
    each = [pr.unpooled(tiny_fit(seed), "kinship") for seed in (1, 2, 3)]
    estimates, errors = (np.array([one[name] for one in each]) for name in ("estimate", "se"))
    assert found["estimate"].to_numpy() == pytest.approx(estimates.mean(axis=0))
    total = (errors**2).mean(axis=0) + 4 / 3 * estimates.var(axis=0, ddof=1)
    assert found["se"].to_numpy() == pytest.approx(np.sqrt(total))
    assert found.index.equals(each[0].index)
