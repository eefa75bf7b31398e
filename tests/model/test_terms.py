from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from primum.errors import SpecError
from primum.model.terms import Terms, terms_of
from primum.spec.effect import Effect
from tests.model.panels import Array, evaluation
from tests.model.test_drift import centred_drift

PILOTS = np.array([0, 1, 2])
START = np.array([2012, 2012, 2013])
EXPOSURE = np.array([[0, 0, 1, 1, 1, 1], [0, 0, 0.5, 1, 1, 1], [0, 0, 0, 1, 1, 1]], dtype=float)


def found(effect: Effect, exposure: Array = EXPOSURE, start: Array = START, rating: Array | None = None) -> Terms:
    values = np.array([1.0, 2.0, 6.0, np.nan]) if rating is None else rating
    dataset = xr.Dataset({"moderator_rating": ("unit", values)}, {"time": np.arange(2010, 2016)})
    terms = terms_of(effect, dataset, PILOTS, exposure, start.astype(np.int64))
    assert terms is not None
    return terms


def test_constant_effect_has_no_terms() -> None:
    dataset = xr.Dataset({}, {"time": np.arange(2010, 2016)})
    assert terms_of(Effect(), dataset, PILOTS, EXPOSURE, START) is None


def test_event_terms_make_a_walk_from_its_mean() -> None:
    """Their covariance is that of a walk over the event times there are, 0 to 3, times exposure."""
    terms = found(Effect(over_time="event time"))
    assert terms.groups == ("event",) * 3
    walk = centred_drift(np.arange(4), 1.0)
    event = np.clip(np.arange(2010, 2016) - START[:, None], 0, 3)
    flat = terms.design.reshape(3, -1)
    expected = walk[np.ix_(event.ravel(), event.ravel())] * np.outer(EXPOSURE.ravel(), EXPOSURE.ravel())
    np.testing.assert_allclose(flat.T @ flat, expected, atol=1e-12)


def test_cohorts_have_event_terms_of_their_own_beside_the_common_ones() -> None:
    common, terms = found(Effect(over_time="event time")), found(Effect(over_time="event time by cohort"))
    assert terms.groups == ("event",) * 9
    assert terms.names[3:7] == (
        *(f"event component {k}, cohort 2012" for k in (1, 2, 3)),
        "event component 1, cohort 2013",
    )
    np.testing.assert_array_equal(terms.design[:3], common.design)
    np.testing.assert_array_equal(terms.design[3:6], common.design * [[1], [1], [0]])
    np.testing.assert_array_equal(terms.design[6:], common.design * [[0], [0], [1]])


def test_cohorts_are_told_apart() -> None:
    terms = found(Effect(cohorts="apart"))
    assert terms.names == ("cohort 2012", "cohort 2013")
    np.testing.assert_array_equal(terms.design[0], EXPOSURE * [[1], [1], [0]])
    np.testing.assert_array_equal(terms.design[1], EXPOSURE * [[0], [0], [1]])


def test_moderators_are_centred_and_scaled_over_the_pilots() -> None:
    terms = found(Effect(moderators=("rating",)))
    slopes = terms.design[0][:, -1]
    assert slopes.mean() == pytest.approx(0, abs=1e-12)
    assert slopes.std() == pytest.approx(1)
    assert (slopes[2] - slopes[0]) / (slopes[1] - slopes[0]) == pytest.approx(5)
    np.testing.assert_allclose(terms.design[0], slopes[:, None] * EXPOSURE)


def test_terms_stand_in_the_order_of_their_groups() -> None:
    terms = found(Effect(over_time="event time", cohorts="apart", moderators=("rating",)))
    assert terms.groups == ("event",) * 3 + ("cohort",) * 2 + ("moderator",)
    assert len(terms.names) == len(terms.design) == 6


def test_all_that_cannot_be_told_is_refused_at_once() -> None:
    last = np.where(np.arange(6) == 5, 1.0, 0.0) * np.ones((3, 1))
    with pytest.raises(SpecError) as error:
        found(
            Effect(over_time="event time by cohort", cohorts="apart", moderators=("rating",)), last, np.full(3, 2015),
            np.array([2.0, 2.0, 2.0, 1.0]),
        )  # fmt: skip
    text = str(error.value)
    assert "exposure lasts one period only" in text
    assert text.count("all pilots start in 2015, one cohort") == 2
    assert "'rating' is the same in every pilot (2)" in text


def test_a_moderator_may_be_named_once() -> None:
    with pytest.raises(SpecError, match="'rating' is named more than once"):
        evaluation("binomial", changes={"outcomes.first.effect.moderators": ["rating", "rating"]})
