"""How many outcomes are harmed: enumerated draws exactly, and independent ones by the product of their shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import primum as pr
from primum.harm.across import across
from primum.harm.probabilities import probabilities
from primum.harm.sentences import across_refusal, across_sentence
from primum.testing import tiny_fit, tiny_joint_fit
from tests.harm.test_harm import failed

UP, DOWN = pr.demo_spec().outcome("rereferral"), pr.demo_spec().outcome("kinship")  # SESOI 2 and 3


def test_enumerated_draws() -> None:
    up = np.array([[1.0, 3.0, -1.0, 0.0], [2.5, -2.5, 5.0, 1.0]])
    down = np.array([[-1.0, -4.0, 2.0, 0.0], [-3.5, -9.0, -2.0, 3.0]])
    found = across([up, down], [UP, DOWN])
    # rises: 1, 3, 2.5, 5, 1; falls: 1, 4, 3.5, 9, 2
    assert [each.value for each in found.harm.exactly] == [2 / 8, 2 / 8, 4 / 8]
    assert [each.value for each in found.harm_beyond_sesoi.exactly] == [4 / 8, 2 / 8, 2 / 8]
    assert (found.harm.none.value, found.harm.some.value, found.harm.all.value) == (2 / 8, 6 / 8, 4 / 8)
    assert [each.value for each in found.harm.bounds] == [5 / 8, 1.0]
    assert [each.value for each in found.harm_beyond_sesoi.bounds] == [3 / 8, 6 / 8]
    assert found.table.loc[("harm_beyond_sesoi", 1), "probability"] == 2 / 8


@pytest.mark.parametrize("seed", range(3))
def test_independent_outcomes_multiply(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means = (0.3, -0.5, 1.0)
    draws = [rng.normal(mean, 1, size=(4, 1000)) for mean in means]
    found = across(draws, [replace(UP, sesoi=0.4)] * 3)
    for count, threshold in ((found.harm, 0.0), (found.harm_beyond_sesoi, 0.4)):
        p, q, r = (float(norm.sf(threshold, mean)) for mean in means)
        exact = [
            (1 - p) * (1 - q) * (1 - r),
            p * (1 - q) * (1 - r) + q * (1 - p) * (1 - r) + r * (1 - p) * (1 - q),
            p * q * (1 - r) + p * r * (1 - q) + q * r * (1 - p),
            p * q * r,
        ]
        for each, probability in zip(count.exactly, exact, strict=True):
            assert abs(each.value - probability) < 4 * each.mcse
        assert sum(each.value for each in count.exactly) == pytest.approx(1.0, abs=4 * np.finfo(float).eps)
        low, high = count.bounds
        assert low.value <= count.some.value <= high.value


def test_one_outcome_is_its_own_probability() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 500))
    found = across([draws], [UP]).harm
    assert found.some.value == pytest.approx((draws > 0).mean(), abs=1e-15)
    assert found.all.value == (draws > 0).mean()
    assert [each.value for each in found.bounds] == [found.all.value, found.all.value]


def test_outcomes_that_always_agree_keep_an_error() -> None:
    draws = np.random.default_rng(2).normal(50, 1, size=(4, 1000))
    for each in across([draws, draws], [UP, UP]).harm.exactly:
        # half a draw of 4,000 effective ones, whose number is an estimate that scatters by some percent
        assert each.mcse == pytest.approx(np.sqrt(0.5) / 4000, rel=0.1)


def test_harm_counts_the_draws_of_its_outcomes() -> None:
    effects = pr.effects(tiny_fit())
    found = pr.harm(effects)
    satt = [np.asarray(each.draws["satt"]) for each in effects.outcomes.values()]
    assert found.across == across(satt, effects.spec.outcomes)
    assert "Outcomes are fitted apart" in found.across_sentence
    assert found.across_sentence in str(found)
    assert found.doubted == ["Re-referral within 6 months"]
    assert "Confidence in them is low, because of Re-referral within 6 months." in found.across_sentence
    assert "chosen after fitting" not in found.across_sentence


def test_a_failed_outcome_refuses_the_count_and_is_named() -> None:
    found = pr.harm(failed(pr.effects(tiny_fit())))
    assert found.across is None
    assert found.across_sentence == across_refusal(["Kinship care"])
    assert "Kinship care, which might be harmed" in found.across_sentence


def test_nothing_is_counted_of_a_single_outcome() -> None:
    effects = pr.effects(tiny_fit())
    assert pr.harm(replace(effects, outcomes={"kinship": effects["kinship"]})).across_sentence == ""


def test_where_all_draws_agree_the_error_is_that_of_the_effects() -> None:
    """Draws that are never harmful and hardly move say less than as many independent ones."""
    rng = np.random.default_rng(1)
    slow = np.zeros((4, 1000))
    for t in range(1, 1000):
        slow[:, t] = 0.98 * slow[:, t - 1] + rng.normal(size=4)
    outcomes = [pr.demo_spec().outcome(name) for name in ("rereferral", "escalation")]
    found = across([slow - 100, slow - 90], outcomes).harm
    alone = probabilities(slow - 90, 1, 2.0).harm
    assert found.none.value == 1
    assert found.none.mcse == pytest.approx(alone.mcse)
    assert found.none.mcse > 10 / 4000


def test_outcomes_that_were_fitted_jointly_need_no_bounds() -> None:
    """The same draws, so the same numbers; what is said of them is another thing."""
    apart, found = pr.harm(pr.effects(tiny_fit())), pr.harm(pr.effects(tiny_joint_fit()))
    assert found.across is not None
    assert apart.across is not None
    assert found.across == replace(apart.across, jointly=True)
    said = found.across_sentence
    assert "Outcomes are fitted jointly" in said
    assert not {"independent", "[", "brackets"} & set(said.replace("[", " [ ").split())
    assert "All outcomes are fitted jointly." in found["kinship"].paragraph
    assert "fitted apart" in apart["kinship"].paragraph


def test_two_outcomes_are_both_and_bounds_that_are_the_same_are_one() -> None:
    rng = np.random.default_rng(5)
    sure, open_ = 9.0 + rng.normal(size=(4, 1000)), rng.normal(size=(4, 1000))
    said = across_sentence(across([open_, -sure], [UP, UP]), "ipcc", ())
    assert said.startswith("Both outcomes together")
    assert "[50%]" in said
    assert across_sentence(across([sure] * 3, [UP] * 3), "ipcc", ()).startswith("All 3 outcomes together")
