"""Methods in words, made from the evaluation, ready to paste."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from primum.checks.predictive import FEATURES
from primum.effects import outliers, shock_sizes, unit_sizes
from primum.fit import Fit, Imputed
from primum.fit.attempts import careful, sampled_again
from primum.harm import Harm
from primum.harm.sentences import chosen_after
from primum.model import cells_of
from primum.panel.design import intervals, usable
from primum.panel.panel import units_in_words
from primum.panel.rows import list_some
from primum.spec import Frozen, Outcome

PACKAGES = ("primum", "pymc", "pytensor", "nutpie", "arviz")


def methods(fit: Fit | Imputed, harm: Harm, frozen: Frozen | None = None) -> list[tuple[str, str]]:
    """Title and text of each part of the methods.

    Parameters
    ----------
    fit, harm
        The evaluation.
    frozen
        The specification as it was frozen, if it was.
    """
    return [
        ("Data", _data(fit)),
        ("Model", " ".join(filter(None, [_model(fit), *(_special(outcome, fit) for outcome in fit.spec.outcomes)]))),
        ("Priors", " ".join([*(_priors(outcome) for outcome in fit.spec.outcomes), *_prior_of_correlations(fit)])),
        ("Computation", _computation(fit, harm)),
        ("Estimands", _estimands(fit)),
        ("Harm and decisions", " ".join([*_harm(harm), rule_in_words(fit), _frozen(fit, frozen)])),
        ("Checks of the model", _checks(fit, harm)),
    ]


_MODEL = (
    "with a hierarchical Bayesian difference in differences. On the scale of the link, "
    "the expected value of an area and period is the sum of the area's level, a common path over the periods, the "
    "area's own drift, a shock of that area and period where sampling noise can be told from it, and, for pilots, "
    "exposure (0 to 1) times the area's effect. Levels are normal, with a mean of their own in the pilots; drifts are "
    "random walks unless said otherwise; effects of single pilots are partially pooled around their average. Parallel "
    "trends are not assumed: how far pilots may have drifted by themselves is learned from how far comparators drift."
)


_JOINTLY = (
    " Levels, departures (drift and shocks together) and effects of single pilots are correlated between outcomes, "
    "each with a correlation matrix of its own."
)
_WEIGHTS_JOINTLY = " So are logarithms of comparator weights, as far as pilots share them."


def _model(fit: Fit | Imputed) -> str:
    if fit.spec.joint:
        pooled = fit.correlations is not None and "weight" in fit.correlations
        return f"All outcomes were fitted jointly, each {_MODEL}{_JOINTLY}{_WEIGHTS_JOINTLY if pooled else ''}"
    return f"Each outcome was fitted apart {_MODEL}"


def _prior_of_correlations(fit: Fit | Imputed) -> list[str]:
    if not fit.spec.joint:
        return []
    return [f"Correlations between outcomes: LKJ({fit.spec.lkj:g}) (Lewandowski, Kurowicka and Joe, 2009)."]


def _data(fit: Fit | Imputed) -> str:
    panel = fit.panel
    times, pilots = np.asarray(panel.dataset["time"]), int(panel.pilots.sum())
    outcomes = "; ".join(f"{each.label} ({each.facts.meaning}, {each.family})" for each in fit.spec.outcomes)
    return (
        f"The panel holds {units_in_words(panel.pilots.size, pilots)} over {times.size} periods, {times[0]} to "
        f"{times[-1]}. Outcomes: {outcomes}. Comparators are never exposed in these periods; pilots not yet exposed "
        f"inform the common path and the drift as comparators do.{_imputed(fit)}"
    )


def _imputed(fit: Fit | Imputed) -> str:
    """How several imputations became one analysis; empty where there are none."""
    if not isinstance(fit, Imputed):
        return ""
    return (
        f" Missing values were imputed {len(fit.fits)} times before the analysis. The model was fitted to each "
        "imputation apart, convergence was judged within each, and the posterior is that of all draws together (Zhou "
        "and Reiter, 2010); shares of variance between imputations follow Rubin (1987)."
    )


def _special(outcome: Outcome, fit: Fit | Imputed) -> str:
    """What differs from the default model for one outcome; empty where nothing does."""
    effect, found, seen = outcome.effect, [], usable(fit.panel.dataset, outcome.name)
    bounded = int((seen & intervals(fit.panel.dataset, outcome.name)).sum())
    if bounded:
        found.append(
            f"{bounded:,} of {int(seen.sum()):,} records are known only to lie between two values, or beyond one, and "
            "say no more than that"
        )
    empty = fit.panel.dataset["time"].values[~seen.any(axis=0)]
    if empty.size:
        found.append(
            f"no area has a record in {' and '.join(map(str, empty))}, so that the common path there, and with it any "
            "effect in these periods, rests on priors"
        )
    if outcome.common_path == "random walk":
        found.append("the common path is a random walk")
    if outcome.path_by == "region":
        found.append("the path of each region departs from the common one by a random walk of its own")
        if fit.panel.uncompared:
            found.append(
                f"no comparator lies in {' and '.join(fit.panel.uncompared)}, whose path under exposure is known only "
                "from how far regions depart from the common path"
            )
    if outcome.trends == "by unit":
        found.append("areas have linear trends of their own beside the common path, normal and partially pooled")
    if outcome.above is not None:
        found.append(
            f"records lie in {len(outcome.measure.values)} ordered categories ({', '.join(outcome.measure.values)}), "
            "whose cumulative shares have a logit link with the same effect at every boundary (McCullagh, 1980); "
            f"the effect is on the share above {outcome.above}, and the distances between boundaries are those of "
            "the records without exposure, times a factor that is learned"
        )
    if outcome.open:
        found.append(
            "a record that had not finished before the bin in which its own follow-up ended counts as lasting beyond "
            "the beginning of that bin, and observed medians are product-limit ones (Kaplan and Meier, 1958)"
        )
    if outcome.phi != 1:
        found.append(f"drift is stationary with a persistence of {outcome.phi:g} a period")
    if outcome.shocks == "heavy-tailed":
        found.append("shocks scatter as Student's t with 4 degrees of freedom, so that an odd record counts for little")
    if outcome.shock_sizes == "by period":
        found.append("shocks have a size of their own in each period")
    if outcome.variances == "by unit":
        found.append("areas differ in the size of their drifts and shocks")
    if outcome.variances == "heavy-tailed":
        found.append(
            "areas' paths, drifts and shocks together, scatter as multivariate t with 4 degrees of freedom, so that an "
            "area with a path unlike all others counts for little"
        )
    if outcome.covariates:
        found.append(
            f"covariates that change over time, {' and '.join(outcome.covariates)}, move the linear predictor, by a "
            "coefficient for one SD over all areas and periods"
        )
    if outcome.weights.base != "none":
        found.append("pilots' drift follows a weighted mean of comparators' drifts, with weights around base weights")
        weighting = cells_of(fit.panel.dataset, outcome).weighting
        if weighting is not None and weighting.discarded.any():
            found.append(
                "comparators with less than a hundredth of an equal share of a pilot's base weight were left out for "
                f"it ({weighting.discarded.max():.2%} of its base weight at most)"
            )
    if effect.spread == "heavy-tailed":
        found.append("effects of single pilots scatter as Student's t with 4 degrees of freedom")
    if effect.over_time != "constant":
        own = ", from which each cohort departs by another" if effect.over_time == "event time by cohort" else ""
        found.append(f"the effect moves with the time since the start, as a random walk{own}")
    if effect.cohorts == "apart":
        found.append("cohorts have effects of their own, partially pooled")
    if effect.moderators:
        found.append(f"the effect depends on {' and '.join(effect.moderators)}")
    return f"{outcome.label}: {'; '.join(found)}." if found else ""


def _priors(outcome: Outcome) -> str:
    priors = ", ".join(f"{name} {prior}" for name, prior in outcome.priors_in_use())
    own = [name for name, prior in outcome.priors_in_use() if prior.source == "yours"]
    named = "default priors" if outcome.prior_set == "default" else f"the {outcome.prior_set} set of priors"
    kept = f", with {' and '.join(own)} set for this evaluation" if own else ""
    return f"{outcome.label}: {named}{kept}, on the scale of the linear predictor: {priors}."


def _computation(fit: Fit | Imputed, harm: Harm) -> str:
    sampler, gate = fit.spec.sampler, harm.gate
    backend = "NumPyro" if sampler.backend == "jax" else "nutpie, with a compiled density"
    each = " for each imputation" if isinstance(fit, Imputed) else ""
    return (
        f"Posteriors were sampled by NUTS ({backend}): {sampler.chains} chains of {sampler.draws:,} draws after "
        f"{sampler.tune:,} of tuning{each}, target acceptance {sampler.target_accept:g}, seed {fit.spec.seed}."
        f"{_again(fit)} The "
        f"largest R-hat of any parameter or reported quantity was {gate.max_rhat:.3f}, the fewest effective draws "
        f"{gate.min_ess:,.0f}; the verdict on the computation is {gate.verdict}. Software: {versions()}."
    )


def _again(fit: Fit | Imputed) -> str:
    """What was sampled once more, and how."""
    twice = sampled_again(fit)
    if not twice:
        return ""
    then, draws = careful(fit.spec.sampler), sorted({each for found in twice.values() for each in found.values()})
    named, thinned = [fit.spec.outcome(name).label for name in twice], ""
    if isinstance(fit, Imputed):
        found = zip(named, twice.values(), strict=True)
        named = [f"{label} (imputation {list_some(list(each))})" for label, each in found]
        thinned = "; of these as many count as of the other imputations"
    return (
        f" What did not pass at first was sampled once more, from other random numbers, with target acceptance "
        f"{then.target_accept:g}, {' or '.join(f'{each:,}' for each in draws)} draws a chain after {then.tune:,} of "
        f"tuning{thinned}: {', '.join(named)}."
    )


def versions() -> str:
    """Versions of what made the numbers."""
    return ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def _estimands(fit: Fit | Imputed) -> str:
    weighted = [each.label for each in fit.spec.outcomes if each.target == "denominators"]
    over = f" (for {', '.join(weighted)} weighted by denominators)" if weighted else ""
    return (
        "The average effect in the pilots (SATT) is the expected outcome with the exposure there was minus that with "
        f"none, averaged over the pilots' fully exposed periods{over}, drift and shocks of these areas and periods "
        "included. The effect in a new area is that of full exposure in the last period, for an area drawn from those "
        "that are not pilots."
    )


def _harm(harm: Harm) -> Iterator[str]:
    for each in harm.outcomes.values():
        outcome = each.outcome
        direction = "rise" if outcome.harm == "up" else "fall"
        counts = "" if outcome.important else "; the decisions do not look at it"
        yield (
            f"{outcome.label}: a {direction} is harm, and the smallest effect size of interest is {outcome.sesoi:g} "
            f"{outcome.unit}{counts}."
        )
        yield from filter(None, [chosen_after(each.after)])


def rule_in_words(fit: Fit | Imputed) -> str:
    """How the two questions are decided."""
    rules = fit.spec.decisions
    if rules.rule == "expected loss":
        costs = rules.costs
        return (
            "The choice with the smaller expected loss is advised; one SESOI of effect on an important outcome costs "
            f"{costs.continuing:g} (continuing with harm), {costs.stopping:g} (stopping what helps), "
            f"{costs.adopting:g} (adopting harm), {costs.waiting:g} (forgoing help)."
        )
    using, considering = rules.using, rules.considering
    return (
        f"Places that use the programme stop or rework it where P(harm beyond the SESOI) is {using.stop:g} or more on "
        f"any important outcome, and watch from {using.watch:g}; places that consider it pause from "
        f"{considering.pause:g}, and have grounds to adopt from P(benefit beyond the SESOI) {considering.adopt:g}."
    )


def _frozen(fit: Fit | Imputed, frozen: Frozen | None) -> str:
    return "The specification was not frozen beforehand." if frozen is None else frozen.statement(fit.spec)


def _checks(fit: Fit | Imputed, harm: Harm) -> str:
    ordered = any(each.outcome.family == "ordered" for each in harm.outcomes.values())
    change = ", and in pilots with ordered categories on how shares above each boundary changed" if ordered else ""
    features = ", ".join(FEATURES) + change
    doubts = [f"{each.outcome.label}: {doubt}" for each in harm.outcomes.values() for doubt in each.doubts]
    found = "; ".join(doubts) if doubts else "the model reproduces all of them"
    odd = [
        f" {each.outcome.label}: {outliers(fit, name).sentence}"
        for name, each in harm.outcomes.items()
        if each.outcome.shocks == "heavy-tailed" and each.gate.verdict != "FAIL"
    ]
    odd += [
        f" {each.outcome.label}: {shock_sizes(fit, name).sentence}"
        for name, each in harm.outcomes.items()
        if each.outcome.shock_sizes == "by period" and each.gate.verdict != "FAIL"
    ]
    odd += [
        f" {each.outcome.label}: {unit_sizes(fit, name).sentence}"
        for name, each in harm.outcomes.items()
        if each.outcome.variances != "equal" and each.gate.verdict != "FAIL"
    ]
    return (
        f"Panels of new areas drawn from the fitted model were compared with the observed one on {features}: {found}."
        f"{''.join(odd)}"
    )
