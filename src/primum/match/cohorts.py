"""Cohorts: pilots that share their pre-period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.panel import Panel

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cohort:
    """Pilots first exposed in the same period.

    Attributes
    ----------
    start
        That period.
    before
        Periods before it; shape (time,).
    pilots
        Positions of its pilots; shape (pilot,).
    others
        Positions of the panel's comparators; shape (comparator,).
    """

    start: int
    before: Mask
    pilots: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def members(self) -> NDArray[np.int64]:
        """Positions of comparators, then of pilots."""
        return np.concatenate([self.others, self.pilots])


def first_exposed(panel: Panel) -> dict[int, int]:
    """Period in which each pilot's exposure, or its embedding window, starts; by the pilot's position."""
    touched = np.asarray((panel.dataset["exposure"] > 0) | panel.dataset["left_out"])
    time = np.asarray(panel.dataset["time"])
    return {int(i): int(time[touched[i]][0]) for i in np.flatnonzero(panel.pilots)}


def cohorts_of(panel: Panel) -> list[Cohort]:
    """Cohorts, earliest first."""
    starts, time = first_exposed(panel), np.asarray(panel.dataset["time"])
    others = np.flatnonzero(~panel.pilots)
    return [
        Cohort(start, time < start, np.array([i for i, at in starts.items() if at == start]), others)
        for start in sorted(set(starts.values()))
    ]
