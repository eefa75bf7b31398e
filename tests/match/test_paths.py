"""Paths on the scale of the linear predictor, and their lines."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from primum.match.cohorts import cohorts_of
from primum.match.paths import lines, paths_of
from tests.match.tables import STARTS, YEARS, panel, spec, table


def test_lines_are_those_of_polyfit_where_cells_are_missing() -> None:
    rng = np.random.default_rng(1)
    response, weight = rng.normal(size=(6, 7)), rng.uniform(0.5, 4, size=(6, 7))
    gone = rng.uniform(size=response.shape) < 0.3
    time = np.arange(7.0) - 2
    level, trend, level_noise, trend_noise = lines(np.where(gone, np.nan, response), np.where(gone, 0, weight), time)
    for i in range(6):
        seen = ~gone[i]
        (slope, height), covariance = np.polyfit(
            time[seen], response[i, seen], 1, w=weight[i, seen] ** 0.5, cov="unscaled"
        )
        np.testing.assert_allclose(
            [level[i], trend[i], level_noise[i], trend_noise[i]], [height, slope, covariance[1, 1], covariance[0, 0]]
        )


def test_counts_are_compared_as_empirical_logits_less_comparators_mean() -> None:
    data, found = table(), panel()
    cohort = cohorts_of(found)[0]
    paths = paths_of(found, spec().outcome("share"), cohort)
    wide = data.assign(logit=logit((data["cases"] + 0.5) / (data["all"] + 1))).set_index(["unit", "year"])["logit"]
    logits = wide.to_xarray().to_pandas().loc[found.dataset["unit"].values]
    expected = logits - logits[~logits.index.isin(STARTS)].mean()
    rows = cohort.members
    np.testing.assert_allclose(paths.response[np.ix_(rows, range(4))], expected.to_numpy()[np.ix_(rows, range(4))])
    assert np.isnan(paths.response[:, 4:]).all()
    assert np.isnan(paths.level[found.dataset["unit"].values == "A3"]).all()  # of another cohort


def test_each_cohort_ends_before_its_own_start() -> None:
    first, second = cohorts_of(panel(embedded=True))
    assert (first.start, second.start) == (2014, 2016)
    assert YEARS[first.before].tolist() == [2010, 2011, 2012, 2013]
    assert YEARS[second.before].max() == 2015
    assert first.pilots.tolist() == [0, 1]
    assert second.pilots.tolist() == [2]
