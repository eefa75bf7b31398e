"""Probabilities of harm by pilot, by time since the start and by cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from primum.fit.gate import sampled
from primum.harm.probabilities import Probabilities, probabilities_of_each

By = Literal["pilot", "event time", "cohort"]
_PARTS: tuple[tuple[By, str, str], ...] = (
    ("pilot", "pilot", "unit_effect"),
    ("event time", "event", "event_effect"),
    ("cohort", "cohort", "cohort_effect"),
)


@dataclass(frozen=True)
class Group:
    """Part of the pilots' unit-periods and how probable harm is there.

    Attributes
    ----------
    by
        What tells it from others: "pilot", "event time" (periods since the start) or "cohort" (period of the start).
    name
        The pilot's name, the event time or the cohort's start, as in the draws of the effects.
    label
        Readable name.
    found
        Probabilities for the average effect in it; None where the gate failed.
    """

    by: By
    name: str | int
    label: str
    found: Probabilities | None


def groups(draws: xr.Dataset, sign: int, sesoi: float) -> tuple[Group, ...]:
    """Every pilot, event time and cohort with its probabilities, in the order of the effects' table.

    Parameters
    ----------
    draws
        Of `primum.effects.OutcomeEffects`: unit_effect (chain, draw, pilot) and its coordinate ``label``,
        event_effect (chain, draw, event) and cohort_effect (chain, draw, cohort).
    sign, sesoi
        As in `primum.harm.probabilities.probabilities`.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> [group.label for group in groups(pr.effects(tiny_fit())["kinship"].draws, sign=-1, sesoi=3.0)][2:5]
    ['LA 03', '0 periods after the start', '1 period after the start']
    """
    found: list[Group] = []
    for by, dim, variable in _PARTS:
        names = np.asarray(draws[dim]).tolist()
        labels = np.asarray(draws["label"]).tolist() if by == "pilot" else [_label(by, each) for each in names]
        effects = np.moveaxis(sampled(draws[variable]), -1, 0)
        each = probabilities_of_each(effects, sign, sesoi)
        found += [Group(by, *parts) for parts in zip(names, labels, each, strict=True)]
    return tuple(found)


def _label(by: By, name: int) -> str:
    if by == "cohort":
        return f"Pilots that started in {name}"
    return "1 period after the start" if name == 1 else f"{name} periods after the start"
