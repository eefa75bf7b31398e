"""Priors as data: each with its distribution, location, scale, source and reason.

All are on the scale of the linear predictor, which is free of the outcome's units: log odds
for proportions, logarithms for rates and durations, and standard deviations of the unexposed cells for
means, in each case measured from the pooled level of the unexposed cells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal

from pydantic import Field

from primum.spec.evidence import Evidence
from primum.spec.families import FACTS, FamilyName
from primum.spec.strict import STRICT, Positive, Text

Distribution = Literal["normal", "half-normal", "zero-sum normal", "zero-sum walk", "beta"]
SetName = Literal["default", "weak", "sceptical", "informed"]


@dataclass(frozen=True)
class Prior:
    """One prior, ready for the model and for the table in the report.

    Attributes
    ----------
    distribution
        "normal" (location and scale), "half-normal" or "zero-sum normal" (scale alone), "zero-sum walk" (a random
        walk around 0 that moves as far on average over periods as the zero-sum normal of its scale), or "beta"
        (location and scale are its mean and SD).
    location, scale
        On the scale of the linear predictor, but for kappa, a ratio.
    source
        "default", the name of the outcome's set of priors, or "yours" where the specification set it by itself.
    reason
        Why this value, in a sentence.
    robust
        Share of a second, vague normal around 0 that is mixed in, so that data may overrule the first.
    vague
        SD of that normal.
    """

    distribution: Distribution
    location: float
    scale: float
    source: Literal["default", "weak", "sceptical", "informed", "yours"]
    reason: str
    robust: float = 0.0
    vague: float = 1.0

    def __str__(self) -> str:
        if self.robust:
            first = f"{1 - self.robust:g} Normal({self.location:.3g}, {self.scale:.3g})"
            return f"{first} + {self.robust:g} Normal(0, {self.vague:g})"
        if self.distribution == "half-normal":
            return f"HalfNormal({self.scale:g})"
        if self.distribution == "zero-sum normal":
            return f"ZeroSumNormal({self.scale:g})"
        if self.distribution == "zero-sum walk":
            return f"ZeroSumWalk({self.scale:g})"
        if self.distribution == "beta":
            return "Beta({:.3g}, {:.3g})".format(*self.shapes)
        return f"Normal({self.location:g}, {self.scale:g})"

    @property
    def shapes(self) -> tuple[float, float]:
        """Both shapes of a beta distribution of this mean and SD."""
        size = self.location * (1 - self.location) / self.scale**2 - 1
        return self.location * size, (1 - self.location) * size


@dataclass(frozen=True)
class PriorChange:
    """What a specification may say about a prior: its scale, its location, and why.

    Attributes
    ----------
    scale, location, reason
        As in `Prior`.
    robust
        Share of the default prior that is mixed in, so that data may overrule what is set here; only for tau.
    distribution
        What the two were said of, where it matters that it is the prior's own: "normal", "half-normal" or "beta".
    """

    __pydantic_config__ = STRICT

    scale: Positive
    reason: Text
    location: float = 0.0
    robust: Annotated[float, Field(ge=0, lt=1)] = 0.0
    distribution: Literal["normal", "half-normal", "beta"] | None = None


@dataclass(frozen=True)
class PriorChanges:
    """Priors that a specification sets; the rest keep their defaults."""

    __pydantic_config__ = STRICT

    mu: PriorChange | None = None
    beta_pilot: PriorChange | None = None
    sigma_alpha: PriorChange | None = None
    lambda_t: PriorChange | None = None
    q: PriorChange | None = None
    s: PriorChange | None = None
    tau: PriorChange | None = None
    sigma_tau: PriorChange | None = None
    sigma: PriorChange | None = None
    kappa: PriorChange | None = None
    sigma_event: PriorChange | None = None
    sigma_cohort: PriorChange | None = None
    moderator: PriorChange | None = None
    covariate: PriorChange | None = None
    omega: PriorChange | None = None
    sigma_slope: PriorChange | None = None
    sigma_region: PriorChange | None = None

    def problems(self, path: str) -> list[str]:
        """Locations given to priors that have none, and moments that no distribution has."""
        changes = [(field.name, getattr(self, field.name)) for field in fields(self)]
        found = [
            f"{path}.{name}.location: a {distribution_of(name)} prior has no location; leave it out"
            for name, change in changes
            if change is not None and change.location != 0 and distribution_of(name) not in {"normal", "beta"}
        ]
        found += [
            f"{path}.{name}.robust: only the prior of tau may be a mixture; leave it out"
            for name, change in changes
            if change is not None and change.robust and name != "tau"
        ]
        found += [
            f"{path}.{name}.distribution: this prior is {distribution_of(name)}, not {change.distribution}"
            for name, change in changes
            if change is not None
            and change.distribution not in {None, distribution_of(name)}
            and (change.distribution == "beta" or not distribution_of(name).startswith("zero-sum"))
        ]
        if self.kappa is not None and not self.kappa.scale**2 < self.kappa.location * (1 - self.kappa.location):
            found.append(
                f"{path}.kappa: no beta distribution has mean {self.kappa.location:g} and SD {self.kappa.scale:g}; "
                "give kappa squared a mean between 0 and 1 (location) and an SD below sqrt(mean (1 - mean)) (scale)"
            )
        return found


@dataclass(frozen=True)
class Priors:
    """The priors of one outcome's model, named as in the design's equations."""

    mu: Prior
    beta_pilot: Prior
    sigma_alpha: Prior
    lambda_t: Prior
    q: Prior
    s: Prior
    tau: Prior
    sigma_tau: Prior
    sigma: Prior
    kappa: Prior
    sigma_event: Prior
    sigma_cohort: Prior
    moderator: Prior
    covariate: Prior
    omega: Prior
    sigma_slope: Prior
    sigma_region: Prior

    def items(self) -> list[tuple[str, Prior]]:
        """Names and priors, in the order of the model's equations."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


_REASONS = {
    "mu": "average level, close to the pooled level by construction",
    "beta_pilot": "pilots may start from another level; wide, so that levels say nothing of the effect",
    "sigma_alpha": "spread of levels between units",
    "lambda_t": "movements that all units share, one a period, summing to none; wide, so left to the data",
    "q": "drift of a unit away from the common path, a period",
    "s": "shock to a unit in a single period",
    "tau": "average effect; wide enough to be led by the data, centred on none",
    "sigma_tau": "spread of the effect between units",
    "sigma_event": "step of the effect from one event time to the next",
    "sigma_cohort": "spread of the effect between cohorts",
    "moderator": "change of the effect for one SD of a moderator; centred on none",
    "covariate": "change of the level for one SD of a covariate; centred on none",
    "omega": "SD of the logarithm of how large a unit's drifts and shocks are; at 0.5, two thirds within a factor 1.6",
    "sigma_slope": "trend of a unit beside the common path, a period; at a tenth of the scale of levels, ten periods "
    "move units as far apart as levels are",
    "sigma_region": "drift of a region's path away from the common one, a period; half the scale of a unit's, of "
    "which what units do by themselves averages out",
    "kappa": "kappa squared, the share of drift that comparators do not carry; a free one takes what weights explain",
}
_NORMAL = {"mu", "beta_pilot", "tau", "moderator", "covariate"}
_ZERO_SUM = {"lambda_t"}
_SHARE = (0.5, 0.12)  # mean and SD of kappa squared, about Beta(8, 8): design, section 2


def distribution_of(name: str) -> Distribution:
    """Distribution of the prior of that name, which a specification does not change."""
    if name in _NORMAL:
        return "normal"
    if name == "kappa":
        return "beta"
    return "zero-sum normal" if name in _ZERO_SUM else "half-normal"


_SETS: dict[SetName, dict[str, float]] = {
    "default": {},
    "weak": {"tau": 2.5, "moderator": 2.5, **dict.fromkeys(("sigma_tau", "sigma_event", "sigma_cohort"), 2.0)}
    | dict.fromkeys(("sigma_alpha", "q", "s", "sigma_slope", "sigma_region"), 2.0),
    "sceptical": {"tau": 0.25, "moderator": 0.25, **dict.fromkeys(("sigma_tau", "sigma_event", "sigma_cohort"), 0.5)},
    "informed": {},
}
_WHY: dict[SetName, str] = {
    "weak": "for whom the default is too sure",
    "sceptical": "for whom large effects of policies are rare (Spiegelhalter, Freedman and Parmar, 1994)",
}


def priors_of(
    family: FamilyName,
    changes: PriorChanges | None = None,
    chosen: SetName = "default",
    evidence: Evidence | None = None,
) -> Priors:
    """Priors of a family: those of a named set, with a specification's changes put in their place.

    Parameters
    ----------
    family
        Name of the outcome's family.
    changes
        Priors that the specification sets.
    chosen
        "default"; "weak" (the scale of the average effect two and a half times as wide, those of spreads, levels,
        drift, shocks and trends twice); "sceptical" (average effect and moderators a quarter as wide, spreads half as
        wide); or "informed" (the average effect from `evidence`, with a share of the default mixed in:
        Schmidli and others, 2014).
    evidence
        Earlier evaluations, which "informed" needs.

    Examples
    --------
    >>> print(priors_of("binomial").tau)
    Normal(0, 1)
    >>> print(priors_of("binomial", chosen="sceptical").tau)
    Normal(0, 0.25)
    >>> changes = PriorChanges(tau=PriorChange(scale=0.3, reason="elicited", robust=0.1))
    >>> print(priors_of("binomial", changes).tau)
    0.9 Normal(0, 0.3) + 0.1 Normal(0, 1)
    """
    facts, priors = FACTS[family], {}
    for name in (field.name for field in fields(Priors)):
        reason = _REASONS.get(name, facts.noise or "none in this family")
        location, scale = _SHARE if name == "kappa" else (0.0, facts.scales[name])
        default = Prior(distribution_of(name), location, scale, "default", reason)
        factor = _SETS[chosen].get(name)
        priors[name] = default
        if factor is not None:
            why = f"{factor:g} times the default scale, {_WHY[chosen]}; {reason}"
            priors[name] = replace(default, scale=factor * scale, source=chosen, reason=why)
        if name == "tau" and chosen == "informed" and evidence is not None:
            mean, sd = evidence.predictive(scale / 2)
            priors[name] = replace(
                default, location=mean, scale=sd, source=chosen, reason=evidence.reason,
                robust=evidence.robust, vague=scale,
            )  # fmt: skip
        change: PriorChange | None = getattr(changes, name) if changes else None
        if change is not None:
            priors[name] = replace(
                default, location=change.location, scale=change.scale, source="yours", reason=change.reason,
                robust=change.robust, vague=scale if change.robust else 1.0,
            )  # fmt: skip
    return Priors(**priors)
