"""Realised effects: of the outcomes that were observed, in place of those that were to be expected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.predictions import DIMS, Predictions, linear_effect
from primum.errors import InputError
from primum.fit.predict import noise_of
from primum.model.cells import Mask
from primum.panel.rows import list_some


def realised(estimand: Estimand) -> Estimand:
    """The realised, finite-sample version of an estimand of expected outcomes.

    In each observed cell, what was observed takes the place of what was expected with exposure, and a draw from the
    posterior predictive distribution without exposure, sampling noise included, that of what was expected with none.
    Data say nothing of how the noise of the two is correlated: a cell's is taken to be independent, the cautious
    choice (positive correlation would make intervals narrower). Cells that are not observed are left out.

    Parameters
    ----------
    estimand
        One that compares cells with exposure and without: those of a new unit, moderators, placebo effects and
        shares of variance do not. Its own dims but ``pilot`` get "_observed"
        added to their names, as there may be fewer of them.

    Raises
    ------
    InputError
        If the estimand does not compare cells. When it is computed: if a pilot is never observed under full
        exposure, or if of an exposed cell only an interval or hidden bins are known, or no median, since too few of its
        records were followed until they finished.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> found = pr.effects(tiny_fit(), [pr.estimands.realised(pr.estimands.SATT)])["kinship"].table["sd"]
    >>> bool(found["satt_realised"] > found["satt"])
    True
    """
    if not estimand.compares or estimand.uncertainty == "realised":
        problem = f"there is no realised version of {estimand.name}; give one that compares expected outcomes of cells"
        raise InputError("realised", [problem])

    def of(predictions: Predictions) -> xr.DataArray:
        found = estimand.of(observed(predictions))
        own = [dim for dim in found.dims if dim not in DIMS]
        return found.rename({dim: f"{dim}_observed" for dim in own})

    return replace(
        estimand,
        name=f"{estimand.name}_realised",
        of=of,
        label=f"{estimand.label}, realised",
        population=f"{estimand.population}, observed cells",
        uncertainty="realised",
    )


def observed(predictions: Predictions) -> Predictions:
    """Predictions with what was observed in the place of what was expected, and a draw in that of what would be."""
    cells, family, standard = predictions.cells, predictions.family, predictions.standard
    problems = _problems(predictions)
    if problems:
        raise InputError(f"realised effects on {predictions.outcome.name}", problems)
    eta = np.array(predictions.posterior["eta"], dtype=float)
    eta[:, :, cells.pilots] -= linear_effect(predictions.posterior, cells)
    rng, sigma = predictions.rng("realised"), noise_of(predictions.posterior)
    drawn = np.asarray(family.draw(rng, eta, sigma, cells, standard), dtype=float)
    without = family.level(replace(cells, value=drawn))[:, :, cells.pilots]
    value = family.level(cells)[cells.pilots]
    problems = _unreached(predictions, np.isnan(value) | np.isnan(without).any(axis=(0, 1)))
    if problems:
        raise InputError(f"realised effects on {predictions.outcome.name}", problems)
    template = predictions.with_exposure
    return replace(
        predictions,
        # cells that are not observed have weight 0 everywhere, and must be numbers
        with_exposure=template.copy(deep=False, data=np.broadcast_to(np.nan_to_num(value), template.shape)),
        without=template.copy(deep=False, data=np.nan_to_num(without)),
        usable=predictions.of_cells(cells.observed),
    )


def _problems(predictions: Predictions) -> list[str]:
    """Pilots whose realised effects are not known."""
    cells = predictions.cells
    seen, exposure = cells.observed[cells.pilots], predictions.exposure.values
    low, high = cells.bounds
    vague = (low < high if cells.bins is None else cells.bins.hidden.any(axis=-1))[cells.pilots]
    return [
        *_named(predictions, "never observed under full exposure", ~(seen & (exposure == 1)).any(axis=1)),
        *_named(
            predictions,
            "observed under exposure as an interval or with hidden bins",
            (vague & (exposure > 0)).any(axis=1),
        ),
    ]


def _unreached(predictions: Predictions, unknown: Mask) -> list[str]:
    """Pilots with an exposed cell of which there is no median, observed or drawn; the mask has shape (pilot, time)."""
    exposed = predictions.cells.observed[predictions.cells.pilots] & (predictions.exposure.values > 0)
    text = "followed too briefly under exposure for half of the records to finish"
    return _named(predictions, text, (unknown & exposed).any(axis=1))


def _named(predictions: Predictions, text: str, which: Mask) -> list[str]:
    names = predictions.usable["pilot"].values[which].tolist()
    return [f"pilots {text}: {list_some(names)}; use expected effects"] if names else []
