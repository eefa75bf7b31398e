"""The English re-referral panel, beside an independent computation from the table alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logit

import primum as pr

ROOT = Path(__file__).parents[2]
TABLE = Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data")) / "la" / "la_year_panel.csv"
pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason=f"la_year_panel.csv is not in {TABLE.parent}")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pr.read_table(TABLE, text=["unit"])


@pytest.fixture(scope="module")
def matches(table: pd.DataFrame) -> pr.Matches:
    spec = pr.Spec.read(ROOT / "models" / "rereferral-england.toml")
    panel = pr.Panel.from_frame(table, spec.data)
    covariates = pr.covariates(panel, table, use=["pop_0_17_midyear"])
    return pr.match(spec, panel, pr.Matching(shrink=False, distance="euclidean"), covariates)


def test_nearest_sets_agree_with_scipy_on_levels_trends_and_population(
    table: pd.DataFrame, matches: pr.Matches
) -> None:
    """Its lines are not weighted by precision, ours are: sets differ little, levels hardly."""
    early = table[table["year"].between(2011, 2014)].set_index(["unit", "year"])
    share = (early["rereferrals"] + 0.5) / (early["referrals"] + 1)
    wide = share[early["referrals"] > 0].to_xarray().to_pandas()
    logits = wide.apply(logit)
    pilot = table.groupby("unit")["sos_eip1"].first().reindex(logits.index).astype(bool)
    relative = logits - logits[~pilot].mean()
    lines = {
        unit: np.polyfit(np.array([-1.5, -0.5, 0.5, 1.5])[path.notna()], path.dropna(), 1)
        for unit, path in relative.iterrows()
        if path.notna().sum() > 1
    }
    frame = pd.DataFrame(lines, index=["trend", "level"]).T
    frame["children"] = early["pop_0_17_midyear"].groupby("unit").mean()
    frame = frame.dropna()
    pilots, others = frame[pilot.reindex(frame.index)], frame[~pilot.reindex(frame.index)]
    distance = pd.DataFrame(
        cdist(pilots, others, "seuclidean", V=others.var()), index=pilots.index, columns=others.index
    )
    assert set(others.index) == set(matches.distance.dropna("comparator")["comparator"].values)
    found = matches.distance.sel(pilot=pilots.index.tolist(), comparator=others.index.tolist())
    assert np.corrcoef(found.values.ravel(), distance.to_numpy().ravel())[0, 1] > 0.995
    order = np.argsort(distance.to_numpy(), axis=1)[:, :5]
    nearest = {name: set(others.index[row]) for name, row in zip(pilots.index, order, strict=True)}
    same = [len(nearest[name] & set(rows["comparator"])) / 5 for name, rows in matches.sets.groupby("pilot")]
    assert np.mean(same) > 0.85


def test_balance_improves_on_what_was_matched(matches: pr.Matches) -> None:
    rows = matches.balance.variables.query("kind != 'period'")
    assert (rows["gap_after"] < 0.6 * rows["gap_before"]).all()
    assert matches.balance.pilots["matched"].all()


def test_units_without_data_are_named(matches: pr.Matches) -> None:
    assert "Isles of Scilly" in " ".join(matches.notes)
