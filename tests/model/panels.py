"""Evaluations drawn from the model itself, small and of every kind: with gaps, ramps and uneven steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from primum.panel import Panel
from primum.spec import Spec
from primum.spec.families import FACTS, FamilyName

Array = NDArray[np.float64]


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
    changes: dict[str, Any] | None = None,
) -> Spec:
    """A specification of outcomes of one family, with denominators, known standard errors or neither."""
    outcomes = {
        name: {
            "label": f"The {name} outcome",
            "family": family,
            "value": f"{name}_value",
            "unit": {"share": "percentage points", "rate": "per 100"}.get(FACTS[family].shown, "days"),
            "harm": "up",
            "sesoi": 2.0,
            **({"standard_error": f"{name}_error"} if known else {"denominator": f"{name}_size"} if counted else {}),
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
    size: float = 80.0,
    hyper: Hyper | None = None,
    text_units: bool = False,
    staggered: bool = False,
    seed: int = 1,
) -> pd.DataFrame:
    """A long table drawn from the model, the first units pilots; `missing` cells an outcome are empty.

    Where starts are staggered, every other pilot starts a period earlier.
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
        "rating": np.repeat(np.where(np.arange(units) < pilots, np.arange(units) % 3 + 1.0, np.nan), time.size),
    }
    for name in names:
        eta = hyper.mu + draw_departures(rng, hyper, time, units)
        path = hyper.path * rng.normal(size=time.size)
        eta += path - path.mean() + exposure * (hyper.tau + hyper.sigma_tau * rng.normal(size=(units, 1)))
        total = np.maximum(rng.poisson(size * rng.lognormal(0, 0.5, (units, 1)), grid), 3).astype(float)
        noise = hyper.sigma / np.sqrt(total / np.median(total))
        value = draw_values(rng, family, eta, total, hyper.sigma, noise)
        # gaps only in comparators and before exposure, where no rule of the panel is broken
        holes = rng.choice((units - pilots) * time.size, size=missing, replace=False)
        flat = value.ravel().copy()
        flat[pilots * time.size + holes] = np.nan
        error = noise * (value if family == "lognormal" else 7)
        columns |= {f"{name}_value": flat, f"{name}_size": total.ravel(), f"{name}_error": error.ravel()}
    return pd.DataFrame(columns)


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
        case "lognormal":
            return np.asarray(20 * np.exp(eta + noise * rng.normal(size=eta.shape)))
        case "gamma":
            return np.asarray(20 * np.exp(eta) * rng.gamma(1 / noise**2, noise**2))
        case "student_t":
            return np.asarray(50 + 7 * (eta + noise * rng.standard_t(4, size=eta.shape)))
        case _:
            return np.asarray(50 + 7 * (eta + noise * rng.normal(size=eta.shape)))


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
    spec = spec_of(family, names, counted=counted, known=known, changes=changes)
    return spec, Panel.from_frame(table_of(family, names, **table), spec.data)
