"""Durations that are open at the end of data: never counted as if they had ended, never left out unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from primum.errors import SourceError
from primum.model.bins import shared_out
from primum.sources.records import RecordCells, aggregate
from tests.sources.records.made import aggregation, few

END_OF_DATA = "2019-05-10"
STAY = {"end": "ended", "edges": [10.5, 20.5, 45.5]}
BINS = ("days_0_10", "days_11_20", "days_21_45", "days_46_plus")
# days until the end of data: 40, 40, 40, 70, 70, 5, 19
BEGUN = ["2019-03-31"] * 3 + ["2019-03-01"] * 2 + ["2019-05-05", "2019-04-21"]
ENDED = ["2019-04-05", "2019-04-20", "", "", "2019-05-11", "", ""]  # 5 and 20 days; open at 40, 70, 70, 5, 19


def cells(folder: Path, **changes: Any) -> RecordCells:
    file = few(folder, referred=["2019-03-31"] * 7, begun=BEGUN, ended=ENDED)
    return aggregate(file, aggregation({"stay": STAY | {"start": "begun"} | changes}, end_of_data=END_OF_DATA))


def problems(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(SourceError) as caught:
        cells(folder, **changes)
    return list(caught.value.problems)


def test_open_durations_are_refused_by_period(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert problem.startswith(
        "5 durations of stay are open on 2019-05-10 [2018-19: 5], and means and bins of the others would be too short; "
    )
    assert 'outcomes.stay.open = "by bin", or take them as they are with "apart"' in problem


def test_open_durations_below_the_last_edge_are_refused_for_bins(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, log_mean=False)
    assert problem.startswith("3 durations of stay are open on 2019-05-10 [2018-19: 3], and bins of the others")


def test_open_durations_are_kept_apart_where_asked(tmp_path: Path) -> None:
    found = cells(tmp_path, open="apart")
    row = found.table.iloc[0]
    assert row["stay_n"] == 2
    assert row["stay_open"] == 5
    assert row["stay_geometric_mean"] == pytest.approx(10, rel=1e-12)  # of 5 and 20
    assert [row[f"stay_{name}"] for name in ("days_0_10", "days_11_20", "days_21_45", "days_46_plus")] == [1, 1, 0, 2]
    assert found.table.filter(like="stay_open_").empty
    assert row["stay_binned"] == 4
    assert found.by_period[["used", "open"]].sum().tolist() == [2, 5]
    assert found.notices[0] == (
        "5 durations of stay are open on 2019-05-10 (of which 1 ended after that day); means and bins leave them out "
        "and are too short [2018-19: 5]"
    )


def test_open_durations_are_counted_by_the_bin_in_which_follow_up_ended(tmp_path: Path) -> None:
    found = cells(tmp_path, open="by bin", log_mean=False)
    row = found.table.iloc[0]
    assert [row[f"stay_{name}"] for name in BINS] == [1, 1, 0, 2]
    assert [row[f"stay_open_{name}"] for name in BINS] == [1, 1, 1, 0]
    assert (row["stay_binned"], row["stay_n"], row["stay_open"]) == (7, 2, 5)
    assert found.notices[0] == (
        "5 durations of stay are open on 2019-05-10 (of which 1 ended after that day); 3 are counted as open in the "
        "bin in which their follow-up ended, those that finished within that bin included"
    )


def test_what_a_record_did_in_the_bin_in_which_its_follow_up_ended_is_not_used(tmp_path: Path) -> None:
    """Followed for 12 days, and for 20: by the last day of a bin it is over."""
    begun = ["2019-04-28"] * 2 + ["2019-04-20"] * 2
    ended = ["2019-05-09", "", "2019-05-01", ""]  # 11 days, open at 12, 11 days, open at 20
    file = few(tmp_path, referred=["2019-03-31"] * 4, begun=begun, ended=ended)
    stay = STAY | {"start": "begun", "open": "by bin", "log_mean": False}
    row = aggregate(file, aggregation({"stay": stay}, end_of_data=END_OF_DATA)).table.iloc[0]
    assert [row[f"stay_{name}"] for name in BINS] == [0, 1, 0, 0]
    assert [row[f"stay_open_{name}"] for name in BINS] == [0, 2, 1, 0]


def test_follow_up_beyond_the_last_edge_makes_bins_whole(tmp_path: Path) -> None:
    """Those that could be observed so long have either ended or are known to lie in the last bin."""
    found = cells(tmp_path, log_mean=False, follow_up=46, leave_out=["follow-up does not fit"])
    row = found.table.iloc[0]
    assert (row["stay_binned"], row["stay_days_46_plus"], row["stay_open"]) == (2, 2, 2)
    assert found.left_out["records"].tolist() == [5]
    assert "beyond the last edge, so bins hold them" in " ".join(found.notices)


def test_bins_that_follow_up_makes_whole_are_unbiased(tmp_path: Path) -> None:
    """Over seeds, shares of bins near the end of data are those of durations drawn; of finished ones they are not."""
    rng = np.random.default_rng(1)
    begun = np.datetime64("2019-01-01") + rng.integers(0, 90, 20_000)
    days = np.floor(np.exp(rng.normal(3, 0.8, begun.size))).astype(int)
    file = few(tmp_path, referred=begun.astype(str).tolist(), ended=(begun + days).astype(str).tolist())
    stay = {"end": "ended", "edges": [20.5, 45.5], "log_mean": False}

    def long(**changes: Any) -> tuple[float, float]:
        made = aggregation({"stay": stay | changes}, end_of_data="2019-04-10")
        table = aggregate(file, made).table
        share = table["stay_days_46_plus"].sum() / table["stay_binned"].sum()
        return float(share), float(np.sqrt(share * (1 - share) / table["stay_binned"].sum()))

    truth = float((days > 45).mean())
    share, error = long(follow_up=46, leave_out=["follow-up does not fit"])
    assert abs(share - truth) < 4 * error
    share, error = long(open="apart")
    assert abs(share - truth) > 8 * error


def test_open_durations_by_bin_are_unbiased(tmp_path: Path) -> None:
    """The product-limit share beyond an edge; with finished ones counted as such wherever they did, it is too small."""
    rng = np.random.default_rng(2)
    begun = np.datetime64("2019-01-01") + rng.integers(0, 90, 40_000)
    days = np.floor(np.exp(rng.normal(3, 0.8, begun.size))).astype(int)
    file = few(tmp_path, referred=begun.astype(str).tolist(), ended=(begun + days).astype(str).tolist())
    stay = {"end": "ended", "edges": [10.5, 20.5, 45.5], "log_mean": False, "open": "by bin"}
    table = aggregate(file, aggregation({"stay": stay}, end_of_data="2019-04-10")).table
    counts, still = (
        table[[f"stay_{kind}{name}" for name in BINS]].sum().to_numpy(dtype=float) for kind in ("", "open_")
    )
    truth = float((days > 45).mean())
    # the number of records that would tell as much as these do is some half of them
    error = np.sqrt(truth * (1 - truth) / (0.5 * begun.size))
    share = 1 - (counts * shared_out(counts, still))[:-1].sum() / begun.size
    assert abs(share - truth) < 4 * error
    known = (np.datetime64("2019-04-10") - begun).astype(int)
    place = np.digitize(np.minimum(days, known), np.array([10.5, 20.5, 45.5]))
    naive, open_naive = (
        np.bincount(place[which], minlength=4).astype(float) for which in (days <= known, days > known)
    )
    biased = 1 - (naive * shared_out(naive, open_naive))[:-1].sum() / begun.size
    assert truth - biased > 8 * error


def test_durations_of_no_days_need_a_value(tmp_path: Path) -> None:
    file = few(tmp_path, ended=["2015-05-01", "2015-05-01", "2015-05-09"])
    stay = {"end": "ended"}
    with pytest.raises(SourceError, match=r"2 durations of stay are of 0 days and have no logarithm.*same_day = 0\.5"):
        aggregate(file, aggregation({"stay": stay}))
    row = aggregate(file, aggregation({"stay": stay | {"same_day": 0.5}})).table.iloc[0]
    assert row["stay_log_mean"] == pytest.approx((2 * np.log(0.5) + np.log(8)) / 3, abs=1e-12)
    binned = {"end": "ended", "edges": [0.5, 7.5], "log_mean": False}
    row = aggregate(file, aggregation({"stay": binned})).table.iloc[0]
    assert [row["stay_days_0_0"], row["stay_days_1_7"], row["stay_days_8_plus"]] == [2, 0, 1]


def test_an_open_duration_that_began_today_has_no_logarithm_and_needs_none(tmp_path: Path) -> None:
    file = few(tmp_path, referred=["2019-03-31"] * 2, begun=[END_OF_DATA, "2019-04-01"], ended=["", "2019-04-09"])
    made = aggregation({"stay": {"end": "ended", "start": "begun", "open": "apart"}}, end_of_data=END_OF_DATA)
    row = aggregate(file, made).table.iloc[0]
    assert (row["stay_n"], row["stay_open"]) == (1, 1)
    assert row["stay_geometric_mean"] == pytest.approx(8, rel=1e-12)
