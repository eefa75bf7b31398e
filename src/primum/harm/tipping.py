"""Tipping points: the smallest change of a threshold, of the SESOI or of the prior that would change the advice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from primum.fit.chains import Array
from primum.harm.decisions import Decision, decide, least_loss
from primum.harm.losses import Losses, amounts
from primum.spec import Costs, Decisions, Prior

MAX_KHAT = 0.7  # Vehtari and others (2024): beyond it, weights cannot be trusted
_TIMES = 2.0 ** (np.arange(1, 13) / 4)  # prior scales, up to eight times as wide or as narrow
_SHIFTS = np.arange(1, 13) / 4  # prior centres, up to three prior SDs away
_STEP = 1e-9
_THRESHOLDS = {"using": ("stop", "watch"), "considering": ("pause", "adopt")}
_COSTS = {"using": ("continuing", "carry_on", "stop"), "considering": ("adopting", "adopt", "wait")}


@dataclass(frozen=True)
class Tip:
    """One change that would change the advice.

    Attributes
    ----------
    question
        "using" or "considering".
    what
        What is changed: a threshold such as "stop" and the "SESOI", or a cost such as "continuing" where the rule is
        that of expected loss; "prior scale" (times what it is) or "prior centre" (in prior SDs towards harm).
    now, at
        Its value, and the one nearest to it at which the advice is another; None where none was found.
    verdict
        That other advice.
    tried
        Between what priors were tried: further off, weights could not be trusted. None where all values are known.
    """

    question: str
    what: str
    now: float
    at: float | None
    verdict: str | None
    tried: tuple[float, float] | None = None


def tipping_points(
    satt: Array, new_unit: Array, tau: Array, sign: int, sesoi: float, rules: Decisions, prior: Prior
) -> list[Tip]:
    """What would change the advice on one outcome.

    Thresholds and the SESOI are changed exactly. Under another prior of the average effect draws are weighted by the
    ratio of the priors, Pareto-smoothed (Kallioinen and others, 2024, scale priors in the same way); priors so far off
    that the weights cannot be trusted end the search.

    Parameters
    ----------
    satt, new_unit
        Draws of the average effect in the pilots and of the effect in a new unit, in the outcome's unit;
        shape (chain, draw), or (imputation, chain, draw) where chains are of several imputations.
    tau
        Draws of the average effect on the linear predictor; of that shape.
    sign
        1 where an increase is harmful, -1 where a decrease is.
    sesoi
        Smallest effect size of interest, in the outcome's unit.
    rules
        How the two questions are decided.
    prior
        Of tau.
    """
    draws = _Draws(sign * satt.ravel(), sign * new_unit.ravel(), np.full(satt.size, 1 / satt.size))
    now = draws.advice(sesoi, rules)
    parts = tau.reshape(-1, tau.shape[-2] * tau.shape[-1])
    others = {
        what: [_reweighted(way, draws, parts, prior) for way in ways] for what, ways in _priors(prior, sign).items()
    }
    found = []
    for question in _THRESHOLDS:
        verdict = getattr(now, question)
        if rules.rule == "thresholds":
            found += [_threshold(question, name, draws, sesoi, rules, verdict) for name in _THRESHOLDS[question]]
            found.append(_sesoi(question, draws, sesoi, rules, verdict))
        else:
            found.append(_cost(question, draws, sesoi, rules))
        found += [_prior_tip(question, what, ways, sesoi, rules, verdict) for what, ways in others.items()]
    return found


@dataclass(frozen=True)
class _Draws:
    """Draws of the effects, harm above 0, and their weights; shape (sample,)."""

    pilots: Array
    new_unit: Array
    weight: Array

    def shares(self, sesoi: float) -> tuple[float, float, float]:
        """Of harm beyond the SESOI in the pilots and in a new unit, and of benefit beyond it in a new unit."""
        events = (self.pilots > sesoi, self.new_unit > sesoi, self.new_unit < -sesoi)
        # sums of weights are rounded off, and a fifth of the draws must be no less than 0.2
        return tuple(round(float(self.weight @ event), 12) for event in events)  # type: ignore[return-value]

    def losses(self, sesoi: float, costs: Costs) -> Losses:
        """Expected losses, as `primum.harm.losses.losses` has them, without their errors."""
        means = amounts(self.pilots / sesoi, self.new_unit / sesoi, costs) @ self.weight
        return Losses(*means.tolist())

    def advice(self, sesoi: float, rules: Decisions) -> Decision:
        """Verdicts by the rule, if draws have these weights."""
        if rules.rule == "expected loss":
            return least_loss(self.losses(sesoi, rules.costs))
        return decide(*self.shares(sesoi), rules)


def _cost(question: str, draws: _Draws, sesoi: float, rules: Decisions) -> Tip:
    """Losses grow in proportion to their cost: the advice changes where the two losses are equal."""
    name, harmful, cautious = _COSTS[question]
    now, found = getattr(rules.costs, name), draws.losses(sesoi, rules.costs)
    loss, other = getattr(found, harmful), getattr(found, cautious)
    if loss == 0 or other == 0:
        return Tip(question, name, now, None, None)
    at, factor = now * other / loss, 1 + _STEP if other > loss else 1 - _STEP
    changed = replace(rules, costs=replace(rules.costs, **{name: at * factor}))
    return Tip(question, name, now, at, getattr(draws.advice(sesoi, changed), question))


def _threshold(question: str, name: str, draws: _Draws, sesoi: float, rules: Decisions, verdict: str) -> Tip:
    """A threshold meets its probability where it must move to, if a specification may have it there."""
    rule = getattr(rules, question)
    now, (pilots, pause, adopt) = getattr(rule, name), draws.shares(sesoi)
    share = {"stop": pilots, "watch": pilots, "pause": pause, "adopt": adopt}[name]
    at = share if share < now else share + _STEP
    lowest, highest = {"stop": (rules.using.watch, 1.0), "watch": (0.0, rules.using.stop)}.get(name, (0.0, 1.0))
    changed = replace(rules, **{question: replace(rule, **{name: at})})
    other = getattr(decide(pilots, pause, adopt, changed), question)
    if other == verdict or not max(lowest, _STEP) <= at <= highest:
        return Tip(question, name, now, None, None)
    return Tip(question, name, now, share, other)


def _sesoi(question: str, draws: _Draws, sesoi: float, rules: Decisions, verdict: str) -> Tip:
    """Shares step at draws: the advice can change where one falls below its threshold."""
    sides = {"stop": draws.pilots, "watch": draws.pilots, "pause": draws.new_unit, "adopt": -draws.new_unit}
    rule = getattr(rules, question)
    edges = [_edge(sides[name], getattr(rule, name)) for name in _THRESHOLDS[question]]
    for at in sorted((edge for edge in edges if edge > 0), key=lambda edge: abs(np.log(edge / sesoi))):
        beyond = at if at > sesoi else np.nextafter(at, 0)
        other = getattr(draws.advice(float(beyond), rules), question)
        if other != verdict:
            return Tip(question, "SESOI", sesoi, at, other)
    return Tip(question, "SESOI", sesoi, None, None)


def _edge(values: Array, threshold: float) -> float:
    """The smallest draw that fewer than this share of draws are above."""
    above = int(np.ceil(threshold * values.size - 1e-9)) - 1
    return float(np.partition(values, -1 - above)[-1 - above])


def _priors(prior: Prior, sign: int) -> dict[str, list[list[tuple[float, Prior]]]]:
    """Priors ever further off, in each of two ways, with what makes them differ."""
    wider = [(float(each), replace(prior, scale=each * prior.scale)) for each in _TIMES]
    narrower = [(float(1 / each), replace(prior, scale=prior.scale / each)) for each in _TIMES]
    harmful, helpful = (
        [(float(way * each), _moved(prior, sign * way * each)) for each in _SHIFTS] for way in (1.0, -1.0)
    )
    return {"prior scale": [wider, narrower], "prior centre": [harmful, helpful]}


def _moved(prior: Prior, shift: float) -> Prior:
    return replace(prior, location=prior.location + shift * prior.scale)


def _reweighted(way: list[tuple[float, Prior]], draws: _Draws, tau: Array, prior: Prior) -> list[tuple[float, _Draws]]:
    """Draws under the priors of a way, as far as their weights can be trusted; tau has a row an imputation.

    Imputations keep the weight they have, as whoever imputed did not know the prior.
    """
    found = []
    for value, other in way:
        each = [_weights(ratio) for ratio in _log_density(other, tau) - _log_density(prior, tau)]
        if not all(khat <= MAX_KHAT for _, khat in each):
            break
        found.append((value, replace(draws, weight=np.concatenate([weight for weight, _ in each]) / len(each))))
    return found


def _prior_tip(
    question: str, what: str, ways: list[list[tuple[float, _Draws]]], sesoi: float, rules: Decisions, verdict: str
) -> Tip:
    """The nearest prior, in either way, under which the advice is another."""
    start = 1.0 if what == "prior scale" else 0.0
    values = [start, *(value for way in ways for value, _ in way)]
    changed = []
    for way in ways:
        for place, (value, draws) in enumerate(way):
            other = getattr(draws.advice(sesoi, rules), question)
            if other != verdict:
                changed.append((place, value, other))
                break
    _, at, other = min(changed, default=(0, None, None))
    return Tip(question, what, start, at, other, (min(values), max(values)))


def _log_density(prior: Prior, tau: Array) -> Array:
    """Log density up to a constant that all priors share."""
    first = np.log1p(-prior.robust) - np.log(prior.scale) - 0.5 * ((tau - prior.location) / prior.scale) ** 2
    if not prior.robust:
        return np.asarray(first)
    second = np.log(prior.robust / prior.vague) - 0.5 * (tau / prior.vague) ** 2
    return np.asarray(np.logaddexp(first, second))


def _weights(log_ratio: Array) -> tuple[Array, float]:
    """Smoothed importance weights that add up to 1, and the shape of their tail."""
    from arviz_stats.base.array import BaseArray

    stats: Any = BaseArray()
    log_weight, khat = stats.psislw(-log_ratio)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum(), float(khat)
