"""Cells against what pandas computes from the same records, and the panels that are read from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from primum.errors import InputError, PrimumError, SourceError, SpecError
from primum.model import cells_of
from primum.panel import Panel
from primum.sources.records import Aggregation, RecordCells, RecordOutcome, aggregate
from primum.sources.records.statistics import weighted_mean
from primum.spec import Spec
from tests.sources.records.made import aggregation, few, referrals, saved

KEYS = ["unit", "period"]


def direct(records: pd.DataFrame, *strata: str) -> pd.DataFrame:
    """The same cells by pandas, whose steps are its own."""
    referred, again, ended = (pd.to_datetime(records[name]) for name in ("referred", "again", "ended"))
    year = referred.dt.year + (referred.dt.month >= 4)
    days = (ended - referred).dt.days
    frame = pd.DataFrame(
        {
            "unit": records["la"],
            "period": (year - 1).astype(str) + "-" + (year % 100).astype(str).str.zfill(2),
            **{name: records[name] for name in strata},
            "records": 1,
            "plan_count": records["plan"].astype(int),
            "again_count": (again <= referred + pd.Timedelta(days=365)).astype(int),
            "stay_days_0_10": days.between(0, 10).astype(int),
            "stay_days_11_20": days.between(11, 20).astype(int),
            "stay_days_21_45": days.between(21, 45).astype(int),
            "stay_days_46_plus": (days >= 46).astype(int),
        }
    )
    grouped = frame.groupby([*KEYS, *strata])
    logs = frame.assign(log=np.log(days.clip(lower=0.5))).groupby([*KEYS, *strata])["log"]
    return grouped.sum().assign(stay_log_mean=logs.mean(), stay_log_variance=logs.var())


def same(cells: RecordCells, expected: pd.DataFrame) -> None:
    found = cells.table.set_index(list(expected.index.names))
    assert len(found) == len(expected)
    counts = list(expected.columns.difference(["stay_log_mean", "stay_log_variance"]))
    pd.testing.assert_frame_equal(found[counts].loc[expected.index], expected[counts], check_dtype=False)
    for name in ("plan_n", "again_n", "stay_n", "stay_binned"):
        assert found[name].loc[expected.index].tolist() == expected["records"].tolist()
    # logarithms are summed with 12 decimals: half a unit in the last for the mean; in sums of squares it is multiplied
    # by n / (n - 1), at most 2, and by the twice mean logarithm, at most 7, that comes with the mean's
    assert np.abs(found["stay_log_mean"].loc[expected.index] - expected["stay_log_mean"]).max() < 1e-12
    assert np.nanmax(np.abs(found["stay_log_variance"].loc[expected.index] - expected["stay_log_variance"])) < 2e-11
    np.testing.assert_allclose(found["stay_geometric_mean"], np.exp(found["stay_log_mean"]), rtol=1e-15)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_cells_are_those_of_a_direct_computation(tmp_path: Path, ending: str) -> None:
    records = referrals()
    cells = aggregate(saved(tmp_path, records, f"records.{ending}"), aggregation())
    same(cells, direct(records))
    assert cells.records == len(records)
    assert cells.left_out.empty
    assert cells.table[["unit", "time"]].to_numpy().tolist() == sorted(
        cells.table[["unit", "time"]].to_numpy().tolist()
    )


def test_strata_split_cells(tmp_path: Path) -> None:
    records = referrals()
    cells = aggregate(saved(tmp_path, records), aggregation(strata=["band"]))
    same(cells, direct(records, "band"))


def test_tables_do_not_depend_on_files_order_or_threads(tmp_path: Path) -> None:
    records = referrals(20_000)
    whole = aggregate(saved(tmp_path, records), aggregation(), threads=1).table
    mixed = records.sample(frac=1, random_state=3)
    parts = [saved(tmp_path, mixed.iloc[k::3][list(records)[::-1]], f"{k}.parquet") for k in range(3)]
    pd.testing.assert_frame_equal(aggregate(parts, aggregation(), threads=2).table, whole, check_exact=True)


def test_weighted_shares_and_means(tmp_path: Path) -> None:
    records = referrals(2000)
    outcomes = {"plan": {"value": "plan"}, "stay": {"end": "ended", "same_day": 0.5}}
    table = aggregate(saved(tmp_path, records), aggregation(outcomes, weight="weight")).table
    assert list(table)[-8:] == [
        "plan_share", "plan_standard_error", "stay_n", "stay_open", "stay_geometric_mean", "stay_log_mean",
        "stay_standard_error", "small",
    ]  # fmt: skip
    days = (pd.to_datetime(records["ended"]) - pd.to_datetime(records["referred"])).dt.days
    year = pd.to_datetime(records["referred"]).dt.year + (pd.to_datetime(records["referred"]).dt.month >= 4)
    own = (records["la"] == "E03") & (year == 2015)
    row = dict(table[(table["unit"] == "E03") & (table["period"] == "2014-15")].iloc[0])
    w, n = records.loc[own, "weight"], int(own.sum())
    for y, mean, error in (
        (records.loc[own, "plan"].astype(float), row["plan_share"], row["plan_standard_error"]),
        (
            np.log(days[own].clip(lower=0.5)),
            row["stay_log_mean"],
            row["stay_standard_error"] / row["stay_geometric_mean"],
        ),
    ):
        expected = (w * y).sum() / w.sum()
        # rounding of compensated sums, and of the squares of which most cancels
        assert mean == pytest.approx(expected, rel=1e-13)
        spread = np.sqrt(n / (n - 1) * ((w * (y - expected)) ** 2).sum()) / w.sum()
        assert error == pytest.approx(spread, rel=1e-10)
    assert row["plan_count"] == records.loc[own, "plan"].sum()


def test_errors_of_equal_weights_are_the_textbook_ones(tmp_path: Path) -> None:
    outcomes = {"plan": {"value": "plan"}, "stay": {"end": "ended"}}
    file = few(tmp_path, plan=[1, 0, 0, 0], ended=["2015-05-11", "2015-05-11", "2015-05-21", "2015-05-21"], weight=2.5)
    row = dict(aggregate(file, aggregation(outcomes, weight="weight")).table.iloc[0])
    assert row["plan_share"] == pytest.approx(0.25, rel=1e-14)
    assert row["plan_standard_error"] == pytest.approx(np.sqrt(0.25 * 0.75 / 3), rel=1e-12)
    assert row["stay_standard_error"] / row["stay_geometric_mean"] == pytest.approx(
        np.log(2) / 2 / np.sqrt(3), rel=1e-12
    )


def test_records_that_are_all_alike_have_no_spread(tmp_path: Path) -> None:
    """Exactly none: rounding must not pass for precision."""
    ended = ["2015-05-08"] * 7
    plain = aggregate(few(tmp_path, ended=ended), aggregation()).table.iloc[0]
    assert plain["stay_log_variance"] == 0
    assert plain["stay_log_mean"] == pytest.approx(np.log(7), abs=1e-12)
    outcomes = {"plan": {"value": "plan"}, "stay": {"end": "ended"}}
    file = few(tmp_path, ended=ended, weight=[0.1, 0.7, 0.3, 0.3, 0.9, 1.3, 0.2])
    weighted = aggregate(file, aggregation(outcomes, weight="weight")).table.iloc[0]
    assert (weighted["plan_standard_error"], weighted["stay_standard_error"]) == (0, 0)


def test_one_record_has_a_mean_and_no_variance(tmp_path: Path) -> None:
    row = dict(aggregate(few(tmp_path, plan=[1]), aggregation()).table.iloc[0])
    assert row["stay_geometric_mean"] == pytest.approx(20, rel=1e-12)
    assert np.isnan(row["stay_log_variance"])


def test_cells_without_records(tmp_path: Path) -> None:
    file = few(tmp_path, la=["A", "A", "B", "B"], referred=["2015-05-01", "2015-05-01", "2016-05-01", "2016-05-01"],
               again=None, ended="2016-06-01")  # fmt: skip
    cells = aggregate(file, aggregation())
    assert len(cells.table) == 2
    assert any("10 cells of units and periods seen have no record and no row" in notice for notice in cells.notices)
    cells = aggregate(file, aggregation(empty_cells="zero"))
    assert len(cells.table) == 12
    assert cells.table["records"].tolist() == [0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 0, 0]
    assert cells.table["stay_n"].dtype == np.int64
    assert cells.table["stay_geometric_mean"].isna().sum() == 10
    assert cells.table["again_count"].tolist() == [0] * 12


def test_a_record_counts_within_its_window_and_not_after(tmp_path: Path) -> None:
    outcomes = {"again": {"event": "again", "follow_up": 30}}
    file = few(tmp_path, again=["2015-05-01", "2015-05-31", "2015-06-01", None, ""])
    row = dict(aggregate(file, aggregation(outcomes)).table.iloc[0])
    assert (row["again_count"], row["again_n"]) == (2, 5)


def test_units_keep_their_type(tmp_path: Path) -> None:
    """Also where other records have none, and where they are too long for a float."""
    made = aggregation({"plan": {"value": "plan"}}, strata=["band"], leave_out=["no unit", "no stratum", "no date"])
    long = 2**53 + 1
    records = {
        "la": pd.array([301, 301, None, long], "Int64"), "band": pd.array([1, None, 1, 2], "Int64"),
        "referred": ["2015-05-01"] * 4, "plan": [1] * 4,
    }  # fmt: skip
    programme = pd.DataFrame({"unit": [301, long], "start": ["2015-04-01", None]})
    numbers = aggregate(saved(tmp_path, pd.DataFrame(records)), made, programme).table
    assert numbers["unit"].tolist() == [301, long]
    assert numbers["band"].tolist() == [1, 2]
    assert numbers["exposure"].tolist() == [1, 0]
    codes = aggregate(few(tmp_path, la=["0301", "0301"]), aggregation({"plan": {"value": "plan"}}))
    assert codes.table["unit"].tolist() == ["0301"]


def test_an_aggregation_made_in_python_is_checked(tmp_path: Path) -> None:
    usual = aggregation()
    wrong = Aggregation(
        unit="la", date="referred", end_of_data=usual.end_of_data, periods=usual.periods,
        outcomes=(RecordOutcome("plan"),),
    )  # fmt: skip
    with pytest.raises(SpecError, match="exactly one of value, event and end"):
        aggregate(few(tmp_path, plan=[1]), wrong)


def test_duckdb_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(PrimumError, match=r"pip install primum\[records\]"):
        aggregate(few(tmp_path, plan=[1]), aggregation())


def test_memory_that_does_not_suffice_is_named(tmp_path: Path) -> None:
    records = referrals(100_000).assign(code=[f"a long code that nothing else has {k}" for k in range(100_000)])
    with pytest.raises(SourceError, match=r"0\.01 GiB of memory do not suffice; give it more"):
        aggregate(saved(tmp_path, records), aggregation(strata=["code"]), memory=0.01)


@pytest.mark.parametrize("bound", [{"memory": 0}, {"threads": 0}])
def test_bounds_must_be_above_zero(tmp_path: Path, bound: dict[str, int]) -> None:
    with pytest.raises(InputError, match="must be above 0"):
        aggregate(few(tmp_path, plan=[1]), aggregation(), **bound)  # type: ignore[arg-type]


OUTCOME = {"label": "It", "harm": "up", "sesoi": 1.0}
FAMILIES: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"family": "binomial", "value": "again_count", "denominator": "again_n", "unit": "percentage points"},
        ["again_count", "again_n"],
    ),
    (
        {"family": "lognormal", "value": "stay_geometric_mean", "denominator": "stay_n", "unit": "days"},
        ["stay_geometric_mean", "stay_n"],
    ),
    (
        {
            "family": "binned", "edges": [10.5, 20.5, 45.5], "denominator": "stay_binned", "unit": "days",
            "value": ["stay_days_0_10", "stay_days_11_20", "stay_days_21_45", "stay_days_46_plus"],
        },
        ["stay_days_0_10", "stay_binned"],
    ),
]  # fmt: skip


def test_open_durations_reach_the_likelihood(tmp_path: Path) -> None:
    """From records to cells of the model: every record of the table is in them, finished or open."""
    made = aggregation(
        {"stay": {"end": "ended", "edges": [10.5, 20.5, 45.5], "open": "by bin", "log_mean": False}},
        end_of_data="2019-04-10",
    )
    programme = pd.DataFrame({"unit": [f"E{k:02d}" for k in range(8)], "start": ["2016-04-01"] * 2 + [None] * 6})
    table = aggregate(saved(tmp_path, referrals()), made, programme).table
    names = ["days_0_10", "days_11_20", "days_21_45", "days_46_plus"]
    outcome = OUTCOME | {
        "family": "binned", "edges": [10.5, 20.5, 45.5], "denominator": "stay_binned", "unit": "days",
        "value": [f"stay_{name}" for name in names], "open": [f"stay_open_{name}" for name in names],
    }  # fmt: skip
    content = {
        "title": "Referrals", "programme": "It", "seed": 1, "outcomes": {"x": outcome},
        "columns": {"unit": "unit", "time": "time", "exposure": "exposure"},
    }  # fmt: skip
    spec = Spec.from_dict(content)
    cells = cells_of(Panel.from_frame(table, spec.data).dataset, spec.outcomes[0])
    assert cells.bins is not None
    assert cells.observed.all()
    assert cells.denominator.ravel().tolist() == table["records"].tolist()
    still = cells.bins.open.sum(axis=(0, 2))
    assert still[:-1].tolist() == [0] * 5
    assert still[-1] == table.filter(like="stay_open_").to_numpy().sum() > 20


@pytest.mark.parametrize("exposure", [{"exposure": "exposure"}, {"start": "start", "embedded": "embedded"}])
@pytest.mark.parametrize(("outcome", "columns"), FAMILIES, ids=["binomial", "lognormal", "binned"])
def test_a_panel_is_read_from_the_table(
    tmp_path: Path, outcome: dict[str, Any], columns: list[str], exposure: dict[str, str]
) -> None:
    """From records to a panel, without a step between."""
    units = [f"E{number:02d}" for number in range(8)]
    pilot = np.arange(8) < 3
    programme = pd.DataFrame({"unit": units}).assign(start=None, embedded=None)
    programme.loc[pilot, ["start", "embedded"]] = ["2015-10-01", "2017-04-01"]
    table = aggregate(saved(tmp_path, referrals()), aggregation(), programme).table
    content = {
        "title": "Referrals", "programme": "It", "seed": 1, "outcomes": {"x": OUTCOME | outcome},
        "columns": {"unit": "unit", "time": "time", **exposure},
    }  # fmt: skip
    panel = Panel.from_frame(table, Spec.from_dict(content).data)
    assert panel.labels[panel.pilots].tolist() == ["E00", "E01", "E02"]
    assert np.asarray(panel.dataset["time"]).tolist() == list(range(2014, 2020))
    value, denominator = columns
    found = np.asarray(panel.dataset["x"]).reshape(48, -1)[:, 0]
    assert found.tolist() == table[value].tolist()
    assert np.asarray(panel.dataset["x_denominator"]).ravel().tolist() == table[denominator].tolist()
    steps = np.asarray(panel.dataset["exposure"])[0]
    assert (np.diff(steps) >= 0).all()
    assert steps[[0, 1, 4, 5]].tolist() == [0, 0, 1, 1]


def test_cells_whose_records_tell_no_error_have_that_of_others() -> None:
    """An error of 0 would make such a cell exact, and a panel refuses it."""
    y, w = [[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0]], [[1.0, 2.0, 1.5, 1.5], [2.0, 1.0, 3.0], [4.0]]
    cells = [(np.array(a), np.array(b)) for a, b in zip(y, w, strict=True)]
    sums = {
        "n": np.array([len(a) for a, _ in cells]),
        "w": np.array([b.sum() for _, b in cells]),
        "wy": np.array([(a * b).sum() for a, b in cells]),
        "ww": np.array([(b**2).sum() for _, b in cells]),
        "wwy": np.array([(a * b**2).sum() for a, b in cells]),
        "wwyy": np.array([(a**2 * b**2).sum() for a, b in cells]),
    }
    mean, error = weighted_mean(sums, np.array([False, True, True]))
    a, b = cells[0]
    np.testing.assert_allclose(mean, [(a * b).sum() / b.sum(), 1.0, 0.0])
    variance = 4 / 3 * (b**2 * (a - mean[0]) ** 2).sum() / (b**2).sum()
    assert error[0] == pytest.approx(np.sqrt(variance * (b**2).sum()) / b.sum(), rel=1e-12)
    pooled = (3 * variance + 2 * 0.0) / (3 + 2)
    for k in (1, 2):
        assert error[k] == pytest.approx(np.sqrt(pooled * (cells[k][1] ** 2).sum()) / cells[k][1].sum(), rel=1e-12)
