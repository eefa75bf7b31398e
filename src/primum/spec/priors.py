"""Priors as data: each with its distribution, location, scale, source and reason.

All are on the scale of the linear predictor, which is free of the outcome's units: log odds
for proportions, logarithms for rates and durations, and standard deviations of the unexposed cells for
normal outcomes, in each case measured from the pooled level of the unexposed cells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from primum.spec.strict import STRICT, Positive, Text

FamilyName = Literal["binned", "binomial", "poisson", "normal", "lognormal"]
Distribution = Literal["normal", "half-normal", "zero-sum normal", "beta"]


@dataclass(frozen=True)
class Prior:
    """One prior, ready for the model and for the table in the report.

    Attributes
    ----------
    distribution
        "normal" (location and scale), "half-normal" or "zero-sum normal" (scale alone), or "beta"
        (location and scale are its mean and SD).
    location, scale
        On the scale of the linear predictor, but for kappa, a ratio.
    source
        "default", or "yours" where the specification set it.
    reason
        Why this value, in a sentence.
    """

    distribution: Distribution
    location: float
    scale: float
    source: Literal["default", "yours"]
    reason: str

    def __str__(self) -> str:
        if self.distribution == "half-normal":
            return f"HalfNormal({self.scale:g})"
        if self.distribution == "zero-sum normal":
            return f"ZeroSumNormal({self.scale:g})"
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
    """What a specification may say about a prior: its scale, its location, and why."""

    __pydantic_config__ = STRICT

    scale: Positive
    reason: Text
    location: float = 0.0


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

    def problems(self, path: str) -> list[str]:
        """Locations given to priors that have none, and moments that no distribution has."""
        changes = [(field.name, getattr(self, field.name)) for field in fields(self)]
        found = [
            f"{path}.{name}.location: a {distribution_of(name)} prior has no location; leave it out"
            for name, change in changes
            if change is not None and change.location != 0 and distribution_of(name) not in {"normal", "beta"}
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
    "sigma": "sampling noise of a cell with the median denominator",
    "kappa": "kappa squared, the share of drift that comparators do not carry; a free one takes what weights explain",
}
_OWN_REASONS: dict[tuple[FamilyName, str], str] = {
    ("binned", "sigma"): "SD of the logarithm of durations within a cell; wide, as many records tell it",
}
_NORMAL = {"mu", "beta_pilot", "tau"}
_ZERO_SUM = {"lambda_t"}
_SHARE = (0.5, 0.12)  # mean and SD of kappa squared, about Beta(8, 8): design, section 2
_SCALES: dict[FamilyName, dict[str, float]] = {
    "binned": {
        "mu": 0.5, "beta_pilot": 0.5, "sigma_alpha": 0.5, "lambda_t": 0.5, "q": 0.2, "s": 0.2,
        "tau": 0.5, "sigma_tau": 0.25, "sigma": 1.0,
    },
    "binomial": {
        "mu": 1.0, "beta_pilot": 1.0, "sigma_alpha": 1.0, "lambda_t": 1.0, "q": 0.3, "s": 0.3,
        "tau": 1.0, "sigma_tau": 0.5, "sigma": 1.0,
    },
    "poisson": {
        "mu": 1.0, "beta_pilot": 1.0, "sigma_alpha": 1.0, "lambda_t": 1.0, "q": 0.3, "s": 0.3,
        "tau": 1.0, "sigma_tau": 0.5, "sigma": 1.0,
    },
    "lognormal": {
        "mu": 0.5, "beta_pilot": 0.5, "sigma_alpha": 0.5, "lambda_t": 0.5, "q": 0.2, "s": 0.2,
        "tau": 0.5, "sigma_tau": 0.25, "sigma": 0.2,
    },
    "normal": {
        "mu": 1.0, "beta_pilot": 1.0, "sigma_alpha": 1.0, "lambda_t": 1.0, "q": 0.5, "s": 0.5,
        "tau": 1.0, "sigma_tau": 0.5, "sigma": 0.5,
    },
}  # fmt: skip


def distribution_of(name: str) -> Distribution:
    """Distribution of the prior of that name, which a specification does not change."""
    if name in _NORMAL:
        return "normal"
    if name == "kappa":
        return "beta"
    return "zero-sum normal" if name in _ZERO_SUM else "half-normal"


def default_priors(family: FamilyName, changes: PriorChanges | None = None) -> Priors:
    """Default priors of a family, with a specification's changes put in their place.

    Parameters
    ----------
    family
        Name of the outcome's family.
    changes
        Priors that the specification sets.

    Examples
    --------
    >>> print(default_priors("binomial").tau)
    Normal(0, 1)
    >>> changes = PriorChanges(tau=PriorChange(scale=0.25, reason="earlier evaluations"))
    >>> default_priors("binomial", changes).tau.source
    'yours'
    """
    priors: dict[str, Prior] = {}
    for name, shared_reason in _REASONS.items():
        reason = _OWN_REASONS.get((family, name), shared_reason)
        distribution = distribution_of(name)
        change: PriorChange | None = getattr(changes, name) if changes else None
        if change is None:
            location, scale = _SHARE if name == "kappa" else (0.0, _SCALES[family][name])
            priors[name] = Prior(distribution, location, scale, "default", reason)
        else:
            priors[name] = Prior(distribution, change.location, change.scale, "yours", change.reason)
    return Priors(**priors)
