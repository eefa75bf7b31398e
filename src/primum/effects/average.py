"""Averages of the user's own: over a window, with weights, on another scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from primum.effects.averages import FULL, over_cells, target_weights
from primum.effects.estimand import CELLS, DENOMINATORS, PILOTS, Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.errors import InputError
from primum.model.cells import Array, Mask
from primum.panel.rows import list_some

Scale = Literal["difference", "ratio", "relative change", "odds ratio"]
Window = tuple[int, int]
Weights = Literal["cells", "pilots", "denominators"] | Mapping[Any, float]
_NAMED = {"cells": CELLS, "pilots": PILOTS, "denominators": DENOMINATORS}


@dataclass(frozen=True)
class _Comparison:
    """How two averages are compared, in which unit, and for which kinds of outcome."""

    of: Callable[[Array, Array], Array]
    unit: str
    kinds: tuple[str, ...]


_SHARES = ("count", "categories")
_POSITIVE = (*_SHARES, "events", "positive", "bins")
_COMPARISONS: Mapping[str, _Comparison] = {
    "ratio": _Comparison(lambda with_it, without: with_it / without, "times", _POSITIVE),
    "relative change": _Comparison(lambda with_it, without: 100 * (with_it / without - 1), "%", _POSITIVE),
    "odds ratio": _Comparison(
        lambda with_it, without: with_it / (1 - with_it) / (without / (1 - without)), "times the odds", _SHARES
    ),
}


def average(
    name: str,
    *,
    scale: Scale = "difference",
    periods: Window | None = None,
    since_start: Window | None = None,
    weights: Weights | None = None,
    label: str | None = None,
) -> Estimand:
    """An average over fully exposed cells of the pilots: within a window, with weights, on a scale.

    Parameters
    ----------
    name
        Its name in tables and draws.
    scale
        "difference", in the unit of the outcome's effect; "ratio", "relative change" (in %) or "odds ratio" of the
        average outcome with the exposure there was to that with none (averaged first, then compared). There is
        no ratio of an outcome that may be negative, and an odds ratio of shares only: such outcomes are left out.
    periods
        First and last calendar period; all by default.
    since_start
        First and last period since a pilot's own start, which is 0; all by default.
    weights
        "cells", every pilot and period the same; "pilots", every pilot the same, and its periods in it;
        "denominators", where outcomes without one are left out; or weights of your own: a mapping or a pandas
        series, by pilot (shared out equally over its periods in the window) or by (pilot, period). Those of units
        and cells that the average is not over are not used. By default those of the outcome's ``target``.
    label
        What it is, for people.

    Raises
    ------
    InputError
        If a window or a scale is none. When it is computed: if no cell is fully exposed within the window, or
        weights lack a pilot or cell, name units that are not in the panel, are negative or not finite, or all 0.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> late = pr.estimands.average("late", periods=(2016, 2017), weights="pilots", scale="relative change")
    >>> found = pr.effects(tiny_fit(), [late])["kinship"]
    >>> found.estimands.loc["late", "unit"]
    '%'
    """
    problems = [
        f"{what} must be its first and last period, whole numbers, the first no later, not {window}"
        for what, window in (("periods", periods), ("since_start", since_start))
        if window is not None and not _is_window(window)
    ]
    if scale != "difference" and scale not in _COMPARISONS:
        problems.append(f"scale must be difference or {', '.join(_COMPARISONS)}, not {scale}")
    if isinstance(weights, str) and weights not in _NAMED:
        problems.append(f"weights must be {', '.join(_NAMED)} or a mapping, not {weights}")
    if weights is not None and not isinstance(weights, str):
        weights, found = _as_mapping(weights)
        problems += found
    if problems:
        raise InputError(f"estimand {name}", problems)
    window = _in_words(periods, since_start)
    by_denominators = isinstance(weights, str) and weights == "denominators"

    def of(predictions: Predictions) -> xr.DataArray:
        weight = _weights(predictions, name, periods, since_start, weights)
        if scale == "difference":
            return xr.DataArray(over_cells(predictions.effect.values, weight), dims=SAMPLE)
        both = (over_cells(each.values, weight) for each in (predictions.with_exposure, predictions.without))
        return xr.DataArray(_COMPARISONS[scale].of(*both), dims=SAMPLE)

    def applies(predictions: Predictions) -> bool:
        outcome = predictions.outcome
        weighable = not by_denominators or outcome.denominator is not None or outcome.measure.split
        return weighable and (scale == "difference" or outcome.facts.kind in _COMPARISONS[scale].kinds)

    return Estimand(
        name,
        of,
        label or f"Average in the pilots{window}{'' if scale == 'difference' else f', {scale}'}",
        f"{FULL}{window}",
        scale if scale == "difference" else f"{scale} of averages",
        "{target}" if weights is None else _NAMED[weights] if isinstance(weights, str) else "your own",
        "{unit}" if scale == "difference" else _COMPARISONS[scale].unit,
        applies=applies,
    )


def _is_window(window: object) -> bool:
    if not (isinstance(window, Sequence) and not isinstance(window, str) and len(window) == 2):
        return False
    whole = all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in window)
    return whole and window[0] <= window[1]


def _as_mapping(weights: Any) -> tuple[dict[Any, float], list[str]]:
    """Weights by what they are of, and what is wrong with them by themselves."""
    import pandas as pd

    if not isinstance(weights, Mapping | pd.Series):
        return {}, [f"weights must be {', '.join(_NAMED)}, a mapping or a pandas series, not {type(weights).__name__}"]
    pairs = list(weights.items())
    keys = [key for key, _ in pairs]
    problems = []
    twice = list(dict.fromkeys(key for key in keys if keys.count(key) > 1))
    if twice:
        problems.append(f"weights are given twice for {list_some(twice)}; give one each")
    if len({isinstance(key, tuple) for key in keys}) > 1:
        problems.append("weights are by pilot for some and by (pilot, period) for others; use one of them")
    wrong = [key for key, value in pairs if not isinstance(value, int | float | np.number)]
    if wrong:
        problems.append(f"weights are no numbers for {list_some(wrong)}; give numbers")
    return dict(pairs), problems


def _in_words(periods: Window | None, since_start: Window | None) -> str:
    calendar = "" if periods is None else f", {periods[0]} to {periods[1]}"
    return calendar + ("" if since_start is None else f", {since_start[0]} to {since_start[1]} periods after the start")


def _weights(
    predictions: Predictions, name: str, periods: Window | None, since_start: Window | None, weights: Weights | None
) -> Array:
    """What cells count for; shape (pilot, time)."""
    inside, time = predictions.full.values, predictions.cells.time
    _check_reach(predictions, name, periods, since_start)
    for where, window in ((time, periods), (predictions.event.values, since_start)):
        if window is not None:
            inside = inside & (where >= window[0]) & (where <= window[1])
    if not inside.any():
        start = predictions.cells.start
        problem = (
            f"no pilot is fully exposed within{_in_words(periods, since_start).replace(',', '', 1)}; the panel has "
            f"the periods {time[0]} to {time[-1]}, and pilots start in {start.min()} to {start.max()}"
        )
        raise InputError(f"estimand {name} of {predictions.outcome.name}", [problem])
    if weights is None:
        weight = target_weights(predictions) * inside
    elif not isinstance(weights, str):
        weight = _own_weights(predictions, name, inside, dict(weights))
    elif weights == "pilots":
        weight = _shared_out(inside)
    else:
        weight = inside * (predictions.denominator.values if weights == "denominators" else 1.0)
    if not weight.sum() > 0:
        problem = "all weights are 0 in the cells that it is over; give one of them a weight above 0"
        raise InputError(f"estimand {name} of {predictions.outcome.name}", [problem])
    return np.asarray(weight)


def _check_reach(predictions: Predictions, name: str, periods: Window | None, since_start: Window | None) -> None:
    """Refuse windows that end where the panel has nothing, since their label would say that it has."""
    time, event = predictions.cells.time, predictions.event.values[predictions.full.values]
    problems = [
        f"{what} {window[0]} to {window[1]} reaches beyond {low} to {high}, where {there}; end it there"
        for what, window, low, high, there in (
            ("periods", periods, time[0], time[-1], "the panel is"),
            ("since_start", since_start, min(0, event.min()), event.max(), "pilots are fully exposed"),
        )
        if window is not None and (window[0] < low or window[1] > high)
    ]
    if problems:
        raise InputError(f"estimand {name} of {predictions.outcome.name}", problems)


def _own_weights(predictions: Predictions, name: str, inside: Mask, weights: dict[Any, float]) -> Array:
    by_cell = any(isinstance(key, tuple) for key in weights)
    pilots, times = predictions.full["pilot"].values.tolist(), predictions.cells.time.tolist()
    rows, columns = np.nonzero(inside)
    keys = [(pilots[i], times[t]) if by_cell else pilots[i] for i, t in zip(rows, columns, strict=True)]
    problems = _weight_problems(weights, keys, set(predictions.posterior["unit"].values.tolist()))
    if problems:
        raise InputError(f"weights of estimand {name} of {predictions.outcome.name}", problems)
    weight = np.zeros(inside.shape)
    weight[rows, columns] = [weights[key] for key in keys]
    return weight if by_cell else weight * _shared_out(inside)


def _shared_out(inside: Mask) -> Array:
    """A weight of 1 a pilot, the same for each of its cells; shape (pilot, time)."""
    return np.asarray(inside / np.maximum(inside.sum(axis=1, keepdims=True), 1))


def _weight_problems(weights: dict[Any, float], keys: list[Any], units: set[Any]) -> list[str]:
    named = [key[0] if isinstance(key, tuple) else key for key in weights]
    found = {
        "these units are not in the panel": ([each for each in named if each not in units], "use the panel's names"),
        "these have no weight": ([key for key in keys if key not in weights], "every pilot or cell averaged needs one"),
        "these weights are negative or not finite": (
            [key for key, value in weights.items() if not (np.isfinite(value) and value >= 0)], "mend them",
        ),
    }  # fmt: skip
    return [
        f"{text}: {list_some(list(dict.fromkeys(places)))}; {advice}"
        for text, (places, advice) in found.items()
        if places
    ]


RELATIVE = tuple(
    average(scale.replace(" ", "_"), scale=scale, label=f"{words}{{average}}")  # type: ignore[arg-type]
    for scale, words in (
        ("relative change", "Relative change"),
        ("ratio", "Ratio to what it would have been"),
        ("odds ratio", "Odds ratio"),
    )
)
