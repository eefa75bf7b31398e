"""Estimand: a named function of predictions, with what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import xarray as xr

from primum.effects.predictions import Predictions
from primum.spec import Outcome

CELLS = "every pilot and period the same"
PILOTS = "every pilot the same"
DENOMINATORS = "by denominators"


def always(predictions: Predictions) -> bool:
    """There is such an estimand whatever the outcome."""
    return True


@dataclass(frozen=True)
class Estimand:
    """A quantity of interest, apart from the model.

    Texts may hold ``{unit}``, the unit of the outcome's effect, ``{target}``, the weights of the outcome's
    ``target``, ``{average}``, their short form, and, in labels, ``{place}``, a pilot, period or the like.

    Attributes
    ----------
    name
        Its name in tables and draws.
    of
        From predictions to draws: dims chain and draw, and any of its own.
    label
        What it is, for people.
    population
        Which units and periods it is about.
    scale
        How outcomes with and without exposure are compared.
    weights
        What cells count for.
    unit
        Its unit.
    uncertainty
        "expected": of expected outcomes, given what these cells are like; sampling noise of counts and means is not
        part of it. "realised": of the outcomes that were observed, in place of those that were to be expected.
    applies
        Whether there is such an estimand of an outcome; it is left out where there is none.
    compares
        Whether it is a comparison of cells with and without exposure, so that there is a realised version of it.

    Examples
    --------
    The effect in the worst pilot:

    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> worst = pr.Estimand(
    ...     "worst", lambda p: p.effect.where(p.full).mean("time").min("pilot"),
    ...     label="Worst pilot", population="the pilot with the largest fall", weights="every period the same",
    ... )
    >>> found = pr.effects(tiny_fit(), [worst])["kinship"]
    >>> bool(found.table.loc["worst", "mean"] < found.table.loc["satt", "mean"])
    True
    """

    name: str
    of: Callable[[Predictions], xr.DataArray]
    label: str
    population: str
    scale: str = "difference"
    weights: str = "{target}"
    unit: str = "{unit}"
    uncertainty: Literal["expected", "realised"] = "expected"
    applies: Callable[[Predictions], bool] = always
    compares: bool = True

    def described(self, outcome: Outcome) -> dict[str, str]:
        """What it is about, for one outcome: label, population, scale, weights, unit and uncertainty."""
        words = {
            "{unit}": outcome.unit,
            "{target}": DENOMINATORS if outcome.target == "denominators" else CELLS,
            "{average}": outcome.average,
        }
        fields = ("label", "population", "scale", "weights", "unit", "uncertainty")
        found = {name: str(getattr(self, name)) for name in fields}
        for key, text in words.items():
            found = {name: value.replace(key, text) for name, value in found.items()}
        return found
