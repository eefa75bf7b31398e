"""Panels that between them reach every branch of the model, and the model of each, ready to evaluate."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from pytensor.compile.mode import Mode
from pytensor.gradient import grad

from primum.model import Cells, build, cells_of
from primum.model.data import arrays_of
from primum.model.families import Family, family_of, follows_scale
from primum.model.kernel import ARRAYS, kernel_of
from primum.model.kernel import kernel as module
from primum.model.kernel.places import BLOCK
from primum.model.layout import Layout, layout_of, sampled_as
from primum.panel import Panel
from primum.spec import Outcome, Spec
from primum.spec.families import FamilyName
from tests.model.panels import Array, evaluation, spec_of, table_of

# Python thunks and no rewriting: neither is worth its time for some dozen evaluations
MODE = Mode(linker="py", optimizer=None)
UNEVEN = (2010, 2011, 2013, 2014, 2018, 2019)
PHI = {"outcomes.first.phi": 0.7}
WEIGHTS = {"outcomes.first.weights": {"base": "equal", "scale": 0.7, "shared": 0.3}}
EFFECT = {"outcomes.first.effect": {"over_time": "event time", "cohorts": "apart", "moderators": ["rating"]}}
VARIED = {"outcomes.first.variances": "by unit"}
WILD = {"outcomes.first.variances": "heavy-tailed"}
HEAVY = {"outcomes.first.effect.spread": "heavy-tailed"}
WALK = {"outcomes.first.common_path": "random walk"}
REGIONS = {"columns.regions": "region", "outcomes.first.path_by": "region"}
TRENDS = {"outcomes.first.trends": "by unit"}
EVIDENCE = {
    "outcomes.first.prior_set": "informed",
    "outcomes.first.evidence": {"estimates": [0.6, 0.9], "standard_errors": [0.1, 0.2], "reason": "a test"},
}
SHOCKS = {"outcomes.first.shocks": "heavy-tailed"}
SIZES = {"outcomes.first.shock_sizes": "by period"}
BESIDE = {"outcomes.first.covariates": ["rain", "snow"]}
LONG = tuple(range(2010, 2018))
Point = dict[str, Array]


def _with_gaps_at(
    family: FamilyName, gaps: list[tuple[int, int]], changes: dict[str, Any] | None = None, **table: Any
) -> tuple[Spec, Panel]:
    """An evaluation whose cells at these places (unit, period) are empty."""
    spec, frame = spec_of(family, changes=changes), table_of(family, **table)
    periods = frame["year"].nunique()
    frame["first_value"] = frame["first_value"].astype(float)
    frame.loc[[unit * periods + period for unit, period in gaps], "first_value"] = np.nan
    return spec, Panel.from_frame(frame, spec.data)


def _with_base_weights() -> tuple[Spec, Panel]:
    """Base weights that differ between pilots, with pairs left out."""
    spec, panel = evaluation("binomial", changes={**WEIGHTS, "outcomes.first.weights.base": "panel"})
    rng = np.random.default_rng(3)
    pairs = [(pilot, unit) for pilot in range(3) for unit in range(3, 12) if (pilot + unit) % 4]
    rows = [(pilot, unit, rng.uniform(0.5, 2)) for pilot, unit in pairs]
    return spec, panel.with_base_weights(pd.DataFrame(rows, columns=["pilot", "comparator", "weight"]))


CASES: dict[str, Callable[[], tuple[Spec, Panel]]] = {
    "binomial, other priors": lambda: evaluation(
        "binomial",
        changes={
            "outcomes.first.priors.tau": {"location": 0.7, "scale": 0.2, "reason": "a test"},
            "outcomes.first.priors.q": {"scale": 0.05, "reason": "a test"},
            "outcomes.first.priors.lambda_t": {"scale": 0.4, "reason": "a test"},
        },
    ),
    "binomial with gaps": lambda: evaluation("binomial", missing=9, times=UNEVEN),
    "binomial, stationary drift": lambda: evaluation("binomial", times=UNEVEN, changes=PHI),
    # pilot 1 is left out while it rises; pilot 0 is empty before exposure and under it
    "binomial with gaps in pilots": lambda: _with_gaps_at(
        "binomial", [(0, 1), (0, 4), (5, 0)], {"treatment.embedding": "leave out"}
    ),
    # two whole blocks and six units, with gaps at their edges and in unit 20 no cell at all
    "binomial in blocks, with gaps": lambda: _with_gaps_at(
        "binomial",
        [
            *((20, period) for period in range(10)),
            *((BLOCK - 1, 0), (BLOCK - 1, 9), (BLOCK, 0), (BLOCK + 1, 5)),
            *((2 * BLOCK - 1, 2), (2 * BLOCK, 2), (2 * BLOCK + 5, 9)),
        ],
        units=2 * BLOCK + 6,
        pilots=5,
        times=tuple(range(2010, 2020)),
    ),
    "poisson": lambda: evaluation("poisson", times=UNEVEN),
    "poisson with gaps": lambda: evaluation("poisson", missing=9),
    "binomial with intervals, with gaps": lambda: evaluation("binomial", missing=9, bounded=40, times=UNEVEN),
    "binomial with weights, with intervals": lambda: evaluation("binomial", bounded=30, changes=WEIGHTS),
    "poisson with intervals, with gaps": lambda: evaluation("poisson", missing=9, bounded=30),
    "beta-binomial with intervals, with gaps": lambda: evaluation("beta_binomial", missing=9, bounded=30),
    "negative binomial with intervals, with gaps": lambda: evaluation("negative_binomial", missing=9, bounded=30),
    "normal with intervals, with gaps": lambda: evaluation("normal", missing=9, bounded=30, times=UNEVEN),
    "gamma with weights, with intervals": lambda: evaluation("gamma", missing=9, bounded=30, changes=WEIGHTS),
    "student_t with intervals, with gaps": lambda: evaluation("student_t", missing=9, bounded=30),
    "binomial with covariates, with gaps": lambda: evaluation("binomial", missing=9, times=UNEVEN, changes=BESIDE),
    "normal with covariates, weights, regions and terms, with gaps": lambda: evaluation(
        "normal", pilots=5, missing=9, staggered=True, changes={**BESIDE, **WEIGHTS, **REGIONS, **EFFECT}
    ),
    "poisson with covariates, shocks by period and variances by unit": lambda: evaluation(
        "poisson", changes={**BESIDE, **SIZES, **VARIED}
    ),
    "binned": lambda: evaluation("binned", times=UNEVEN),
    "binned, with hidden bins and gaps": lambda: evaluation("binned", missing=9, bounded=20),
    "binned, with open records, hidden bins and gaps": lambda: evaluation("binned", missing=9, bounded=20, still=True),
    "ordered": lambda: evaluation("ordered", times=UNEVEN),
    "ordered, with hidden categories and gaps": lambda: evaluation("ordered", missing=9, bounded=20),
    "ordered with weights": lambda: evaluation("ordered", missing=9, changes=WEIGHTS),
    "lognormal with gaps": lambda: evaluation("lognormal", missing=9),
    "lognormal in blocks": lambda: evaluation("lognormal", units=2 * BLOCK, times=tuple(range(2010, 2018))),
    "lognormal with known errors, shocks by period and intervals, with gaps": lambda: evaluation(
        "lognormal", known=True, bounded=30, missing=9, changes=SIZES
    ),
    "lognormal with known errors, with intervals": lambda: evaluation("lognormal", known=True, bounded=30),
    "normal": lambda: evaluation("normal", times=UNEVEN),
    "normal without denominators, with gaps": lambda: evaluation("normal", counted=False, missing=9, times=UNEVEN),
    "normal, stationary drift, with gaps": lambda: evaluation("normal", missing=9, times=UNEVEN, changes=PHI),
    "beta_binomial": lambda: evaluation("beta_binomial", times=UNEVEN),
    "beta_binomial with gaps": lambda: evaluation("beta_binomial", missing=9),
    "negative_binomial with gaps": lambda: evaluation("negative_binomial", missing=9),
    "negative_binomial with weights": lambda: evaluation("negative_binomial", times=UNEVEN, changes=WEIGHTS),
    "student_t with gaps": lambda: evaluation("student_t", missing=9),
    "student_t with weights, trends and variances by unit, with gaps": lambda: evaluation(
        "student_t", missing=9, times=UNEVEN, changes={**WEIGHTS, **TRENDS, **VARIED}
    ),
    "student_t in blocks": lambda: evaluation(
        "student_t", units=BLOCK + 20, missing=30, times=tuple(range(2010, 2016))
    ),
    "student_t without denominators": lambda: evaluation("student_t", counted=False, times=UNEVEN),
    "gamma with gaps": lambda: evaluation("gamma", missing=9),
    "gamma without denominators": lambda: evaluation("gamma", counted=False, times=UNEVEN, changes=WEIGHTS),
    "normal with known errors, with gaps": lambda: evaluation("normal", known=True, missing=9),
    "lognormal with known errors": lambda: evaluation("lognormal", known=True, times=UNEVEN),
    "binomial with weights": lambda: evaluation("binomial", missing=9, times=UNEVEN, changes=WEIGHTS),
    "binomial with weights, in blocks": lambda: evaluation(
        "binomial", units=BLOCK + 20, pilots=4, missing=30, times=tuple(range(2010, 2020)), changes=WEIGHTS
    ),
    "lognormal with weights, kappa fixed": lambda: evaluation(
        "lognormal", missing=9, changes={**WEIGHTS, "outcomes.first.weights.kappa": 1.3}
    ),
    "normal with weights, without denominators": lambda: evaluation(
        "normal", counted=False, missing=9, changes=WEIGHTS
    ),
    "binomial with weights, of the panel": _with_base_weights,
    "binomial with effect terms": lambda: evaluation(
        "binomial", pilots=5, times=LONG, staggered=True, missing=9, changes=EFFECT
    ),
    "normal with effect over event time, without denominators": lambda: evaluation(
        "normal", counted=False, changes={"outcomes.first.effect.over_time": "event time"}
    ),
    "binomial, variances by unit": lambda: evaluation("binomial", missing=9, times=UNEVEN, changes=VARIED),
    "lognormal with weights, variances by unit and effect terms": lambda: evaluation(
        "lognormal", pilots=5, times=LONG, staggered=True, missing=9, changes={**VARIED, **WEIGHTS, **EFFECT}
    ),
    "normal without denominators, variances by unit": lambda: evaluation("normal", counted=False, changes=VARIED),
    "binomial, heavy-tailed variances, with gaps": lambda: evaluation(
        "binomial", missing=9, times=UNEVEN, changes=WILD
    ),
    "poisson with weights, heavy-tailed variances and shocks": lambda: evaluation(
        "poisson", changes={**WILD, **WEIGHTS, **SHOCKS}
    ),
    "binomial, heavy-tailed effects": lambda: evaluation("binomial", changes=HEAVY),
    "normal, informed prior and heavy-tailed effects, with gaps": lambda: evaluation(
        "normal", missing=9, changes={**HEAVY, **EVIDENCE}
    ),
    "binomial, heavy-tailed shocks, with gaps": lambda: evaluation("binomial", missing=9, times=UNEVEN, changes=SHOCKS),
    "normal with known errors, heavy-tailed shocks": lambda: evaluation(
        "normal", known=True, missing=9, changes=SHOCKS
    ),
    "binomial, shocks by period, with gaps": lambda: evaluation("binomial", missing=9, times=UNEVEN, changes=SIZES),
    "poisson with weights, shocks by period, variances by unit": lambda: evaluation(
        "poisson", changes={**SIZES, **WEIGHTS, "outcomes.first.variances": "by unit"}
    ),
    "poisson, heavy-tailed shocks, in blocks": lambda: evaluation(
        "poisson", units=BLOCK + 20, pilots=4, missing=30, changes={**SHOCKS, **VARIED, **WEIGHTS, **TRENDS}
    ),
    "binomial, trends, shocks by period, with gaps": lambda: evaluation(
        "binomial", missing=9, times=UNEVEN, changes={**SIZES, **TRENDS, **VARIED}
    ),
    "poisson, stationary drift with trends and weights, shocks by period": lambda: evaluation(
        "poisson", missing=9, times=UNEVEN, changes={**SIZES, **TRENDS, **PHI, **WEIGHTS}
    ),
    "binomial, stationary drift, heavy-tailed shocks": lambda: evaluation("binomial", changes={**SHOCKS, **PHI}),
    "binned, heavy-tailed shocks, with hidden bins and gaps": lambda: evaluation(
        "binned", missing=9, bounded=20, changes=SHOCKS
    ),
    "binomial, the path a walk": lambda: evaluation("binomial", times=UNEVEN, missing=9, changes=WALK),
    "normal with regions, stationary drift, with gaps": lambda: evaluation(
        "normal", missing=9, times=UNEVEN, changes={**REGIONS, **PHI}
    ),
    "poisson with regions, the path a walk": lambda: evaluation("poisson", changes={**REGIONS, **WALK}),
    "gamma with trends, with gaps": lambda: evaluation("gamma", missing=9, times=UNEVEN, changes=TRENDS),
    "normal with trends, without denominators": lambda: evaluation(
        "normal", counted=False, missing=9, changes={**TRENDS, **PHI}
    ),
    "normal with trends and weights, without denominators": lambda: evaluation(
        "normal", counted=False, changes={**TRENDS, **WEIGHTS}
    ),
    "binomial with trends, regions, the path a walk, weights, effect terms and variances by unit, with gaps": lambda: (
        evaluation(
            "binomial",
            pilots=5,
            times=LONG,
            staggered=True,
            missing=9,
            changes={**TRENDS, **REGIONS, **WALK, **WEIGHTS, **EFFECT, **VARIED},
        )
    ),
    "lognormal in blocks, with regions, trends and weights": lambda: evaluation(
        "lognormal", units=BLOCK + 20, pilots=4, missing=30, changes={**TRENDS, **REGIONS, **WEIGHTS}
    ),
    "normal with one pilot": lambda: evaluation("normal", units=5, pilots=1, times=(2010, 2011, 2013, 2014)),
}


class Model:
    """A built model that can be evaluated at points."""

    def __init__(self, spec: Spec, panel: Panel) -> None:
        self.outcome: Outcome = spec.outcomes[0]
        self.cells: Cells = cells_of(panel.dataset, self.outcome)
        self.family: Family = family_of(self.outcome.family)
        self.standard = self.family.standard(self.cells)
        self.layout: Layout = layout_of(self.cells, self.family)
        self.arrays = arrays_of(self.cells, self.family, self.outcome.all_priors())
        self.model = build(spec, panel)

    @cached_property
    def _function(self) -> Callable[[Point], list[Any]]:
        model = self.model
        logp = model.logp()
        # in one go: model.dlogp() walks through the graph once a variable
        slopes = grad(logp, model.value_vars)
        outputs = [logp, pt.concatenate([slope.ravel() for slope in slopes]), *model.unobserved_value_vars]
        return model.compile_fn(outputs, mode=MODE)  # type: ignore[no-any-return]

    def __call__(self, point: Point) -> dict[str, Array]:
        """Log density, its gradient and all variables, in the model's own names and order."""
        names = ["logp", "gradient", *(variable.name for variable in self.model.unobserved_value_vars)]
        return dict(zip(names, map(np.asarray, self._function(point)), strict=True))

    def points(self, count: int, seed: int) -> list[Point]:
        """Random points, scales of both signs among them."""
        rng = np.random.default_rng(seed)
        start = self.model.initial_point(0)
        return [
            {name: value + 0.7 * rng.normal(size=np.shape(value)) for name, value in start.items()}
            for _ in range(count)
        ]

    def place(self, unit: int) -> int:
        """Place of a unit of the panel in the model's order."""
        return int(np.flatnonzero(self.cells.order == unit)[0])

    def split(self, vector: Array) -> Point:
        """A vector in the order of the model's variables (its gradient's), by name."""
        shapes = {name: np.shape(value) for name, value in self.model.initial_point(0).items()}
        found, begin = {}, 0
        for name in (variable.name for variable in self.model.value_vars):
            end = begin + int(np.prod(shapes[name]))
            found[name] = vector[begin:end].reshape(shapes[name])
            begin = end
        assert begin == vector.size
        return found

    def flat(self, values: Point) -> Array:
        """A point, or a gradient, as the kernel has it."""
        vector = np.full(self.layout.points, np.nan)
        for name, field in self.layout.free.items():
            field.of(vector[None])[...] = values[sampled_as(name)]
        assert np.isfinite(vector).all(), "a place of the kernel's point that the model does not have"
        return vector

    def reported(self, at: dict[str, Array]) -> Array:
        """What the kernel should report, NaN where a scalar is not in the model."""
        vector = np.full(self.layout.results, np.nan)
        for name, field in self.layout.reported.items():
            if name in {"eta", "shock"}:
                field.of(vector[None])[...] = at[name][self.cells.order].T
            elif name == "weight" and self.cells.weighting is not None:
                field.of(vector[None])[...] = at[name][self.cells.weighting.base > 0]
            elif name == "unit_scale":
                field.of(vector[None])[...] = at[name][self.cells.order]
            else:
                field.of(vector[None])[...] = at[name]
        return vector

    def kernel(self, vector: Array) -> tuple[float, Array, Array]:
        """Density, gradient and reported variables by the kernel's source, run as Python."""
        # nothing may be read from what is to be written
        gradient, reported = np.full(self.layout.points, np.nan), np.full(self.layout.results, np.nan)
        arrays = {**self.arrays, "places": self.layout.places}
        given = (arrays[name] for name in ARRAYS)
        density = python_kernel(self.outcome.family)(vector, gradient, reported, np.empty(0), *given)
        return float(density), gradient, reported


@cache
def model_case(name: str) -> Model:
    """The model of a case, made once a process; tests leave it as it is."""
    return Model(*CASES[name]())


@cache
def has_pseudo(built: Model) -> NDArray[np.bool_]:
    """Missing cells, where the scale of noise is learned, or that of each unit and shocks are in paths."""
    following = built.cells.varied and not built.cells.apart
    return ~built.cells.observed & (following or follows_scale(built.family, built.cells))


def python_kernel(family: FamilyName, *, joined: bool = False) -> Callable[..., float]:
    """The kernel without numba, which takes seconds to compile and hides nothing: tests/fit compares its code."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "jit", lambda function: function)
        return kernel_of.__wrapped__(family, joined=joined)
