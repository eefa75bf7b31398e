"""Posterior predictive checks: panels drawn from the fitted model beside the one observed.

Every cell has latents of its own, so predictions for the observed cells fit almost by
construction and tell little. Here whole panels of *new* units are drawn from the hyperparameters
(levels, drift, shocks, effects and sampling noise), with the observed denominators and gaps, and
compared with the observed panel on the features that decide how wide the intervals are
(Gelman, Meng and Stern 1996, with the replication taken at the level of units).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import xarray as xr

from primum.checks.boundaries import MEANING, changes_above
from primum.fit import Fit, Imputed
from primum.fit.predict import noise_of
from primum.fit.replicate import flat, new_units
from primum.model import Cells, cells_of
from primum.model.cells import Array, Mask
from primum.model.families import Family, Standard, family_of

REPLICATIONS = 400
EXTREME = 0.01
_RULES = 4  # intervals that many cells share, such as below one limit and above another


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """One feature of the observed panel beside the same feature of replicated panels.

    Attributes
    ----------
    outcome
        Name of the outcome.
    feature
        What is compared, in words.
    observed
        Its value in the data, in the unit of the effect where it has one; the mean over imputations.
    replicated
        Its values in replicated panels; shape (replication,).
    meaning
        What it means for the findings that the observed value lies on its side of the replicated ones.
    beside
        Where there are several imputations, the value in that from whose posterior each replicated panel is drawn,
        which it is compared with; shape (replication,).
    """

    outcome: str
    feature: str
    observed: float
    replicated: Array
    meaning: str
    beside: Array | None = None

    @property
    def p_value(self) -> float:
        """Share of replicated panels at or above the observed value."""
        return float((self.replicated >= (self.observed if self.beside is None else self.beside)).mean())

    @property
    def reproduced(self) -> bool:
        """Whether the observed value lies within the middle 98% of the replicated ones."""
        return EXTREME <= self.p_value <= 1 - EXTREME


def predictive_checks(fit: Fit | Imputed, outcome: str) -> tuple[PredictiveCheck, ...]:
    """Compare an outcome's observed panel with replicated ones.

    Parameters
    ----------
    fit
        The fit.
    outcome
        Name of the outcome.

    Examples
    --------
    >>> from primum.testing import tiny_fit
    >>> for check in predictive_checks(tiny_fit(), "kinship"):
    ...     print(check.feature)
    spread between units
    typical change from period to period
    correlation of successive periods
    largest change
    """
    fits = list(fit.fits.values()) if isinstance(fit, Imputed) else [fit]
    each = [dict(_features(one, outcome, REPLICATIONS // len(fits))) for one in fits]
    found = []
    for name in each[0]:
        values, parts = zip(*[one[name] for one in each], strict=True)
        replicated, value = np.concatenate(parts), float(np.mean(values))
        beside = None if len(fits) == 1 else np.repeat(values, [len(part) for part in parts])
        meaning = _meaning(name, more=value > float(np.median(replicated)))
        found.append(PredictiveCheck(outcome, name, value, replicated, meaning, beside))
    return tuple(found)


def _meaning(name: str, *, more: bool) -> str:
    """What it means that a feature of the data is more, or less, than the model has it."""
    if name not in FEATURES:
        return MEANING
    return FEATURES[name].above if more else FEATURES[name].below


def _features(fit: Fit, outcome: str, replications: int) -> Iterator[tuple[str, tuple[float, Array]]]:
    """Each feature of the observed panel and of about so many replicated ones."""
    chosen = fit.spec.outcome(outcome)
    family, cells = family_of(chosen.family), cells_of(fit.panel.dataset, chosen)
    standard = family.standard(cells)
    rng = np.random.default_rng([fit.spec.seed, crc32(b"predictive"), crc32(outcome.encode())])
    posterior = _thinned(fit.posterior(outcome), replications)
    panels = chosen.factor * replicate(posterior.drop_vars("eta"), family, cells, standard, rng)
    observed = chosen.factor * np.where(_rules(cells)[1], np.nan, family.level(cells))
    for name, feature in FEATURES.items():
        yield name, (feature.measure(observed), np.array([feature.measure(panel) for panel in panels]))
    if chosen.family == "ordered":
        yield from changes_above(posterior, chosen, cells, standard, rng).items()


def replicate(
    posterior: xr.Dataset, family: Family, cells: Cells, standard: Standard, rng: np.random.Generator
) -> Array:
    """Panels of new units, shape (replication, unit, time), NaN where the observed panel has a gap.

    Parameters
    ----------
    posterior
        Dims (chain, draw, ...), one replication a draw.
    family, cells, standard
        The outcome's family, arrays and scale.
    rng
        Source of randomness.
    """
    without, effect = new_units(posterior, cells, rng)
    tau = flat(posterior["tau"])[:, None, None] * cells.exposure
    values = family.draw(rng, without + tau + effect, flat(noise_of(posterior)), cells, standard).astype(float)
    rules, others = _rules(cells)
    return np.where(others, np.nan, family.level(replace(cells, value=_coarsened(values, rules))))


def _rules(cells: Cells) -> tuple[Array, Mask]:
    """Intervals within which no value is known of any cell, as of a suppressed 1 to 5, and cells of other intervals.

    Replicated values are known no better than observed ones are where such a rule says how. Where each cell has bounds
    of its own, there is no telling which another would have had: such cells are left out of both.

    Returns
    -------
    rules, others
        Shapes (rule, 2) and (unit, time).
    """
    low, high = cells.bounds
    known = cells.value[cells.observed & ~cells.vague]
    pairs = np.unique(np.stack([low[cells.vague], high[cells.vague]], axis=-1), axis=0)
    kept = [not ((known >= first) & (known <= last)).any() for first, last in pairs] if len(pairs) <= _RULES else []
    rules = pairs[np.array(kept, dtype=bool)] if kept else pairs[:0]
    ruled = ((low[..., None] == rules[:, 0]) & (high[..., None] == rules[:, 1])).any(axis=-1)
    return rules, cells.vague & ~ruled


def _coarsened(values: Array, rules: Array) -> Array:
    """Values within an interval of a rule at its middle, or at the bound that it has."""
    for first, last in rules:
        middle = last if np.isinf(first) else first if np.isinf(last) else (first + last) / 2
        values = np.where((values >= first) & (values <= last), middle, values)
    return values


def spread_between(panel: Array) -> float:
    """SD of units' means."""
    known = np.isfinite(panel).any(axis=1)
    return float(np.nanmean(panel[known], axis=1).std())


def typical_change(panel: Array) -> float:
    """SD of changes from one period to the next, period means taken out."""
    return float(np.nanstd(np.diff(_without_period_means(panel), axis=1)))


def lag_correlation(panel: Array) -> float:
    """Correlation of a unit's value with its value a period earlier, period means taken out."""
    centred = _without_period_means(panel)
    before, after = centred[:, :-1].ravel(), centred[:, 1:].ravel()
    both = np.isfinite(before) & np.isfinite(after)
    before, after = before[both], after[both]
    if not before.std() * after.std():  # where nothing moves there is none
        return 0.0
    return float(np.corrcoef(before, after)[0, 1])


def largest_change(panel: Array) -> float:
    """Largest change from one period to the next, in either direction."""
    return float(np.nanmax(np.abs(np.diff(panel, axis=1))))


@dataclass(frozen=True)
class Feature:
    """What is measured on a panel, and what it means where the observed value is above or below the model's."""

    measure: Callable[[Array], float]
    above: str
    below: str


FEATURES: dict[str, Feature] = {
    "spread between units": Feature(
        spread_between,
        above="levels of areas differ more than the model has it, so the effect in a new area may be too sure",
        below="levels of areas differ less than the model has it, so the effect in a new area may be too unsure",
    ),
    "typical change from period to period": Feature(
        typical_change,
        above="areas change more than the model has it, so intervals may be too narrow and probabilities too sure",
        below="areas change less than the model has it, so intervals may be too wide and probabilities too unsure",
    ),
    "correlation of successive periods": Feature(
        lag_correlation,
        above="departures last longer than the model has it, so intervals may be too narrow and probabilities too sure",
        below="departures pass sooner than the model has it, so intervals may be too wide and probabilities too unsure",
    ),
    "largest change": Feature(
        largest_change,
        above="some area changed more at once than the model has it, and may carry the answer if it is a pilot; "
        'look at the trends, and try shocks = "heavy-tailed", variances = "by unit" or shock_sizes = "by period"',
        below="no area changed as much at once as the model has it, so intervals may be too wide",
    ),
}


def _without_period_means(panel: Array) -> Array:
    known = np.isfinite(panel)
    means = np.where(known, panel, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(panel - means)


def _thinned(posterior: xr.Dataset, replications: int) -> xr.Dataset:
    total = posterior.sizes["chain"] * posterior.sizes["draw"]
    return posterior.isel(draw=slice(None, None, max(1, total // max(1, replications))))
