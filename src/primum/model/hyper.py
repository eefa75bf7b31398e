"""Hyperparameters of the PyMC model, in the coordinates in which they are sampled (`primum.model.build`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erfc

from primum.model.cells import Cells
from primum.model.layout import SCALARS
from primum.spec import Prior


def hyperpriors(settings: Any) -> tuple[Any, Any]:
    """Makers of normal and half-normal hyperparameters by name, their settings being data; scales have a sign."""
    import pymc as pm
    import pytensor.tensor as pt

    def normal(name: str) -> Any:
        return pm.Normal(name, settings[SCALARS.index(name), 0], settings[SCALARS.index(name), 1])

    def half_normal(name: str) -> Any:
        signed = pm.Normal(f"{name}_signed", 0.0, settings[SCALARS.index(name), 1])
        pm.Deterministic(name, pt.abs(signed))
        return signed

    return normal, half_normal


def average(prior: Prior, expected: Any, data: dict[str, Any]) -> tuple[Any, Any]:
    """The average effect, sampled as its departure from what is expected of it, and its log density."""
    import pymc as pm
    import pytensor.tensor as pt

    location, scale, robust, vague = (data["priors"][SCALARS.index("tau"), place] for place in range(4))
    value = pm.Deterministic("tau", expected + pm.Flat("tau_away"))
    density = -0.5 * ((value - location) / scale) ** 2
    if prior.robust:  # a vague normal around 0 is mixed in
        density = pt.logaddexp(
            pt.log((1 - robust) / scale) + density, pt.log(robust / vague) - 0.5 * (value / vague) ** 2
        )
    return value, density


def kappa_of(cells: Cells, data: dict[str, Any]) -> Any:
    """Ratio of a pilot's own drift to a comparator's: learned, or what it is fixed at."""
    import pymc as pm
    import pytensor.tensor as pt

    place = SCALARS.index("kappa")
    if cells.weighting is None or cells.weighting.kappa is not None:
        return data["constants"][place]
    logit = pm.Flat("logit_kappa_squared")
    first, second = data["priors"][place, 0], data["priors"][place, 1]
    pm.Potential("kappa_density", -first * pt.softplus(-logit) - second * pt.softplus(logit))
    return pm.Deterministic("kappa", pt.sqrt(pt.sigmoid(logit)))


def tailed(name: str, data: dict[str, Any]) -> Any:
    """A half-normal scale that data may say little of, through a coordinate of its own."""
    import pymc as pm
    import pytensor.tensor as pt

    z = pm.Flat(f"z_{name}")
    # Minus the logarithm of an upper tail, in two parts, since none is precise everywhere: one moves below z = 3,
    # the other above. JAX differentiates PyTensor's expansion of log(erfc) even where it is not used, and only
    # from about there on is it a number.
    below, above = pt.minimum(z, 3.0), pt.maximum(z, 3.0)
    multiple = (
        -pt.log1p(-0.5 * pt.erfc(-below / np.sqrt(2)))
        - pt.log(pt.erfc(above / np.sqrt(2)))
        + np.log(erfc(3 / np.sqrt(2)))
    )
    pm.Potential(f"{name}_density", multiple - 0.5 * multiple**2 - 0.5 * z**2)
    return pm.Deterministic(name, data["priors"][SCALARS.index(name), 1] * multiple)


def told(spread: Any, weight: Any, pull: Any, x: Any) -> tuple[Any, Any]:
    """Standard normal quantities sampled around what data say of their products with spreads, and the log density of x.

    As `primum.model.kernel.told.told_forth`; data say of a product that it has precision ``weight`` and linear part
    ``pull``.
    """
    import pytensor.tensor as pt

    shrink = 1 / (1 + spread**2 * weight)
    zeta = shrink * spread * pull + pt.sqrt(shrink) * x
    return zeta, (0.5 * pt.log(shrink) - 0.5 * zeta**2).sum()
