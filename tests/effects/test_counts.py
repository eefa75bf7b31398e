"""Changes in counts, against arithmetic done cell by cell."""

import numpy as np
import pytest

from primum.effects.counts import COUNT, COUNT_BY_PERIOD
from tests.effects.made import made


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_counts_are_denominators_times_differences(family: str) -> None:
    found = made(family, staggered=True, pilots=4)  # type: ignore[arg-type]
    by_period = {int(time): np.zeros((2, 5)) for time in found.cells.time}
    for pilot, period in np.argwhere(found.cells.exposure[:4] > 0):  # a part of the exposure counts too
        difference = found.with_exposure.values[..., pilot, period] - found.without.values[..., pilot, period]
        by_period[int(found.cells.time[period])] += found.cells.denominator[pilot, period] * difference
    assert COUNT.applies(found)
    each = COUNT_BY_PERIOD.of(found)
    assert each["exposed_period"].values.tolist() == [2012, 2013, 2014, 2015]
    for period, value in enumerate(each["exposed_period"].values):
        np.testing.assert_allclose(each[..., period], by_period[value], rtol=1e-12)
    np.testing.assert_allclose(COUNT.of(found), sum(by_period.values()), rtol=1e-12)


def test_there_is_no_count_of_means() -> None:
    assert not COUNT.applies(made("normal"))
    assert not COUNT_BY_PERIOD.applies(made("binned"))


def test_records_above_a_boundary_are_counted() -> None:
    one = made("ordered", counted=False)
    assert COUNT.applies(one)
    assert one.cells.bins is not None
    size = one.cells.bins.size[one.cells.pilots]
    share = np.asarray(one.with_exposure - one.without)
    expected = (share * size * (one.exposure.values > 0)).sum(axis=(-2, -1))
    np.testing.assert_allclose(COUNT.of(one).values, expected, rtol=1e-12)
