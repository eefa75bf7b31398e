"""Tipping points, where the posterior is normal and they are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from primum.harm.decisions import decide
from primum.harm.tipping import Tip, tipping_points
from primum.spec import Considering, Costs, Decisions, Prior, Using

RULES = Decisions(using=Using(stop=0.8, watch=0.2), considering=Considering(pause=0.2, adopt=0.5))
PRIOR = Prior("normal", 0.0, 1.0, "default", "")
N = 40_000
MEAN, SD, NEW_SD = 1.0, 1.0, 2.0


def draws() -> tuple[np.ndarray, np.ndarray]:
    """Normal quantiles, so that shares are exact but for steps of 1 / N; both effects move together."""
    z = stats.norm.ppf((np.arange(N) + 0.5) / N)
    z = np.random.default_rng(1).permutation(z)
    other = np.random.default_rng(2).permutation(z)
    satt = MEAN + SD * z
    return satt.reshape(4, -1), (satt + np.sqrt(NEW_SD**2 - SD**2) * other).reshape(4, -1)


def tips(
    rules: Decisions = RULES, prior: Prior = PRIOR, sign: int = 1, sesoi: float = 1.5
) -> dict[tuple[str, str], Tip]:
    """Here the effect on the linear predictor is the effect itself."""
    satt, new = draws()
    found = tipping_points(sign * satt, sign * new, sign * satt, sign, sesoi, rules, prior)
    return {(each.question, each.what): each for each in found}


@pytest.mark.parametrize("sign", [1, -1])
def test_thresholds_tip_at_the_probability(sign: int) -> None:
    beyond = stats.norm.sf(1.5, MEAN, SD)  # 0.31: watch, and neither stop nor carry on
    found = tips(sign=sign)
    assert found["using", "stop"].at == pytest.approx(beyond, abs=2 / N)
    assert found["using", "stop"].verdict == "stop or rework"
    assert found["using", "watch"].at == pytest.approx(beyond, abs=2 / N)
    assert found["using", "watch"].verdict == "carry on"
    pause = found["considering", "pause"]
    assert pause.now == 0.2
    # the new effect is a sum of permuted quantiles, so its shares have errors, of 0.5 / root N at most
    assert pause.at == pytest.approx(stats.norm.sf(1.5, MEAN, NEW_SD), abs=2.5 / N**0.5)
    assert pause.verdict == "no grounds for or against"
    assert found["considering", "adopt"].at is None, "the advice is to pause, whatever benefit there may be"


def test_the_sesoi_tips_where_a_quantile_meets_it() -> None:
    found = tips()["using", "SESOI"]
    # watch from P = 0.2: at the upper fifth; stop from 0.8 at a SESOI of 0.16, further off in proportion
    assert found.at == pytest.approx(stats.norm.isf(0.2, MEAN, SD), abs=1e-3)
    assert found.verdict == "carry on"


@pytest.mark.parametrize("sesoi", [0.3, 1.5, 4.0])
def test_a_tip_is_where_the_advice_turns(sesoi: float) -> None:
    satt, new = draws()

    def advice(at: float) -> object:
        return decide((satt > at).mean(), (new > at).mean(), (new < -at).mean(), RULES)

    for (question, what), tip in tips(sesoi=sesoi).items():
        if what == "SESOI" and tip.at is not None:
            sides = {getattr(advice(tip.at * factor), question) for factor in (1 - 1e-9, 1.0)}
            assert tip.verdict in sides
            assert getattr(advice(sesoi), question) in sides


def test_the_prior_tips_where_the_normal_posterior_says() -> None:
    # a posterior N(1, 1) under a prior N(0, 4) is that of a normal likelihood of precision 1 - 1 / 16
    prior = replace(PRIOR, scale=4.0)
    likelihood = 1 / SD**2 - 1 / 16
    centre = MEAN / SD**2 / likelihood

    def beyond(scale: float, location: float) -> float:
        precision = likelihood + 1 / scale**2
        mean = (likelihood * centre + location / scale**2) / precision
        return float(stats.norm.sf(1.5, mean, precision**-0.5))

    found = tips(prior=prior)
    scale, shift = found["using", "prior scale"], found["using", "prior centre"]
    assert scale.at is not None
    assert scale.verdict == "carry on"
    # steps are quarters of an octave: at this one the closed form has passed 0.2, and one step before it has not
    assert beyond(4 * scale.at, 0.0) < 0.2 < beyond(4 * scale.at * 2**0.25, 0.0)
    assert shift.at is not None
    assert beyond(4.0, 4 * shift.at) < 0.2 < beyond(4.0, 4 * (shift.at + 0.25))


def test_costs_tip_where_losses_are_equal() -> None:
    rules = Decisions(rule="expected loss", costs=Costs(continuing=1.0, stopping=4.0))
    found = tips(rules)
    tip = found["using", "continuing"]
    satt, _ = draws()
    harm, benefit = np.maximum(satt, 0).mean(), np.maximum(-satt, 0).mean()
    assert tip.at == pytest.approx(4 * benefit / harm)
    assert tip.verdict == ("stop or rework" if harm < 4 * benefit else "carry on")
    assert ("using", "stop") not in found
    assert found["considering", "adopting"].at is not None


def test_nothing_tips_what_is_certain() -> None:
    satt = np.full((4, 1000), -50.0) + np.random.default_rng(1).normal(size=(4, 1000))
    tau = 0.01 * np.random.default_rng(2).normal(size=(4, 1000))
    found = tipping_points(satt, satt, tau, 1, 2.0, RULES, PRIOR)
    none = [each for each in found if each.what.startswith("prior")]
    assert len(none) == 4
    assert all(each.at is None and each.verdict is None for each in none)


def test_a_threshold_tips_only_where_a_specification_may_have_it() -> None:
    rng = np.random.default_rng(1)
    small, large = rng.normal(-3.0, 1.0, (4, 1000)), np.full((4, 1000), 9.0)

    def stop_and_watch(satt: np.ndarray) -> list[Tip]:
        found = tipping_points(satt, satt, small, 1, 0.5, RULES, PRIOR)
        return [each for each in found if each.question == "using" and each.what in ("stop", "watch")]

    # certain harm stops at any threshold, and harm in a thousandth of the draws would need stop below watch
    assert all(each.at is None for each in stop_and_watch(large))
    stop, watch = stop_and_watch(small)
    assert 0 < (small > 0.5).mean() < 0.2
    assert stop.at is None
    assert watch.at == (small > 0.5).mean()
    assert watch.verdict == "carry on, and watch"


def test_a_tip_says_how_far_priors_were_tried() -> None:
    # draws far from a narrow prior: its neighbours' weights have no finite variance, and little can be said
    tau = np.random.default_rng(2).normal(-1.0, 0.24, (4, 1000))
    found = tipping_points(tau, tau, tau, 1, 0.1, RULES, replace(PRIOR, scale=0.25))
    scale = next(each for each in found if each.what == "prior scale")
    assert scale.tried is not None
    assert 1 / 8 < scale.tried[0] <= 1.0 <= scale.tried[1] < 8
