"""Cells: the arrays of one outcome, standardised, as the model and all that follows it see them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.errors import SpecError
from primum.model.bins import Bins, bins_of
from primum.model.covariates import covariates_of
from primum.model.drift import Array, Basis, drift_basis
from primum.model.terms import Terms, terms_of
from primum.panel.design import intervals, usable
from primum.spec import Outcome

__all__ = ["Array", "Cells", "Mask", "Regions", "Weighting", "cells_of"]

Mask = NDArray[np.bool_]
MAX_PAIRS = 100_000
NEGLIGIBLE = 0.01  # of an equal share; at a scale of 0.5 a log weight would have to move by nine SDs to reach it
MIN_TREND_PERIODS = 4
TAIL = 0.25  # four degrees of freedom


@dataclass(frozen=True)
class Weighting:
    """Prior on comparator weights.

    Attributes
    ----------
    base
        Base weights, each pilot's adding up to 1; 0 where they were negligible; shape (pilot, comparator).
    discarded
        Share of each pilot's base weight that was on these; shape (pilot,).
    scale
        SD of a log weight around its base.
    shared
        Share of its variance that pilots have in common.
    kappa
        Fixed kappa, or None where it is learned.
    """

    base: Array
    discarded: Array
    scale: float
    shared: float
    kappa: float | None


@dataclass(frozen=True)
class Regions:
    """Regions, each with a path of its own.

    Attributes
    ----------
    names
        Sorted; shape (region,).
    of_unit
        Place of each unit's region among them; shape (unit,).
    """

    names: tuple[str, ...]
    of_unit: NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """One outcome of a panel.

    Attributes
    ----------
    value
        Counts or means, the middle where only an interval is known (the bound where it has one), medians of binned
        durations (NaN where too few were seen to finish), or records above the boundary of ordered categories; 0
        where not observed; shape (unit, time).
    denominator
        Trials, or records behind a mean, 0 where not observed; 1 everywhere where the
        outcome has no denominator; shape (unit, time).
    observed
        Whether a cell enters the likelihood: it has a value, a denominator above 0, and is
        not left out while the programme was being embedded; shape (unit, time).
    exposure
        Between 0 and 1; shape (unit, time).
    pilots
        Positions of the units that are ever exposed; shape (pilot,).
    time
        Periods; shape (time,).
    counted
        Whether sampling noise can be told from shocks, because cells have denominators (or known standard
        errors) and counts are not overdispersed.
    phi
        Persistence of the drift from one period to the next; 1 is a random walk.
    weighting
        Prior on comparator weights; None where comparators' drifts are left out of the pilots'.
    start
        Period in which each pilot's exposure starts; shape (pilot,).
    terms
        Effect terms beside the pilots' own effects; None where there are none.
    varied
        Whether drifts and shocks are larger in some units than in others.
    scale_tail
        One over the degrees of freedom of the squares of how much larger; 0 where logarithms are normal.
    tail
        One over the degrees of freedom of the pilots' effects around what they share; 0 where they are normal.
    standard_error
        Of the values, where it is known, 1 where not observed; None where noise is learned; shape (unit, time).
    low, high
        Between what a count or a mean lies, both its value where that is known, 0 where not observed, and infinite
        where one side of a mean is open; None where the outcome has no intervals; shape (unit, time).
    bins
        Records by bin of their duration or by category; None where they are not counted so.
    trends
        Whether units have trends of their own.
    regions
        Regions that have paths of their own; None where all units share one path.
    heavy
        Whether shocks are heavy-tailed.
    sized
        Whether shocks are larger in some periods than in others.
    covariates
        What changes over time, centred and scaled; shape (covariate, unit, time), or (0, 0, 0) where there are none.
    mixed
        Whether noise is Student's t beside shocks, as a mixture: normal, and of a size of its own in each cell.
    """

    value: Array
    denominator: Array
    observed: Mask
    exposure: Array
    pilots: NDArray[np.int64]
    time: NDArray[np.int64]
    counted: bool
    phi: float = 1.0
    weighting: Weighting | None = None
    start: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    terms: Terms | None = None
    varied: bool = False
    scale_tail: float = 0.0
    tail: float = 0.0
    standard_error: Array | None = None
    low: Array | None = None
    high: Array | None = None
    bins: Bins | None = None
    trends: bool = False
    regions: Regions | None = None
    heavy: bool = False
    sized: bool = False
    mixed: bool = False
    covariates: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def apart(self) -> bool:
        """Whether shocks are sampled cell by cell, apart from paths (`primum.model.shocks`)."""
        return self.heavy or self.sized or self.mixed

    @property
    def white(self) -> bool:
        """Whether paths have white shocks."""
        return self.counted and not self.apart

    @property
    def leading(self) -> int:
        """How many components of a path are sampled before the others: its level and, where it has one, its trend."""
        return 1 + self.trends

    @property
    def shock_tail(self) -> float:
        """One over the degrees of freedom of shocks; 0 where they are normal."""
        return TAIL if self.heavy else 0.0

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lowest and highest value that each cell may have; shape (unit, time) each."""
        return self.value if self.low is None else self.low, self.value if self.high is None else self.high

    @property
    def vague(self) -> Mask:
        """Cells that are known as intervals; shape (unit, time)."""
        low, high = self.bounds
        return np.asarray(low < high)

    @property
    def open_ended(self) -> tuple[Mask, Mask]:
        """Means of which no more is known than that they lie above a bound, or below one; shape (unit, time) each."""
        low, high = self.bounds
        return self.vague & np.isinf(high), self.vague & np.isinf(low)

    @property
    def comparators(self) -> NDArray[np.int64]:
        """Positions of the units that are never exposed; shape (comparator,)."""
        return np.setdiff1d(np.arange(self.value.shape[0]), self.pilots)

    @property
    def order(self) -> NDArray[np.int64]:
        """Positions of comparators, then of pilots: the order in which the model walks through them."""
        return np.concatenate([self.comparators, self.pilots])

    @property
    def basis(self) -> Basis:
        """Coordinates in which a unit's level, trend, drift and shocks are independent."""
        return drift_basis(self.time, self.phi, line=self.trends)

    @property
    def walk(self) -> Basis:
        """Coordinates in which a random walk's movements are independent: those of paths that are smooth."""
        return drift_basis(self.time)

    @property
    def unexposed(self) -> Mask:
        """Observed cells without exposure; shape (unit, time)."""
        return np.asarray(self.observed & (self.exposure == 0))


def cells_of(dataset: xr.Dataset, outcome: Outcome) -> Cells:
    """Arrays of one outcome of a panel's dataset.

    Parameters
    ----------
    dataset
        A panel's dataset, dims (unit, time).
    outcome
        The outcome.

    Raises
    ------
    SpecError
        If the panel says too little for what the outcome asks: fewer than four periods for trends of units, one region
        for paths by region or a period without a record of it, more pairs than weights can be sampled of, or no
        base weights.
    """
    observed = usable(dataset, outcome.name)
    problems = _time_problems(outcome, dataset, observed)
    if problems:
        raise SpecError("the specification", problems)
    exposure = np.asarray(dataset["exposure"], dtype=float)
    pilots = np.flatnonzero((exposure > 0).any(axis=1))
    start = np.asarray(dataset["start"])[pilots].astype(np.int64)
    bins = _bins(dataset, outcome, observed)
    value, low, high = _values(dataset, outcome, bins)
    denominator = _part(dataset, outcome, "denominator") if bins is None else bins.size
    return Cells(
        value=np.where(observed, value, 0.0),
        denominator=np.ones(observed.shape) if denominator is None else np.where(observed, denominator, 0.0),
        observed=observed,
        exposure=exposure,
        pilots=pilots,
        time=np.asarray(dataset["time"], dtype=np.int64),
        counted=outcome.shocked,
        phi=outcome.phi,
        weighting=_weighting(outcome, pilots, exposure.shape[0], dataset),
        start=start,
        terms=terms_of(outcome.effect, dataset, pilots, exposure[pilots], start),
        varied=outcome.variances != "equal",
        scale_tail=TAIL if outcome.variances == "heavy-tailed" else 0.0,
        tail=TAIL if outcome.effect.spread == "heavy-tailed" else 0.0,
        standard_error=_filled(_part(dataset, outcome, "standard_error"), observed, 1.0),
        low=_filled(low, observed, 0.0),
        high=_filled(high, observed, 0.0),
        bins=bins,
        trends=outcome.trends == "by unit",
        regions=_regions(dataset) if outcome.path_by == "region" else None,
        heavy=outcome.shocks == "heavy-tailed",
        sized=outcome.shock_sizes == "by period",
        covariates=covariates_of(outcome, dataset),
        mixed=outcome.family == "student_t" and outcome.shocked,
    )


def _time_problems(outcome: Outcome, dataset: xr.Dataset, observed: Mask) -> list[str]:
    """Options for time that a panel says too little for."""
    found, periods = [], dataset.sizes["time"]
    if outcome.trends == "by unit" and periods < MIN_TREND_PERIODS:
        found.append(
            f"outcomes.{outcome.name}.trends: the panel has {periods} periods, and a trend can be told from drift in "
            f'{MIN_TREND_PERIODS} or more; use "none"'
        )
    if outcome.path_by == "region" and np.unique(dataset["region"]).size < 2:
        found.append(
            f'outcomes.{outcome.name}.path_by: all units are in one region, {dataset["region"].values[0]}; use "none"'
        )
    if outcome.path_by == "region" and not observed.any(axis=0).all():
        empty = ", ".join(str(time) for time in dataset["time"].values[~observed.any(axis=0)])
        found.append(
            f"outcomes.{outcome.name}.path_by: no unit has a record of it in {empty}, and regions' paths need some in "
            'every period; use "none", or leave these periods out of the table'
        )
    return found


def _regions(dataset: xr.Dataset) -> Regions:
    names, of_unit = np.unique(dataset["region"], return_inverse=True)
    return Regions(tuple(names.tolist()), of_unit)


def _part(dataset: xr.Dataset, outcome: Outcome, part: str) -> Array | None:
    name = f"{outcome.name}_{part}"
    return np.asarray(dataset[name], dtype=float) if name in dataset else None


def _filled(values: Array | None, observed: Mask, other: float) -> Array | None:
    return None if values is None else np.where(observed, values, other)


def _bins(dataset: xr.Dataset, outcome: Outcome, observed: Mask) -> Bins | None:
    if not outcome.measure.split:
        return None
    counts = np.asarray(dataset[outcome.name], dtype=float)
    total, still = (_part(dataset, outcome, part) for part in ("denominator", "open"))
    return bins_of(counts, total, observed, outcome.edges or (), still, outcome.at_or_below)


def _values(dataset: xr.Dataset, outcome: Outcome, bins: Bins | None) -> tuple[Array, Array | None, Array | None]:
    """Values, those of intervals in their middle, and between what they lie; no bounds where none are needed."""
    if bins is not None:
        return bins.filled[..., bins.above :].sum(axis=-1) if bins.above else bins.medians, None, None
    value = np.asarray(dataset[outcome.name], dtype=float)
    bounded = intervals(dataset, outcome.name)
    if not bounded.any():
        return value, None, None
    low, high = (
        np.where(bounded, _open(_part(dataset, outcome, bound), end, value), value)
        for bound, end in (("low", -np.inf), ("high", np.inf))
    )
    if outcome.facts.kind == "positive":
        low = np.where(low <= 0, -np.inf, low)
    middle = np.where(np.isinf(low), high, np.where(np.isinf(high), low, (low + high) / 2))
    return np.where(bounded, middle, value), low, high


def _open(bound: Array | None, end: float, value: Array) -> Array:
    """Bounds, and where there is none where values end."""
    return np.full(value.shape, end) if bound is None else np.where(np.isnan(bound), end, bound)


def _weighting(outcome: Outcome, pilots: NDArray[np.int64], units: int, dataset: xr.Dataset) -> Weighting | None:
    weights = outcome.weights
    if weights.base == "none":
        return None
    if weights.base == "panel":
        others = np.setdiff1d(np.arange(units), pilots)
        base = _given(outcome.name, dataset)[:, others]
    else:
        base = np.full((pilots.size, units - pilots.size), 1 / (units - pilots.size))
    base, discarded = _screened(base)
    pairs = int((base > 0).sum())
    if pairs > MAX_PAIRS:
        problem = (
            f"there are {pairs:,} pairs of pilot and comparator, and weights of {MAX_PAIRS:,} at most can be sampled; "
            'give pilots fewer comparators with panel.with_base_weights and base "panel", or set weights.base to "none"'
        )
        raise SpecError("the specification", [problem])
    return Weighting(base, discarded, weights.scale, weights.shared, weights.kappa)


def _screened(base: Array) -> tuple[Array, Array]:
    """Base weights without those below a hundredth of a pilot's equal share, and how much these were; at most 1%."""
    light = base < NEGLIGIBLE / (base > 0).sum(axis=1, keepdims=True)
    discarded = np.where(light, base, 0.0).sum(axis=1)
    return np.where(light, 0.0, base) / (1 - discarded[:, None]), discarded


def _given(outcome: str, dataset: xr.Dataset) -> Array:
    """Base weights that the panel was given; shape (pilot, unit)."""
    given = dataset.get("base_weight")
    shared = given is not None and "base_outcome" not in given.dims
    if given is None or not (shared or outcome in given["base_outcome"]):
        problem = (
            'weights.base is "panel", but the panel has no base weights'
            f"{'' if given is None else f' for {outcome}'}; add them with panel.with_base_weights"
        )
        raise SpecError("the specification", [problem])
    return np.asarray(given if shared else given.sel(base_outcome=outcome), dtype=float)
