"""Where each variable lies in the vectors that compiled code reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import prod

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array, Cells
from primum.model.families import Family, inside_cells, learns_noise, pseudo_cells

SCALARS = (
    "mu", "beta_pilot", "s", "q", "sigma_alpha", "tau", "sigma_tau", "sigma", "kappa", "sigma_event", "sigma_cohort",
    "omega", "sigma_slope", "sigma_region",
)  # fmt: skip
SIGNED = frozenset({"s", "q", "sigma_alpha", "sigma", "sigma_slope"})  # scales that are sampled with their sign
# scales with a coordinate z of their own
TAILED = frozenset({"sigma_tau", "sigma_event", "sigma_cohort", "omega", "sigma_region"})
SCALES = SIGNED | TAILED
_VECTORS = {
    "lambda_drift": ("drift",), "x_region": ("region", "drift"), "x_tau": ("pilot",), "x_term": ("term",),
    "x_unit": ("varied",), "beta": ("covariate",), "s_period": ("sized",),
    "x": ("component", "ordered"), "x_shock": ("time", "ordered"),
    "x_tail": ("time", "ordered"),
    "xi": ("pseudo",), "x_inside": ("inside",), "x_u": ("drift", "donor"), "x_donor": ("donor",), "x_pair": ("pair",),
}  # fmt: skip
VECTORS = tuple(_VECTORS)
_WEIGHTING = {"x_u", "x_donor", "x_pair"}
_REPORTED = {
    "lambda": ("time",), "tau_unit": ("pilot",), "gamma": ("term",), "lambda_region": ("region", "time"),
    "shock_scale": ("sized",), "beta": ("covariate",),
    "eta": ("time", "ordered"), "weight": ("pair",), "unit_scale": ("varied",),
    "shock": ("time", "ordered"),
}  # fmt: skip
_SAMPLED_AS = {"kappa": "logit_kappa_squared", "tau": "tau_away"}
LATENTS = ("eta", "weight", "unit_scale", "shock")


@dataclass(frozen=True)
class Field:
    """A variable's place in a vector, its dims and its shape."""

    start: int
    dims: tuple[str, ...]
    shape: tuple[int, ...]

    def of(self, vectors: Array) -> Array:
        """The variable's values in vectors of shape (..., length); shape (..., *shape)."""
        stop = self.start + prod(self.shape)
        return vectors[..., self.start : stop].reshape((*vectors.shape[:-1], *self.shape))


@dataclass(frozen=True)
class Layout:
    """Variables of one outcome's model, by name.

    Attributes
    ----------
    free
        Of the sampled point: scales by their coordinates, the path by its components
        (``lambda_drift``), the transported coordinates x_tau and x, pseudo-responses (xi), means that are known as
        intervals (x_inside), shocks that are apart from paths (x_shock), tails of these or of noise (x_tail), scales
        by period (s_period), regions' departures from the path (x_region), effect terms (x_term), units' scales
        (x_unit) and coefficients of covariates (beta) where there are any, and, where there are comparator weights,
        those of weights (x_donor, x_pair) and, if paths have shocks, of comparators' drifts (x_u).
    reported
        Of the vector of results, which has a place for every scalar, needed or not.
    """

    free: Mapping[str, Field]
    reported: Mapping[str, Field]

    @property
    def points(self) -> int:
        """Length of the sampled point."""
        return sum(prod(field.shape) for field in self.free.values())

    @property
    def head(self) -> int:
        """Length of the vector of results before latents, which come last."""
        return self.reported["eta"].start

    @property
    def results(self) -> int:
        """Length of the vector of results."""
        return self.head + sum(prod(field.shape) for name, field in self.reported.items() if name in LATENTS)

    @property
    def places(self) -> NDArray[np.int64]:
        """Starts in the point of scalars, -1 where there are none, and of vectors, the next one's where none."""
        scalars = [self.free[name].start if name in self.free else -1 for name in SCALARS]
        vectors, after = [], self.points
        for name in reversed(_VECTORS):
            after = self.free[name].start if name in self.free else after
            vectors.append(after)
        return np.array([*scalars, *reversed(vectors)])


def layout_of(cells: Cells, family: Family) -> Layout:
    """Layout of one outcome's model.

    Parameters
    ----------
    cells, family
        The outcome.
    """
    sizes = sizes_of(cells, family)
    learned = cells.weighting is not None and cells.weighting.kappa is None
    groups = set() if cells.terms is None else set(cells.terms.groups)
    there = {
        "s": cells.counted and not cells.sized,
        "sigma": learns_noise(family, cells),
        "kappa": learned,
        "sigma_event": "event" in groups,
        "sigma_cohort": "cohort" in groups,
        "omega": cells.varied and not cells.scale_tail,
        "sigma_slope": cells.trends,
        "sigma_region": cells.regions is not None,
    }
    absent = {name for name, present in there.items() if not present}
    scalars = [name for name in SCALARS if name not in absent]
    apart = {"x_term": cells.terms is not None, "x_unit": cells.varied, "xi": sizes["pseudo"] > 0}
    apart |= {"x_inside": sizes["inside"] > 0, "beta": sizes["covariate"] > 0}
    apart |= {"x_region": cells.regions is not None, "x_shock": cells.apart, "s_period": cells.sized}
    apart |= {"x_tail": cells.heavy or cells.mixed}
    apart |= dict.fromkeys(_WEIGHTING, cells.weighting is not None)
    apart["x_u"] &= cells.white
    vectors = {name: dims for name, dims in _VECTORS.items() if apart.get(name, True)}
    free = _fields({**dict.fromkeys(scalars, ()), **vectors}, sizes)
    reported = _fields({**dict.fromkeys(SCALARS, ()), **_REPORTED}, sizes)
    kinds = {"weight": cells.weighting is not None, "gamma": cells.terms is not None, "unit_scale": cells.varied}
    kinds |= {"lambda_region": cells.regions is not None, "shock": cells.apart, "shock_scale": cells.sized}
    kinds["beta"] = sizes["covariate"] > 0
    absent |= {name for name, present in kinds.items() if not present}
    return Layout(free, {name: field for name, field in reported.items() if name not in absent})


def sampled_as(name: str) -> str:
    """Name in the PyMC model of the variable that is sampled for a scalar or a vector."""
    if name in TAILED:
        return f"z_{name}"
    if name in _SAMPLED_AS:
        return _SAMPLED_AS[name]
    return f"{name}_signed" if name in SIGNED else name


def sizes_of(cells: Cells, family: Family) -> dict[str, int]:
    """Length of every dim of the model's variables."""
    units, periods = cells.value.shape
    return {
        "unit": units,
        "time": periods,
        "pilot": cells.pilots.size,
        "component": periods,
        "drift": periods - 1,
        "ordered": units,
        "term": 0 if cells.terms is None else len(cells.terms.names),
        "covariate": len(cells.covariates),
        "varied": units if cells.varied else 0,
        "sized": periods if cells.sized else 0,
        "region": 0 if cells.regions is None else len(cells.regions.names),
        "pseudo": int(pseudo_cells(family, cells).sum()),
        "inside": int(inside_cells(family, cells).sum()),
        "donor": 0 if cells.weighting is None else units - cells.pilots.size,
        "pair": 0 if cells.weighting is None else int((cells.weighting.base > 0).sum()),
    }


def _fields(dims: Mapping[str, tuple[str, ...]], sizes: Mapping[str, int]) -> dict[str, Field]:
    shapes = [tuple(sizes[dim] for dim in each) for each in dims.values()]
    starts = accumulate(map(prod, shapes), initial=0)
    rows = zip(dims.items(), starts, shapes, strict=False)
    return {name: Field(start, each, shape) for (name, each), start, shape in rows}
