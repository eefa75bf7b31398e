"""The effect in a new unit, one that is not in the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.moderators import moderated, moderator_coefficients
from primum.effects.predictions import SAMPLE, Predictions
from primum.errors import InputError
from primum.fit.replicate import deviates, paths_of
from primum.model import Cells
from primum.model.cells import Array
from primum.model.families import Family, Standard
from primum.model.unit_scales import new_squares

_LAST = "full exposure in the last period, of a unit drawn from those that are not pilots"


def new_unit(
    posterior: xr.Dataset,
    family: Family,
    cells: Cells,
    standard: Standard,
    factor: float,
    rng: np.random.Generator,
    shift: Array | float = 0.0,
) -> Array:
    """Effect of full exposure in a new unit, in the last period of the panel.

    Its level, drift, shock and effect are drawn from what the model has learned of units that
    are not pilots, so the draws carry both the uncertainty and the spread between units. Where the
    effect has terms, it is that of a new cohort, at the pilots' average event time and moderators. Where regions
    have paths of their own, it is in one of them, each as likely as comparators in it are many, and its covariates are
    those of a comparator.

    Parameters
    ----------
    posterior, family, cells, standard
        The outcome's draws, family, arrays and scale.
    factor
        What turns a difference of expected values into the unit of the effect.
    rng
        Source of randomness.
    shift
        What its moderators add to the effect on the linear predictor; a number, or of shape (chain, draw).

    Returns
    -------
    ndarray
        Shape (chain, draw).
    """

    def draws(name: str) -> Array:
        return np.asarray(posterior[name])

    basis = cells.basis
    last = basis.vectors[:, -1] ** 2
    shock = draws("s") ** 2 if "s" in posterior and not cells.apart else np.zeros(draws("q").shape)
    slope = draws("sigma_slope") if cells.trends else 0.0
    scale = new_squares(cells, draws("omega") if "omega" in posterior else np.zeros(()), rng, shock.shape)
    spread = last[0] * cells.time.size * draws("sigma_alpha") ** 2 + scale * (
        basis.scales(draws("q"), slope) ** 2 @ (last[1:] * basis.variance) + shock
    )
    paths = paths_of(posterior, cells, cells.comparators)[..., -1]
    # among one path there is nothing to choose, and no random number is used
    chosen = rng.integers(paths.shape[-1], size=(*shock.shape, 1))
    eta = (
        draws("mu")
        + np.take_along_axis(paths, chosen, axis=-1)[..., 0]
        + np.sqrt(spread) * rng.normal(size=spread.shape)
    )
    if cells.apart:
        size = draws("shock_scale")[..., -1] if cells.sized else draws("s")
        eta = eta + np.sqrt(scale) * size * deviates(cells.shock_tail, rng, shock.shape)
    tau = draws("tau") + draws("sigma_tau") * deviates(cells.tail, rng, spread.shape) + shift
    if "sigma_cohort" in posterior:
        tau = tau + draws("sigma_cohort") * rng.normal(size=spread.shape)
    sigma = np.ones(1)
    return factor * (family.mean(eta + tau, sigma, cells, standard) - family.mean(eta, sigma, cells, standard))


def new_unit_with(name: str, moderators: Mapping[str, float] | None = None, *, label: str | None = None) -> Estimand:
    """Effect in a new unit whose moderators are known, or are not.

    ``new_unit`` itself is at the pilots' average moderators. Outcomes with other moderators than these are left out.

    Parameters
    ----------
    name
        Its name in tables and draws.
    moderators
        A value of every moderator that the effect has, in its own unit. None where they are not known: then they
        are those of one of the pilots, drawn at random.
    label
        What it is, for people.

    Raises
    ------
    InputError
        If `moderators` is empty, or a value is no finite number.

    Examples
    --------
    >>> import primum as pr
    >>> pr.estimands.new_unit_with("good area", {"ofsted": 2.0}).population
    'full exposure in the last period, of a unit drawn from those that are not pilots, with ofsted 2'
    """
    wrong = [key for key, value in (moderators or {}).items() if not _is_number(value)]
    problems = [f"{key} must be a finite number, not {(moderators or {})[key]!r}" for key in wrong]
    if moderators is not None and not moderators:
        problems.append("moderators is empty; name a value of each, or give None where they are not known")
    if problems:
        raise InputError(f"estimand {name}", problems)
    values = moderators and ", ".join(f"{key} {value:g}" for key, value in moderators.items())
    known = f"with {values}" if values else "with the moderators of a pilot drawn at random"

    def shift(predictions: Predictions, rng: np.random.Generator) -> Array:
        has = predictions.moderators
        size = predictions.with_exposure.shape[:2]
        if moderators is None:
            at = has.values.T[rng.integers(has.sizes["pilot"], size=size)]
        else:
            at = np.array([moderators[each] for each in has["moderator"].values])
        multiple = (at - has.values.mean(axis=1)) / has.values.std(axis=1)
        return np.asarray((moderator_coefficients(predictions) * multiple).sum(axis=-1))

    def applies(predictions: Predictions) -> bool:
        names = set(predictions.moderators["moderator"].values)
        return moderated(predictions) if moderators is None else names == set(moderators)

    return Estimand(
        name, _of(shift), label or f"A new area {known}", f"{_LAST}, {known}", weights="", applies=applies,
        compares=False,
    )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))


def _of(shift: Callable[[Predictions, np.random.Generator], Array | float]) -> Callable[[Predictions], xr.DataArray]:
    def of(predictions: Predictions) -> xr.DataArray:
        each, rng = predictions, predictions.rng("new unit")
        moved = shift(each, predictions.rng("moderators of a new unit"))
        draws = new_unit(each.posterior, each.family, each.cells, each.standard, each.outcome.factor, rng, moved)
        return xr.DataArray(draws, dims=SAMPLE)

    return of


NEW_UNIT = Estimand(
    "new_unit", _of(lambda predictions, rng: 0.0), "A new area",
    f"{_LAST}, at the pilots' average event time and moderators where the effect has them", weights="", compares=False,
)  # fmt: skip
