"""Simulated evaluations with known truth, in the shape of the Signs of Safety design.

Levels, drift and shocks follow English re-referral shares of the years ending March 2010 to 2025
(LAs with more than 200 referrals): mean 21.3%, SD between LAs 3.9 points, SD within LAs 4.4, lag-1
correlation 0.70, SD of year-on-year changes 4.5 points. A random-walk drift of 0.18 a year and
white shocks of 0.13 on the log-odds scale give 3.9, 4.5, 0.69 and 4.6 at that level. The level
itself is lower, because the demonstration counts re-referrals within 6 months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, roots_hermitenorm

from primum.panel import Panel
from primum.spec import Columns, Layout, Measure, Outcome, Periods, Treatment

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
DEFAULT_SEED = 2021


@dataclass(frozen=True)
class OutcomeDesign:
    """How one outcome is simulated.

    Attributes
    ----------
    name, value, denominator
        Name of the outcome and of its two columns. A `denominator` that is another
        outcome's `value` column takes those counts.
    kind
        "share": a binomial count. "duration": the mean of skewed (gamma) durations.
    level
        Expected share or duration of the average unit.
    between, drift, shock, path
        SD of unit levels, of a unit's random-walk step, of its white shock and of the
        common path's step; log odds for shares, logarithms for durations.
    effect_spread
        SD of the effect between units, on the same scale.
    typical, spread
        Median denominator, and the SD of its logarithm between units.
    record_shape
        Shape of the gamma distribution of single durations.
    """

    name: str
    value: str
    denominator: str
    kind: Literal["share", "duration"]
    level: float
    between: float
    drift: float
    shock: float
    path: float
    effect_spread: float
    typical: float
    spread: float = 0.6
    record_shape: float = 1.5

    def link(self, mean: float) -> float:
        """From an expected value to the linear predictor."""
        return float(logit(mean) if self.kind == "share" else np.log(mean))

    def mean(self, eta: Array) -> Array:
        """From the linear predictor to an expected value."""
        return np.asarray(expit(eta) if self.kind == "share" else np.exp(eta))

    @property
    def factor(self) -> float:
        """What turns a difference of expected values into the unit of the effect."""
        return 100.0 if self.kind == "share" else 1.0


SIGNS_OF_SAFETY = (
    OutcomeDesign("rereferral", "rereferrals", "closures", "share", 0.18, 0.23, 0.18, 0.13, 0.05, 0.15, 600),
    OutcomeDesign("escalation", "escalations", "rereferrals", "share", 0.12, 0.25, 0.15, 0.14, 0.05, 0.15, 0),
    OutcomeDesign("assessment", "assessment_days", "assessments", "duration", 29.0, 0.21, 0.10, 0.10, 0.04, 0.08, 1500),
    OutcomeDesign("kinship", "kinship_periods", "care_periods", "share", 0.32, 0.30, 0.15, 0.10, 0.04, 0.20, 120),
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """What was simulated, in the unit of each outcome's effect.

    Attributes
    ----------
    satt
        Average effect over the pilots' fully exposed unit-periods, by outcome.
    by_denominators
        The same, weighted by denominators.
    per_unit
        Effect in each pilot; columns outcome, unit, effect.
    new_unit
        Mean and SD of the effect in a new unit in the last period, by outcome.
    """

    satt: Mapping[str, float]
    by_denominators: Mapping[str, float]
    per_unit: pd.DataFrame
    new_unit: Mapping[str, tuple[float, float]]

    def average(self, outcome: Outcome) -> float:
        """The SATT that an outcome's target asks for."""
        return (self.by_denominators if outcome.target == "denominators" else self.satt)[outcome.name]


@dataclass(frozen=True)
class Simulation:
    """A simulated table, the panel it makes, and the truth behind it."""

    table: pd.DataFrame
    panel: Panel
    truth: Truth


def simulate(
    *,
    units: int = 150,
    periods: int = 10,
    pilots: int = 9,
    first: int = 2010,
    starts: Sequence[int] | None = None,
    effects: Mapping[str, float] | None = None,
    outcomes: Sequence[OutcomeDesign] = SIGNS_OF_SAFETY,
    missing: float = 0.0,
    correlation: float = 0.0,
    seed: int = DEFAULT_SEED,
) -> Simulation:
    """Simulate an evaluation; by default that of the demonstration.

    Parameters
    ----------
    units, periods, pilots
        Size of the panel; the first `pilots` units are exposed.
    first
        First period.
    starts
        First exposed period of each pilot, given again from the beginning when there are
        more pilots; by default spread over the periods from the middle to three before the end.
    effects
        True SATT by outcome, in percentage points or in the unit of the duration; 0 where
        not given. By default -13 for kinship where it is simulated.
    outcomes
        How each outcome is simulated.
    missing
        Share of cells that are missing at random. An outcome whose denominator is another
        outcome's count is missing there too.
    correlation
        Between any two outcomes, of units' levels, drifts, shocks and effects; 0 to below 1.
    seed
        The same seed gives the same simulation.

    Returns
    -------
    Simulation
        The SATT of the truth is exactly the one asked for: the effects of single pilots
        vary around it.

    Raises
    ------
    ValueError
        If sizes or starts cannot make a panel, an outcome has no denominators, or an effect is
        out of reach of its outcome.
    PanelError
        If so many cells are missing that a pilot cannot be evaluated.

    Examples
    --------
    >>> simulation = simulate(units=30, periods=8, pilots=4, effects={"kinship": -5}, seed=1)
    >>> {name: round(value, 6) + 0.0 for name, value in simulation.truth.satt.items()}
    {'rereferral': 0.0, 'escalation': 0.0, 'assessment': 0.0, 'kinship': -5.0}
    """
    if not 0 < pilots < units - 1 or periods < 6:
        raise ValueError("simulate needs at least 1 pilot, 2 comparators and 6 periods")
    if not 0 <= missing < 1:
        raise ValueError(f"missing is a share from 0 to below 1, not {missing:g}")
    if not 0 <= correlation < 1:
        raise ValueError(f"correlation is a number from 0 to below 1, not {correlation:g}")
    names = {design.name for design in outcomes}
    if effects is None:
        effects = {"kinship": -13.0} if "kinship" in names else {}
    unknown = set(effects) - names
    if unknown:
        raise ValueError(f"effects for outcomes that are not simulated: {sorted(unknown)}")
    rng = np.random.default_rng(seed)
    time = np.arange(first, first + periods)
    start, embedded = _timing(time, pilots, starts)
    exposure = _exposure(time, start, embedded, units)
    cells: dict[str, Array] = {}
    common = _Common(np.sqrt(correlation), units, periods, pilots, np.random.default_rng([seed, units, periods]))
    truths = []
    for design in outcomes:
        target = float(effects.get(design.name, 0.0))
        truths.append(_simulate_outcome(rng, common, design, target, exposure, cells))
    table = _table(cells, time, start, embedded, outcomes, missing, rng)
    layout = Layout(
        Columns(unit="la", time="year", label="la_name", start="start", embedded="embedded"),
        Periods(),
        Treatment(),
        tuple(_measure(design) for design in outcomes),
    )
    return Simulation(table, Panel.from_frame(table, layout), _truth(outcomes, truths))


class _Common:
    """What units' deviations have in common in all outcomes."""

    def __init__(self, loading: float, units: int, periods: int, pilots: int, rng: np.random.Generator) -> None:
        self.loading = loading
        self.level, self.effect = rng.normal(size=(units, 1)), rng.normal(size=pilots)
        self.drift, self.shock = rng.normal(size=(units, periods)), rng.normal(size=(units, periods))

    def mixed(self, own: Array, common: Array, scale: float) -> Array:
        """Deviations of one outcome, partly its own and partly common to all, of the same size."""
        return np.asarray(np.sqrt(1 - self.loading**2) * own + self.loading * scale * common)


@dataclass(frozen=True)
class _OutcomeTruth:
    satt: float
    by_denominators: float
    per_unit: Array
    new_unit: tuple[float, float]


def _timing(time: NDArray[np.int64], pilots: int, starts: Sequence[int] | None) -> tuple[Array, Array]:
    """First exposed and first fully embedded period of each pilot; windows of one to three periods."""
    if starts is None:
        earliest, latest = time[len(time) * 2 // 5], time[-1] - 3
        starts = list(range(int(earliest), max(int(latest), int(earliest)) + 1))
    start = np.resize(np.asarray(starts, dtype=float), pilots)
    if not np.isin(start, time[2:]).all():
        raise ValueError(f"starts must lie from {time[2]}, the third period, to {time[-1]}, the last")
    embedded = np.minimum(start + np.resize([1.0, 2.0, 0.0], pilots), time[-1] - 1.0)
    return start, np.maximum(embedded, start)


def _exposure(time: NDArray[np.int64], start: Array, embedded: Array, units: int) -> Array:
    rising = (time - start[:, None] + 1) / (embedded - start + 1)[:, None]
    return np.vstack([np.clip(rising, 0, 1), np.zeros((units - len(start), len(time)))])


def _simulate_outcome(
    rng: np.random.Generator,
    common: _Common,
    design: OutcomeDesign,
    target: float,
    exposure: Array,
    cells: dict[str, Array],
) -> _OutcomeTruth:
    units, periods = exposure.shape
    path = _centred(np.cumsum(rng.normal(0, design.path, (1, periods)), axis=1))[0]
    level = common.mixed(rng.normal(0, design.between, (units, 1)), common.level, design.between)
    steps = common.mixed(rng.normal(0, design.drift, (units, periods)), common.drift, design.drift)
    shock = common.mixed(rng.normal(0, design.shock, (units, periods)), common.shock, design.shock)
    without = design.link(design.level) + path + level + _centred(np.cumsum(steps, axis=1)) + shock
    pilots = int((exposure > 0).any(axis=1).sum())
    deviation = common.mixed(rng.normal(0, design.effect_spread, pilots), common.effect, design.effect_spread)
    full = exposure[:pilots] == 1

    def per_cell(tau: float) -> Array:
        with_effect = without[:pilots] + exposure[:pilots] * (tau + deviation)[:, None]
        return design.factor * (design.mean(with_effect) - design.mean(without[:pilots]))

    try:
        tau = float(brentq(lambda value: per_cell(value)[full].mean() - target, -6, 6, xtol=1e-12))
    except ValueError:
        raise ValueError(f"an effect of {target:g} on {design.name} is out of reach of its level") from None
    eta = without.copy()
    eta[:pilots] += exposure[:pilots] * (tau + deviation)[:, None]
    _draw(rng, design, design.mean(eta), cells)
    effect = per_cell(tau)
    count = periods - 1
    # variance of the last period of a random walk measured from its own mean over the panel
    drift_last = design.drift**2 * count * (2 * count + 1) / (6 * periods)
    spread = np.sqrt(design.between**2 + drift_last + design.shock**2)
    new_unit = _new_unit(design, design.link(design.level) + path[-1], float(spread), tau)
    per_unit = np.array([row[mask].mean() for row, mask in zip(effect, full, strict=True)])
    by_denominators = float(np.average(effect[full], weights=cells[design.denominator][:pilots][full]))
    return _OutcomeTruth(float(effect[full].mean()), by_denominators, per_unit, new_unit)


def _centred(values: Array) -> Array:
    return np.asarray(values - values.mean(axis=-1, keepdims=True))


def _new_unit(design: OutcomeDesign, centre: float, spread: float, tau: float) -> tuple[float, float]:
    """Mean and SD of the effect in a new unit in the last period, by Gauss-Hermite quadrature."""
    nodes, weights = roots_hermitenorm(41)
    weight = np.outer(weights, weights) / weights.sum() ** 2
    eta = centre + spread * nodes[:, None]
    effect = design.factor * (design.mean(eta + tau + design.effect_spread * nodes[None, :]) - design.mean(eta))
    mean = float((weight * effect).sum())
    return mean, float(np.sqrt((weight * (effect - mean) ** 2).sum()))


def _draw(rng: np.random.Generator, design: OutcomeDesign, mean: Array, cells: dict[str, Array]) -> None:
    if design.denominator in cells:
        total = cells[design.denominator]
    elif design.typical <= 0:
        raise ValueError(f"{design.name} needs a typical denominator above 0, or an outcome before it that counts it")
    else:
        size = rng.lognormal(np.log(design.typical), design.spread, (mean.shape[0], 1))
        total = np.maximum(rng.poisson(size, mean.shape), 5).astype(float)
        cells[design.denominator] = total
    if design.kind == "share":
        cells[design.value] = rng.binomial(total.astype(int), mean).astype(float)
    else:
        records = np.maximum(total, 1) * design.record_shape
        cells[design.value] = rng.gamma(records, mean / records)


def _table(
    cells: dict[str, Array],
    time: NDArray[np.int64],
    start: Array,
    embedded: Array,
    outcomes: Sequence[OutcomeDesign],
    missing: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    import pandas as pd

    units = next(iter(cells.values())).shape[0]
    blank = np.full(units - len(start), np.nan)
    number = np.arange(1, units + 1)
    columns: dict[str, object] = {
        "la": np.repeat(number, len(time)),
        "la_name": np.repeat([f"LA {i:0{len(str(units))}d}" for i in number], len(time)),
        "year": np.tile(time, units),
        "start": pd.array(np.repeat(np.append(start, blank), len(time)), dtype="Int64"),
        "embedded": pd.array(np.repeat(np.append(embedded, blank), len(time)), dtype="Int64"),
    }
    durations = {design.value for design in outcomes if design.kind == "duration"}
    hidden: dict[str, NDArray[np.bool_]] = {}
    for design in outcomes:
        own = rng.random((units, len(time))) < missing
        hidden[design.value] = own | hidden.get(design.denominator, np.zeros(own.shape, dtype=bool))
    for name, values in cells.items():
        shown = np.where(hidden.get(name, False), np.nan, values).ravel()
        columns[name] = shown if name in durations else pd.array(shown, dtype="Int64")
    return pd.DataFrame(columns)


def _measure(design: OutcomeDesign) -> Measure:
    kind: Literal["count", "positive"] = "count" if design.kind == "share" else "positive"
    return Measure(design.name, design.value, design.denominator, kind)


def _truth(outcomes: Sequence[OutcomeDesign], truths: Sequence[_OutcomeTruth]) -> Truth:
    import pandas as pd

    pairs = list(zip(outcomes, truths, strict=True))
    per_unit = pd.concat(
        [
            pd.DataFrame({"outcome": design.name, "unit": np.arange(1, len(t.per_unit) + 1), "effect": t.per_unit})
            for design, t in pairs
        ],
        ignore_index=True,
    )
    return Truth(
        {design.name: t.satt for design, t in pairs},
        {design.name: t.by_denominators for design, t in pairs},
        per_unit,
        {design.name: t.new_unit for design, t in pairs},
    )
