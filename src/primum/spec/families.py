"""What a specification knows of each family: what it counts, in which units, and how wide its priors are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from primum.spec.layout import Kind

FamilyName = Literal[
    "binomial", "beta_binomial", "poisson", "negative_binomial", "normal", "student_t", "lognormal", "gamma", "binned",
    "ordered",
]  # fmt: skip


@dataclass(frozen=True)
class FamilyFacts:
    """One family, as a specification sees it; its likelihood is in `primum.model.families`.

    Attributes
    ----------
    meaning
        What its values are, in words.
    kind
        How its columns are checked.
    scales
        Scales of its default priors, by name.
    noise
        What its parameter sigma is, in words; None where it has none.
    overdispersed
        Whether sigma is how far counts scatter from cell to cell beyond chance. It takes the place of
        the white shock, from which it can hardly be told.
    errors
        Whether the standard error of every value may be given, in place of a denominator.
    units
        Units of its effects with what turns a difference of expected values into each; empty where
        the unit is that of the values. Families that have any need a denominator, unless their records are
        counted in several columns.
    """

    meaning: str
    kind: Kind
    scales: Mapping[str, float]
    noise: str | None = None
    overdispersed: bool = False
    errors: bool = False
    units: Mapping[str, float] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What the unit of the effect is a unit of."""
        return {"count": "share", "categories": "share", "events": "rate"}.get(self.kind, "mean")


def _scales(level: float, drift: float, spread: float, sigma: float) -> Mapping[str, float]:
    wide = dict.fromkeys(("mu", "beta_pilot", "sigma_alpha", "lambda_t", "tau"), level)
    effects = {
        "sigma_tau": spread,
        "sigma_cohort": spread,
        "moderator": spread,
        "covariate": spread,
        "sigma_event": spread / 2,
    }
    moves = {"q": drift, "s": drift, "sigma_slope": level / 10, "sigma_region": drift / 2}
    return {**wide, **effects, **moves, "sigma": sigma, "omega": 0.5}


_SHARES = {"percentage points": 100.0, "per 1,000": 1000.0}
_RATES = {"per 1": 1.0, "per 100": 100.0, "per 1,000": 1e3, "per 10,000": 1e4, "per 100,000": 1e5}

FACTS: Mapping[FamilyName, FamilyFacts] = {
    "binomial": FamilyFacts("count out of a denominator", "count", _scales(1.0, 0.3, 0.5, 1.0), units=_SHARES),
    "beta_binomial": FamilyFacts(
        "count out of a denominator, overdispersed",
        "count",
        _scales(1.0, 0.3, 0.5, 0.2),
        "overdispersion: the correlation within a cell is sigma^2 / (1 + sigma^2); 0.01 to 0.1 is usual in areas",
        overdispersed=True,
        units=_SHARES,
    ),
    "poisson": FamilyFacts("count of events", "events", _scales(1.0, 0.3, 0.5, 1.0), units=_RATES),
    "negative_binomial": FamilyFacts(
        "count of events, overdispersed",
        "events",
        _scales(1.0, 0.3, 0.5, 0.3),
        "overdispersion: the variance is mu + sigma^2 mu^2; sigma is the spread of cells' rates beyond chance",
        overdispersed=True,
        units=_RATES,
    ),
    "normal": FamilyFacts(
        "mean",
        "real",
        _scales(1.0, 0.5, 0.5, 0.5),
        "sampling noise of a cell with the median denominator",
        errors=True,
    ),
    "student_t": FamilyFacts(
        "mean with heavy-tailed noise",
        "real",
        _scales(1.0, 0.5, 0.5, 0.5),
        "scale of the sampling noise of a cell with the median denominator",
    ),
    "lognormal": FamilyFacts(
        "positive mean",
        "positive",
        _scales(0.5, 0.2, 0.25, 0.2),
        "sampling noise of a cell with the median denominator",
        errors=True,
    ),
    "gamma": FamilyFacts(
        "positive mean",
        "positive",
        _scales(0.5, 0.2, 0.25, 0.2),
        "sampling noise, the coefficient of variation of a cell with the median denominator",
    ),
    "binned": FamilyFacts(
        "median of durations counted in bins",
        "bins",
        _scales(0.5, 0.2, 0.25, 1.0),
        "SD of the logarithm of durations within a cell; wide, as many records tell it",
    ),
    "ordered": FamilyFacts(
        "share of records above a boundary of ordered categories",
        "categories",
        _scales(1.0, 0.3, 0.5, 1.0),
        "how far apart boundaries lie, beside what the unexposed records say (1); wide, as many records tell it",
        units=_SHARES,
    ),
}
