"""Evaluations of outcomes of several families, and their joint model, ready to evaluate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from pytensor.gradient import grad
from pytensor.tensor import concatenate

from primum.model.data import arrays_of
from primum.model.joint import build_joint, kinds_of, parts_of
from primum.model.kernel import ARRAYS
from primum.model.kernel import joint as module
from primum.model.layout import layout_of, sampled_as
from primum.panel import Panel
from primum.spec import Spec
from primum.spec.families import FamilyName
from tests.model.cases import MODE, Point, python_kernel
from tests.model.panels import Array, spec_of, table_of

PAIR: dict[str, FamilyName] = {"first": "binomial", "second": "binomial"}
MIXED: dict[str, FamilyName] = {"first": "binomial", "second": "lognormal", "third": "normal"}


def joint_evaluation(
    families: Mapping[str, FamilyName],
    *,
    counted: bool = True,
    missing: int = 0,
    changes: Mapping[str, Any] | None = None,
    **table: Any,
) -> tuple[Spec, Panel]:
    """Outcomes of one panel, each drawn by itself, with their joint specification."""
    content: dict[str, Any] = {}
    frame = None
    for number, (name, family) in enumerate(families.items()):
        own = spec_of(family, (name,), counted=counted).to_dict()
        drawn = table_of(family, (name,), missing=missing, seed=number + 1, **table)
        content = content or own
        content["outcomes"] |= own["outcomes"]
        frame = drawn if frame is None else frame.join(drawn[drawn.columns.difference(frame.columns)])
    spec = Spec.from_dict(content).change({"joint": True, **(changes or {})})
    return spec, Panel.from_frame(frame, spec.data)


class JointModel:
    """A joint model that can be evaluated at points, in PyMC and by the kernel's source run as Python."""

    def __init__(self, spec: Spec, panel: Panel) -> None:
        self.spec = spec
        self.parts = parts_of(spec, panel)
        self.layouts = [layout_of(part.cells, part.family) for part in self.parts]
        self.arrays = [
            {**arrays_of(part.cells, part.family, part.priors), "places": layout.places}
            for part, layout in zip(self.parts, self.layouts, strict=True)
        ]
        self.model = build_joint(spec, panel)
        self.pairs = len(self.parts) * (len(self.parts) - 1) // 2
        self.kinds = kinds_of(self.parts)

    @cached_property
    def _function(self) -> Callable[[Point], list[Any]]:
        # two by two: Python thunks cannot add more than some thirty terms at once
        logp = reduce(add, (term.sum() for term in self.model.logp(sum=False)))
        slopes = grad(logp, self.model.value_vars)
        outputs = [logp, concatenate([slope.ravel() for slope in slopes]), *self.model.unobserved_value_vars]
        return self.model.compile_fn(outputs, mode=MODE)  # type: ignore[no-any-return]

    def __call__(self, point: Point) -> dict[str, Array]:
        """Log density, its gradient as the kernel has it, and all variables by their names in PyMC."""
        names = ["logp", "gradient", *(variable.name for variable in self.model.unobserved_value_vars)]
        found = dict(zip(names, map(np.asarray, self._function(point)), strict=True))
        split, begin = {}, 0
        for variable in self.model.value_vars:
            end = begin + np.size(point[variable.name])
            split[variable.name] = found["gradient"][begin:end].reshape(np.shape(point[variable.name]))
            begin = end
        return {**found, "gradient": self.flat(split)}

    def points(self, count: int, seed: int) -> list[Point]:
        """Random points, scales of both signs among them, and correlations of any size."""
        rng = np.random.default_rng(seed)
        start = self.model.initial_point(0)
        return [
            {name: value + 0.7 * rng.normal(size=np.shape(value)) for name, value in start.items()}
            for _ in range(count)
        ]

    def flat(self, values: Point) -> Array:
        """A point, or a gradient, as the kernel has it."""
        vectors = [values[f"z_{kind}"] for kind in self.kinds]
        for part, layout in zip(self.parts, self.layouts, strict=True):
            vector = np.full(layout.points, np.nan)
            for name, field in layout.free.items():
                field.of(vector[None])[...] = values[f"{part.name}::{sampled_as(name)}"]
            vectors.append(vector)
        whole = np.concatenate(vectors)
        assert np.isfinite(whole).all(), "a place of the kernel's point that the model does not have"
        return whole

    def kernel(self, vector: Array) -> tuple[float, Array, Array, list[Array]]:
        """Density, gradient, correlations below the diagonal by kind, and what is reported of each outcome."""
        results = [layout.results for layout in self.layouts]
        points = np.array([layout.points for layout in self.layouts])
        head = len(self.kinds) * self.pairs
        gradient, reported = np.full(vector.size, np.nan), np.full(head + sum(results), np.nan)
        units, periods = self.parts[0].cells.value.shape
        pilots = self.parts[0].cells.pilots.size
        bounds = np.array([0, units, units * periods, units * periods + pilots, units * (periods + 1)])
        bounds = bounds[: len(self.kinds) + 1]

        def evaluate(outcome: int, point: Array, slopes: Array, found: Array, between: Array, _: Any) -> float:
            given = (self.arrays[outcome][name] for name in ARRAYS)
            kernel = python_kernel(self.parts[outcome].family.name, joined=True)
            return kernel(point, slopes, found, between, *given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "jit", lambda function: function)
            joint = module.joint_of.__wrapped__(evaluate)
        density = joint(vector, gradient, reported, self.spec.lkj, bounds, points, np.array(results), None)
        of_outcomes = np.split(reported[head:], np.cumsum(results)[:-1])
        return float(density), gradient, reported[:head].reshape(len(self.kinds), -1), of_outcomes
