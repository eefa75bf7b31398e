r"""Effect terms: how the pilots' effects differ beyond their spread (design, equation 6).

The effect in pilot i and period t is :math:`d_{it}(\tau_i + h(t - g_i) + a_{g_i} + m_i'\gamma)`, with
:math:`g_i` the period in which exposure starts:

* **event time**: h is a random walk over the event times that are observed, with steps of
  :math:`N(0, \sigma_{event}^2)` a period, measured from its mean, so that :math:`\tau` stays the average
  effect. In the basis of `primum.model.drift` its components are independent. Each cohort may depart from it by
  another such walk, with steps of the same size: effects that grow at different speeds are then no average of event
  times and cohorts, each drawn towards the others.
* **cohort**: :math:`a_g \sim N(0, \sigma_{cohort}^2)`, one a cohort.
* **moderators**: :math:`\gamma`, for one SD of what is known of pilots, around its mean over them.

Only pilots under exposure have such terms: comparators serve as never exposed, and pilots before
their start as not yet exposed, so no unit that is already exposed is anybody's comparison (what biases
two-way fixed effects under staggered adoption: Goodman-Bacon, 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.errors import SpecError
from primum.model.drift import Array, drift_basis
from primum.spec.effect import Effect

GROUPS = ("event", "cohort", "moderator")


@dataclass(frozen=True)
class Terms:
    """Effect terms of one outcome's pilots.

    Attributes
    ----------
    names
        One a term.
    groups
        Which of `GROUPS` each belongs to.
    design
        What each is multiplied by; shape (term, pilot, time).
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    design: Array


def terms_of(
    effect: Effect, dataset: xr.Dataset, pilots: NDArray[np.int64], exposure: Array, start: NDArray[np.int64]
) -> Terms | None:
    """Effect terms that a specification asks for; None where the effect is constant.

    Parameters
    ----------
    effect
        What the specification says.
    dataset
        A panel's dataset, dims (unit, time).
    pilots
        Positions of the pilots; shape (pilot,).
    exposure
        Of the pilots; shape (pilot, time).
    start
        Period in which each pilot's exposure starts; shape (pilot,).

    Raises
    ------
    SpecError
        If there is only one event time or one cohort where they are to be told apart, or a moderator is the same in
        every pilot.
    """
    time = np.asarray(dataset["time"])
    blocks: list[tuple[str, list[str], Array]] = []
    problems: list[str] = []
    if effect.over_time != "constant":
        blocks += _event_block(exposure, time[None, :] - start[:, None], problems)
    if effect.over_time == "event time by cohort":
        blocks += _event_blocks(blocks, start, problems)
    if effect.cohorts == "apart":
        blocks += _cohort_block(exposure, start, problems)
    for name in effect.moderators:
        blocks += _moderator_block(name, np.asarray(dataset[f"moderator_{name}"])[pilots], exposure, problems)
    if problems:
        raise SpecError("the specification", problems)
    if not blocks:
        return None
    return Terms(
        tuple(name for _, names, _ in blocks for name in names),
        tuple(group for group, names, _ in blocks for _ in names),
        np.concatenate([design for _, _, design in blocks]),
    )


def _event_block(exposure: Array, event: NDArray[np.int64], problems: list[str]) -> list[tuple[str, list[str], Array]]:
    times = np.unique(event[exposure > 0])
    if times.size < 2:
        problems.append('effect.over_time is not "constant", but exposure lasts one period only; use "constant"')
        return []
    basis = drift_basis(times)
    at = np.clip(np.searchsorted(times, event), 0, times.size - 1)
    design = np.sqrt(basis.variance)[:, None, None] * basis.vectors[1:][:, at] * exposure
    return [("event", [f"event component {k + 1}" for k in range(len(design))], design)]


def _event_blocks(
    common: list[tuple[str, list[str], Array]], start: NDArray[np.int64], problems: list[str]
) -> list[tuple[str, list[str], Array]]:
    """What `_event_block` made of all pilots, of each cohort by itself."""
    cohorts = np.unique(start)
    if cohorts.size < 2:
        problems.append(
            f'effect.over_time is "event time by cohort", but all pilots start in {cohorts[0]}, one cohort; '
            'use "event time"'
        )
        return []
    return [
        (group, [f"{name}, cohort {cohort}" for name in names], design * (start == cohort)[:, None])
        for group, names, design in common
        for cohort in cohorts
    ]


def _cohort_block(exposure: Array, start: NDArray[np.int64], problems: list[str]) -> list[tuple[str, list[str], Array]]:
    cohorts = np.unique(start)
    if cohorts.size < 2:
        problems.append(f'effect.cohorts is "apart", but all pilots start in {cohorts[0]}, one cohort; use "together"')
        return []
    design = (start == cohorts[:, None])[:, :, None] * exposure
    return [("cohort", [f"cohort {cohort}" for cohort in cohorts], design)]


def _moderator_block(
    name: str, values: Array, exposure: Array, problems: list[str]
) -> list[tuple[str, list[str], Array]]:
    spread = values.std()
    if spread == 0:
        problems.append(f"effect.moderators: '{name}' is the same in every pilot ({values[0]:g}); leave it out")
        return []
    return [("moderator", [name], ((values - values.mean()) / spread)[None, :, None] * exposure)]
