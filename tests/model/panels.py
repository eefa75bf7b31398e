"""Evaluations drawn from the model itself, small and of every kind: with gaps, ramps and uneven steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from primum.panel import Panel
from primum.spec import Spec
from primum.spec.families import FACTS, FamilyName

Array = NDArray[np.float64]
REGION_NAMES = ("North", "South", "West")
EDGES = [10.0, 20.0, 30.0, 45.0, 60.0]
FOLLOWED = [0.05, 0.05, 0.1, 0.1, 0.1, 0.6]  # shares of records by the bin in which their follow-up ends
CUTS = [-1.2, 0.0, 1.1]
SPLIT = {"binned", "ordered"}


@dataclass(frozen=True)
class Hyper:
    """Hyperparameters on the scale of the linear predictor."""

    mu: float = -0.8
    sigma_alpha: float = 0.4
    path: float = 0.1
    q: float = 0.2
    s: float = 0.15
    tau: float = 0.3
    sigma_tau: float = 0.2
    sigma: float = 0.2


def spec_of(
    family: FamilyName,
    names: tuple[str, ...] = ("first",),
    *,
    counted: bool = True,
    known: bool = False,
    bounded: bool = False,
    still: bool = False,
    changes: dict[str, Any] | None = None,
) -> Spec:
    """A specification of outcomes of one family, with denominators, known standard errors or neither."""
    outcomes = {
        name: {
            "label": f"The {name} outcome",
            "family": family,
            "value": f"{name}_value",
            **(split_columns(name, still) if family == "binned" else {}),
            **({"value": category_names(name), "above": category_names(name)[1]} if family == "ordered" else {}),
            "unit": {"share": "percentage points", "rate": "per 100"}.get(FACTS[family].shown, "days"),
            "harm": "up",
            "sesoi": 2.0,
            **({"standard_error": f"{name}_error"} if known else {"denominator": f"{name}_size"} if counted else {}),
            **({"low": f"{name}_low", "high": f"{name}_high"} if bounded and family not in SPLIT else {}),
        }
        for name in names
    }
    content = {
        "title": "A tiny evaluation",
        "programme": "Tiny",
        "seed": 11,
        "columns": {"unit": "area", "time": "year", "start": "start", "embedded": "embedded"},
        "outcomes": outcomes,
    }
    spec = Spec.from_dict(content)
    return spec.change(changes) if changes else spec


def table_of(
    family: FamilyName,
    names: tuple[str, ...] = ("first",),
    *,
    units: int = 12,
    pilots: int = 3,
    times: tuple[int, ...] = (2010, 2011, 2012, 2013, 2014, 2015),
    missing: int = 0,
    bounded: int = 0,
    still: bool = False,
    size: float = 80.0,
    hyper: Hyper | None = None,
    text_units: bool = False,
    staggered: bool = False,
    seed: int = 1,
) -> pd.DataFrame:
    """A long table drawn from the model, the first units pilots.

    `missing` cells an outcome are empty, and `bounded` ones have bounds in place of a count, or two of their bins
    hidden, whoever they belong to. Where starts are staggered, every other pilot starts a period earlier. With
    `still`, some records are not followed until they finish.
    """
    hyper = hyper or Hyper()
    rng = np.random.default_rng(seed)
    time = np.asarray(times)
    grid = (units, time.size)
    first = time.size // 2 - (np.arange(units) % 2 if staggered else np.zeros(units, dtype=int))
    start = np.where(np.arange(units) < pilots, time[first].astype(float), np.nan)
    # every other pilot rises to full exposure over two steps, so that exposure has fractions
    embedded = np.where(np.arange(units) % 2 == 0, start, start + 1)
    exposure = np.nan_to_num(np.clip((time - start[:, None] + 1) / (embedded - start + 1)[:, None], 0, 1))
    columns: dict[str, Any] = {
        "area": np.repeat([f"Area {i:02d}" for i in range(units)] if text_units else np.arange(units), time.size),
        "year": np.tile(time, units),
        "start": np.repeat(start, time.size),
        "embedded": np.repeat(embedded, time.size),
        "region": np.repeat(np.array(REGION_NAMES)[np.arange(units) % 3], time.size),
        **{name: values.ravel() for name, values in beside(units, time.size).items()},
        "rating": np.repeat(np.where(np.arange(units) < pilots, np.arange(units) % 3 + 1.0, np.nan), time.size),
    }
    for name in names:
        eta = hyper.mu + draw_departures(rng, hyper, time, units)
        path = hyper.path * rng.normal(size=time.size)
        eta += path - path.mean() + exposure * (hyper.tau + hyper.sigma_tau * rng.normal(size=(units, 1)))
        total = np.maximum(rng.poisson(size * rng.lognormal(0, 0.5, (units, 1)), grid), 3).astype(float)
        noise = hyper.sigma / np.sqrt(total / np.median(total))
        value = draw_values(rng, family, eta, total, hyper.sigma, noise)
        opened = np.zeros(value.shape)
        if still:
            value, opened = draw_followed(rng, value)
        # gaps only in comparators and before exposure, where no rule of the panel is broken
        holes = rng.choice((units - pilots) * time.size, size=missing, replace=False)
        if family in SPLIT:
            counts, others = (each.reshape(total.size, -1) for each in (value, opened))
            counts[pilots * time.size + holes] = np.nan
            others[pilots * time.size + holes] = np.nan
            chosen = rng.choice(np.flatnonzero(np.isfinite(counts[:, 0])), size=bounded, replace=False)
            for cell in chosen:
                counts[cell, rng.choice(counts.shape[1], size=2, replace=False)] = np.nan
            named = bin_names(name) if family == "binned" else category_names(name)
            columns |= {**dict(zip(named, counts.T, strict=True)), f"{name}_size": total.ravel()}
            if still:
                columns |= dict(zip(open_names(name), others.T, strict=True))
            continue
        flat = value.ravel().copy()
        flat[pilots * time.size + holes] = np.nan
        error = noise * (value if family == "lognormal" else 7)
        columns |= {f"{name}_value": flat, f"{name}_size": total.ravel(), f"{name}_error": error.ravel()}
        if bounded:
            counted = bool(FACTS[family].units)
            around = _bounds_of_counts if counted else _bounds_of_means
            columns |= around(rng, name, flat, (total if counted else error).ravel(), bounded)
    return pd.DataFrame(columns)


def beside(units: int, periods: int) -> dict[str, Array]:
    """Covariates, which move in some units otherwise than in others; shape (unit, time) each."""
    unit, time = np.arange(units)[:, None], np.arange(periods)
    return {"rain": 800 + 50 * np.sin(1.3 * unit * time + unit), "snow": np.cos(unit + 0.7 * time * (unit % 4))}


def draw_values(
    rng: np.random.Generator, family: FamilyName, eta: Array, total: Array, sigma: float, noise: Array
) -> Array:
    """Values of cells, given their linear predictors, denominators, and noise as means of records have it."""
    match family:
        case "binomial":
            return np.asarray(rng.binomial(total.astype(int), expit(eta)).astype(float))
        case "beta_binomial":
            share = rng.beta(expit(eta) / sigma**2, expit(-eta) / sigma**2)
            return np.asarray(rng.binomial(total.astype(int), share).astype(float))
        case "poisson":
            return np.asarray(rng.poisson(total * np.exp(eta)).astype(float))
        case "negative_binomial":
            return np.asarray(
                rng.poisson(total * np.exp(eta) * rng.gamma(1 / sigma**2, sigma**2, eta.shape)).astype(float)
            )
        case "binned":
            upto = ndtr((np.log(EDGES) - np.log(40) - eta[..., None]) / 0.8)
            inside = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
            return np.asarray(rng.multinomial(total.astype(int), inside).astype(float))
        case "ordered":
            upto = expit(np.array(CUTS) - eta[..., None])
            inside = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
            return np.asarray(rng.multinomial(total.astype(int), inside).astype(float))
        case "lognormal":
            return np.asarray(20 * np.exp(eta + noise * rng.normal(size=eta.shape)))
        case "gamma":
            return np.asarray(20 * np.exp(eta) * rng.gamma(1 / noise**2, noise**2))
        case "student_t":
            return np.asarray(50 + 7 * (eta + noise * rng.standard_t(4, size=eta.shape)))
        case _:
            return np.asarray(50 + 7 * (eta + noise * rng.normal(size=eta.shape)))


def draw_followed(rng: np.random.Generator, counts: Array) -> tuple[Array, Array]:
    """Records that finished before the bin in which their follow-up ended, by bin, and the others by that bin."""
    finished, still = np.zeros(counts.shape), np.zeros(counts.shape)
    for b in range(counts.shape[-1]):
        ending = rng.multinomial(counts[..., b].astype(int), FOLLOWED).astype(float)
        still[..., : b + 1] += ending[..., : b + 1]
        finished[..., b] = ending[..., b + 1 :].sum(axis=-1)
    finished[..., -1], still[..., -1] = still[..., -1], 0.0  # followed into the last bin, which has no end
    return finished, still


def split_columns(name: str, still: bool) -> dict[str, Any]:
    """Keys of a specification of durations in bins."""
    return {"value": bin_names(name), "edges": EDGES, **({"open": open_names(name)} if still else {})}


def bin_names(name: str) -> list[str]:
    """Columns of bins, from the shortest durations on."""
    return [f"{name}_bin_{number}" for number in range(len(EDGES) + 1)]


def open_names(name: str) -> list[str]:
    """Columns of records still open, by bin."""
    return [f"{name}_still_{number}" for number in range(len(EDGES) + 1)]


def category_names(name: str) -> list[str]:
    """Columns of ordered categories, from the lowest on."""
    return [f"{name}_category_{number}" for number in range(len(CUTS) + 1)]


def _bounds_of_counts(
    rng: np.random.Generator, name: str, value: Array, total: Array, bounded: int
) -> dict[str, Array]:
    """Known counts without some of them, and bounds of these: one of them exact, one of everything."""
    low, high = np.full(value.size, np.nan), np.full(value.size, np.nan)
    chosen = rng.choice(np.flatnonzero(np.isfinite(value)), size=bounded, replace=False)
    below, above = rng.integers(0, 4, size=bounded), rng.integers(1, 9, size=bounded)
    below[0] = above[0] = 0
    low[chosen] = np.maximum(value[chosen] - below, 0)
    high[chosen] = np.maximum(np.minimum(value[chosen] + above, total[chosen]), value[chosen])
    low[chosen[1]], high[chosen[1]] = 0, total[chosen[1]]
    known = value.copy()
    known[chosen] = np.nan
    return {f"{name}_value": known, f"{name}_low": low, f"{name}_high": high}


def _bounds_of_means(rng: np.random.Generator, name: str, value: Array, noise: Array, bounded: int) -> dict[str, Array]:
    """Known means without some of them, and bounds of these: every third open below, and every third above."""
    low, high, known = np.full(value.size, np.nan), np.full(value.size, np.nan), value.copy()
    chosen = rng.choice(np.flatnonzero(np.isfinite(value)), size=bounded, replace=False)
    below, above = rng.uniform(0.1, 3, size=(2, bounded)) * noise[chosen]
    low[chosen] = np.maximum(value[chosen] - below, 0.2 * value[chosen])
    high[chosen], known[chosen] = value[chosen] + above, np.nan
    low[chosen[::3]], high[chosen[1::3]] = np.nan, np.nan
    return {f"{name}_value": known, f"{name}_low": low, f"{name}_high": high}


def draw_departures(rng: np.random.Generator, hyper: Hyper, time: NDArray[np.int64], units: int) -> Array:
    """Levels, drift from its own mean and shocks, drawn step by step as the textbook writes them."""
    steps = np.sqrt(np.diff(time, prepend=time[0])) * hyper.q * rng.normal(size=(units, time.size))
    drift = np.cumsum(steps, axis=1)
    level = hyper.sigma_alpha * rng.normal(size=(units, 1))
    shock = hyper.s * rng.normal(size=(units, time.size))
    return np.asarray(level + drift - drift.mean(axis=1, keepdims=True) + shock)


def evaluation(
    family: FamilyName,
    names: tuple[str, ...] = ("first",),
    *,
    counted: bool = True,
    known: bool = False,
    changes: dict[str, Any] | None = None,
    **table: Any,
) -> tuple[Spec, Panel]:
    """A specification with a panel drawn from the model."""
    bounded = table.get("bounded", 0) > 0
    still = table.get("still", False)
    spec = spec_of(family, names, counted=counted, known=known, bounded=bounded, still=still, changes=changes)
    return spec, Panel.from_frame(table_of(family, names, **table), spec.data)
