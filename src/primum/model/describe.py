"""describe: the model, its priors and the panel in words, before anything is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from primum.model.cells import Cells, cells_of
from primum.model.families import family_of
from primum.model.families.ordered import boundaries_of
from primum.panel import Panel
from primum.spec import Outcome, Spec
from primum.spec.effect import Effect
from primum.spec.weights import Weights

_MODEL = """Model, for unit i and period t, {how}:
  link(E[y_it]) = centre + spread * eta_it
  eta_it = alpha_i + lambda_t + u_it + e_it + d_it * tau_i
    alpha_i   level          ~ Normal(mu + beta_pilot * pilot_i, sigma_alpha)
    lambda_t  common path    ~ zero-sum Normal over periods with records, free; or a random walk
    u_it      drift          steps of Normal(0, q) a period, from its own mean; persistence phi
    e_it      shock          ~ Normal(0, s); none where there is no denominator to tell it from noise
    tau_i     effect         ~ Normal(tau, sigma_tau), times exposure d_it between 0 and 1
  An effect may have terms beside tau_i, times exposure: a random walk over event time with steps of
  sigma_event, cohorts ~ Normal(0, sigma_cohort), moderators. Where variances are "by unit", drift and
  shocks of unit i are multiplied by exp(omega z_i), z_i ~ Normal(0, 1); where they are "heavy-tailed", by one
  over the root of a Gamma(2, 2) variable. Where trends are "by unit", there is a slope_i ~
  Normal(0, sigma_slope) times the periods from their middle, and drift is from its own line. Where paths go by
  region, a region's departs from lambda_t by a random walk with steps of Normal(0, sigma_region).
  Where shocks are heavy-tailed, they are s times Student's t with 4 degrees of freedom; where their sizes are
  "by period", each period has an s of its own, with the same prior.
  Where an outcome has comparator weights, a pilot's drift is a weighted mean of comparators' drifts, with
  weights ~ logistic-normal around base weights, plus a drift of its own with steps of Normal(0, kappa * q).
  Covariates add their coefficients (covariate), each for one SD over areas and periods."""

_TARGETS = {"areas": "each area-period the same", "denominators": "each area-period weighted by its denominator"}


def describe(spec: Spec, panel: Panel | Mapping[Any, Panel]) -> str:
    """What would be fitted: panel, model, outcomes and priors with where they come from.

    Parameters
    ----------
    spec, panel
        The evaluation; of several imputations, the first is described.

    Returns
    -------
    str
        A page of text; nothing is compiled or sampled.

    Examples
    --------
    >>> import primum as pr
    >>> print(describe(pr.demo_spec(), pr.simulate(seed=1).panel).splitlines()[0])
    Signs of Safety, simulated
    """
    imputed = ""
    if isinstance(panel, Mapping):
        name = next(iter(panel))
        imputed = f"\n  imputed  {len(panel)} times, fitted apart, draws put together; numbers are of imputation {name}"
        panel = panel[name]
    model = _MODEL.format(how="fitted to each outcome apart") if not spec.joint else _jointly(spec)
    parts = [spec.title, _panel_text(panel) + imputed, model]
    parts += [_outcome_text(outcome, panel) for outcome in spec.outcomes]
    sampler, using, considering = spec.sampler, spec.decisions.using, spec.decisions.considering
    parts.append(
        f"Sampler    {sampler.chains} chains of {sampler.draws} draws after {sampler.tune} of tuning, "
        f"target acceptance {sampler.target_accept:g}, seed {spec.seed}"
        f"{'; once more, with more care, where the gate does not pass' if sampler.repeats else ''}\n"
        f"Decisions  using it: stop at P(harm beyond SESOI) {using.stop:g}, watch at {using.watch:g}\n"
        f"           considering it: pause at P(harm beyond SESOI) {considering.pause:g}, "
        f"adopt at P(benefit beyond SESOI) {considering.adopt:g}"
    )
    return "\n\n".join(parts)


def _jointly(spec: Spec) -> str:
    return (
        f"{_MODEL.format(how='fitted to all outcomes jointly')}\n"
        f"  Between outcomes, levels, departures (drift and shocks together){_leaning(spec)} and effects tau_i are "
        "correlated, with\n"
        f"  matrices ~ LKJ({spec.lkj:g}): 1 makes all correlation matrices as likely, more draws them towards none"
    )


def _leaning(spec: Spec) -> str:
    shared = all(each.weights.base != "none" and each.weights.scale * each.weights.shared > 0 for each in spec.outcomes)
    return ", logarithms of weights" if shared else ""


def _panel_text(panel: Panel) -> str:
    exposure = np.asarray(panel.dataset["exposure"])
    left_out = np.asarray(panel.dataset["left_out"])
    times = np.asarray(panel.dataset["time"])
    lines = ["Panel      " + repr(panel).splitlines()[0].removeprefix("Panel: ")]
    for position in np.flatnonzero(panel.pilots):
        touched = (exposure[position] > 0) | left_out[position]
        start, full = times[touched][0], times[exposure[position] == 1][0]
        unused = int(left_out[position].sum())
        out = f", {unused} period{'s' * (unused > 1)} left out" if unused else ""
        lines.append(f"  pilot    {panel.labels[position]}: exposed from {start}, fully from {full}{out}")
    return "\n".join(lines)


def _outcome_text(outcome: Outcome, panel: Panel) -> str:
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    standard = family.standard(cells)
    unused = int((~cells.observed).sum())
    lines = [
        f"Outcome    {outcome.label} ({outcome.name})",
        f"  family   {outcome.family} with {family.link} link: {outcome.facts.meaning}",
        f"  cells    {int(cells.observed.sum())} used{_interval_text(cells)}, {unused} missing, empty or left out",
        *_split_text(outcome, cells),
        f"  scale    centre {standard.centre:.4g}, spread {standard.spread:.4g} on the link scale",
        f"  path     {_path_text(outcome, panel)}",
        f"  drift    {_drift_text(outcome)}",
        f"  sizes    drifts and shocks {_variances_text(outcome)}",
        *_shock_text(outcome),
        *(
            [f"  beside   {', '.join(outcome.covariates)}, which change over time (covariate)"]
            * bool(outcome.covariates)
        ),
        f"  weights  {_weights_text(outcome.weights)}",
        f"  effect   {_effect_text(outcome.effect)}",
        f"  target   SATT, the mean effect over the pilots' fully exposed periods, {_TARGETS[outcome.target]}",
        f"  harm     {outcome.harm}; smallest effect of interest {outcome.sesoi:g} {outcome.unit}",
        "  priors   on eta's scale",
    ]
    for name, prior in outcome.priors_in_use():
        lines.append(f"    {name:<13}{prior!s:<18} [{prior.source}] {prior.reason}")
    return "\n".join(lines)


def _interval_text(cells: Cells) -> str:
    low, high = cells.bounds
    bounded = int((low < high).sum())
    return f" ({bounded} of them known as intervals)" if bounded else ""


def _split_text(outcome: Outcome, cells: Cells) -> list[str]:
    """What is to be said of records that are counted in bins or categories."""
    if cells.bins is None:
        return []
    seen, lines = cells.observed, []
    if outcome.open:
        still, size = cells.bins.open[seen].sum(), cells.bins.size[seen].sum()
        lines.append(f"  open     {still:,.0f} of {size:,.0f} records, known to last until their follow-up ended")
    if outcome.above is not None:
        cuts = ", ".join(f"{cut:+.2f}" for cut in boundaries_of(cells))
        lines.append(f"  effect   on the share above {outcome.above}, with one odds ratio at every boundary")
        lines.append(f"  between  boundaries of categories, in log odds from that one: {cuts}; times sigma")
    return lines


def _shock_text(outcome: Outcome) -> list[str]:
    said = []
    if outcome.shocks == "heavy-tailed":
        said.append("heavy-tailed: Student's t with 4 degrees of freedom, times s")
    if outcome.shock_sizes == "by period":
        said.append("of a size of its own in each period (s, one a period)")
    return [f"  shocks   {'; '.join(said)}"] if said else []


def _weights_text(weights: Weights) -> str:
    if weights.base == "none":
        return "none: comparators' drifts are left out of the pilots', which drift like any comparator (kappa = 1)"
    base = "equal ones" if weights.base == "equal" else "the panel's base weights"
    kappa = "learned" if weights.kappa is None else f"fixed at {weights.kappa:g}"
    if weights.scale == 0:
        return f"fixed at {base}; kappa {kappa}"
    return f"around {base}, scale {weights.scale:g}, {weights.shared:g} of it shared between pilots; kappa {kappa}"


def _variances_text(outcome: Outcome) -> str:
    return {
        "equal": "as large in every unit",
        "by unit": "larger in some units than in others, by learned factors (omega)",
        "heavy-tailed": "larger in some units than in others, and perhaps far larger",
    }[outcome.variances]


def _effect_text(effect: Effect) -> str:
    tails = ", heavy-tailed" if effect.spread == "heavy-tailed" else ""
    parts = [f"differs between pilots (sigma_tau{tails})"]
    if effect.over_time != "constant":
        own = ", by a walk of its own in each cohort" if effect.over_time == "event time by cohort" else ""
        parts.append(f"moves with event time{own} (sigma_event)")
    if effect.cohorts == "apart":
        parts.append("differs between cohorts (sigma_cohort)")
    if effect.moderators:
        parts.append(f"depends on {' and '.join(effect.moderators)}")
    return "; ".join(parts)


def _path_text(outcome: Outcome, panel: Panel) -> str:
    common = "free" if outcome.common_path == "free" else "a random walk"
    if outcome.path_by == "none":
        return f"{common}, shared by all units"
    count, alone = np.unique(panel.dataset["region"]).size, ", ".join(panel.uncompared)
    seen = (
        f"\n           no comparator in {alone}: under exposure known only from how far regions depart" if alone else ""
    )
    return f"{common}; the paths of {count} regions depart from it (sigma_region){seen}"


def _drift_text(outcome: Outcome) -> str:
    drift = "random walk (phi = 1)" if outcome.phi == 1 else f"stationary, persistence phi = {outcome.phi:g} a period"
    return drift if outcome.trends == "none" else f"{drift}, from the line of a trend of each unit's own (sigma_slope)"
