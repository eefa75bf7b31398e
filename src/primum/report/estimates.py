"""Rows of the report's tables of effects."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from primum.effects import OutcomeEffects
from primum.effects.estimands import (
    CORE,
    COUNT_BY_PERIOD,
    CUMULATIVE,
    NEW_UNIT,
    PERIOD,
    PLACEBO,
    SATT,
    UNIT,
)
from primum.harm.words import MINUS, decimals, number
from primum.sources import Truth

_MAIN = [each.name for each in CORE]
_PATHS = [each.name for each in (PERIOD, CUMULATIVE, COUNT_BY_PERIOD, PLACEBO)]
_SIGNED = ("difference", "relative change")  # scales of which a plus says something

Row = tuple[str, ...]


def main_rows(effects: OutcomeEffects, truth: Truth | None) -> list[Row]:
    """Effects in the outcome's unit: on average, in a new area, and by area, event time and cohort.

    Cells are label, mean, median, 95% interval, SD, Monte Carlo error, effective draws and the truth.
    """
    rows = list(_rows(effects, _MAIN))
    known = _known(effects, truth) if truth is not None else []
    known += [math.nan] * (len(rows) - len(known))
    return [(label, *cells, _true(true, places)) for (label, _, cells, places), true in zip(rows, known, strict=True)]


def path_rows(effects: OutcomeEffects) -> list[Row]:
    """Effects and counts by period, effects added up, and departures before the start; the second cell is the unit."""
    return [(label, unit, *cells) for label, unit, cells, _ in _rows(effects, _PATHS)]


def other_rows(effects: OutcomeEffects) -> list[Row]:
    """All other estimands, the user's own among them; the second cell is the unit."""
    names = [str(name) for name in effects.draws.data_vars if name not in {*_MAIN, *_PATHS}]
    return [(label, unit, *cells) for label, unit, cells, _ in _rows(effects, names)]


def imputation_rows(effects: OutcomeEffects) -> list[Row]:
    """SD within and between imputations and the share between, on average, in a new area and by area."""
    shares = effects.imputations
    if shares is None:
        return []
    rows: list[Row] = []
    for name in (SATT.name, NEW_UNIT.name, UNIT.name):
        found = zip(_labels(effects, name), effects.rows(name).index, strict=True)
        for label, quantity in found:
            row, errors = shares.loc[quantity], effects.table.loc[quantity]
            places = decimals(errors["sd"], errors["mcse"])
            within, between = (number(math.sqrt(row[part]), places) for part in ("within", "between"))
            rows.append((label, within, between, f"{row['share_between']:.0%}", f"{row['imputations_needed']:.0f}"))
    return rows


def about_rows(effects: OutcomeEffects) -> list[Row]:
    """What each estimand is about; the first cell is its label, or the first and the last of its labels."""
    columns = ["population", "scale", "weights", "uncertainty"]
    rows = []
    for name, *row in effects.estimands[columns].itertuples():
        labels = _labels(effects, name)
        rows.append((" \N{HORIZONTAL ELLIPSIS} ".join(dict.fromkeys([labels[0], labels[-1]])), *row))
    return rows


def _rows(effects: OutcomeEffects, names: Iterable[str]) -> Iterator[tuple[str, str, Row, int]]:
    for name in names:
        if name not in effects.draws:
            continue
        about = effects.draws[name].attrs
        for label, (_, row) in zip(_labels(effects, name), effects.rows(name).iterrows(), strict=True):
            places = decimals(row["sd"], row["mcse"])
            yield label, about["unit"], _cells(row, places, about["scale"].startswith(_SIGNED)), places


def _cells(row: Any, places: int, signed: bool) -> Row:
    mean, median, low, high = (
        number(row[key], places, signed=signed) for key in ("mean", "median", "eti95_low", "eti95_high")
    )
    draws = f"{min(row['ess_bulk'], row['ess_tail']):,.0f}"
    return mean, median, f"{low} to {high}", number(row["sd"], places), f"{row['mcse']:.2g}", draws


def _labels(effects: OutcomeEffects, name: str) -> list[str]:
    """Readable names of an estimand's quantities, in the order of its own dims."""
    draws = effects.draws[name]
    label = draws.attrs["label"]
    dims = [str(dim) for dim in draws.dims if dim not in ("chain", "draw")]
    if not dims:
        return [label]
    named = [_in_words(np.asarray(draws["label" if dim == "pilot" else dim])) for dim in dims]
    places = [", ".join(each) for each in product(*named)]
    found = [label.replace("{place}", place) if "{place}" in label else f"{label}, {place}" for place in places]
    return [re.sub(rf"(?<![\d,]){MINUS}?1 periods", lambda match: match[0][:-1], each) for each in found]


def _in_words(places: np.ndarray) -> list[str]:
    """Coordinates as text, numbers with a proper minus sign."""
    negative = places.dtype.kind in "if"
    return [str(place).replace("-", MINUS) if negative else str(place) for place in places]


def _known(effects: OutcomeEffects, truth: Truth) -> list[float]:
    rows = truth.per_unit[truth.per_unit["outcome"] == effects.outcome.name]
    return [truth.average(effects.outcome), truth.new_unit[effects.outcome.name][0], *rows["effect"].tolist()]


def _true(value: float, places: int) -> str:
    return "" if math.isnan(value) else number(value, places, signed=True)
