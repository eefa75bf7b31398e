"""Compiled code against PyMC's own, and how often it is made.

Both evaluate one graph in double precision, in another order of operations: densities of some
hundreds agree to 1e-11 of their size, gradients to 1e-9 of their largest element.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import nutpie
import pymc as pm
import pytest

from primum.fit import compile as module
from primum.fit.compile import compiled, structure_of
from primum.fit.sample import KEPT
from primum.model import build
from tests.fit.evaluations import RealFit
from tests.model.panels import Array, evaluation

POINTER = ctypes.POINTER(ctypes.c_double)


def kept_of(model: pm.Model) -> tuple[str, ...]:
    return tuple(name for name in KEPT if name in model.named_vars)


def evaluate(program: Any, point: Array) -> tuple[float, Array]:
    """Log density and gradient by the function that the sampler calls."""
    gradient, density = np.empty(program.n_dim), np.empty(1)
    pointers = [array.ctypes.data_as(POINTER) for array in (np.ascontiguousarray(point), gradient, density)]
    status = program.compiled_logp_func.ctypes(program.n_dim, *pointers, program.user_data.ctypes.data)
    assert status == 0
    return float(density[0]), gradient


def expand(program: Any, point: Array) -> Array:
    """What the sampler stores of a point."""
    values = np.empty(program.n_expanded)
    pointers = [array.ctypes.data_as(POINTER) for array in (np.ascontiguousarray(point), values)]
    function = program.compiled_expand_func.ctypes
    assert function(program.n_dim, program.n_expanded, *pointers, program.user_data.ctypes.data) == 0
    return values


def random_point(model: pm.Model, seed: int) -> tuple[dict[str, Array], Array]:
    """A point by variable, and in the sampler's order."""
    rng = np.random.default_rng(seed)
    start = model.initial_point(0)
    point = {name: value + 0.5 * rng.normal(size=np.shape(value)) for name, value in start.items()}
    order = [model.rvs_to_values[variable].name for variable in model.free_RVs]
    return point, np.concatenate([np.ravel(point[name]) for name in order])


def test_two_outcomes_of_one_structure_are_compiled_once(real_fit: RealFit) -> None:
    assert len(real_fit.fit.tree.children) == 2
    assert real_fit.compilations == 1


def test_each_outcome_has_its_own_data(real_fit: RealFit) -> None:
    models = {name: build(real_fit.spec, real_fit.panel, name) for name in ("first", "first_again")}
    # both are made before either is used, so that one cannot lend its data to the other
    programs = {name: compiled(model, "normal", kept_of(model)) for name, model in models.items()}
    densities = []
    for name, model in models.items():
        point, flat = random_point(model, seed=1)
        density, gradient = evaluate(programs[name], flat)
        assert density == pytest.approx(float(model.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-11)
        expected = model.compile_dlogp(mode="FAST_COMPILE")(point)
        np.testing.assert_allclose(gradient, expected, atol=1e-9 * np.abs(expected).max())
        densities.append(density)
    assert abs(densities[0] - densities[1]) > 1, "the outcomes must differ, or the comparison means nothing"


def test_another_panel_of_one_structure_brings_its_coordinates(
    real_fit: RealFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(nutpie, "compile_pymc_model", never)
    later = tuple(range(2030, 2036))
    spec, panel = evaluation("normal", counted=False, units=14, pilots=4, missing=6, times=later, seed=8)
    model = build(spec, panel)
    program = compiled(model, "normal", kept_of(model))
    np.testing.assert_array_equal(program.coords["time"], later)
    np.testing.assert_array_equal(program.coords["unit"], range(14))
    np.testing.assert_array_equal(program.coords["pilot"], range(4))
    # the first panel's names are of text, and stay with its own program
    first = build(real_fit.spec, real_fit.panel, "first")
    assert compiled(first, "normal", kept_of(first)).coords["unit"][0] == "Area 00"
    point, flat = random_point(model, seed=2)
    expected = float(model.compile_logp(mode="FAST_COMPILE")(point))
    assert evaluate(program, flat)[0] == pytest.approx(expected, rel=1e-11)


@dataclass(frozen=True)
class Uncompiled:
    """Stands for a compiled model: takes data and coordinates, and has no code."""

    shared_var_keys: Mapping[Any, str]
    _coords: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Array] = field(default_factory=dict)

    @property
    def coords(self) -> dict[str, Any]:
        return self._coords

    def with_data(self, **data: Array) -> Self:
        return type(self)(self.shared_var_keys, self._coords, data)


def test_other_shapes_families_and_variables_are_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def compile_pymc_model(model: pm.Model, var_names: tuple[str, ...]) -> Uncompiled:
        made.append(var_names)
        return Uncompiled({variable: variable.name for variable in model.data_vars if variable.name != "weight"})

    monkeypatch.setattr(nutpie, "compile_pymc_model", compile_pymc_model)
    monkeypatch.setattr(module, "_compiled", {})
    base = {"units": 10, "pilots": 3, "missing": 2}

    def compilations(family: Any, counted: bool = True, names: tuple[str, ...] | None = None, **table: Any) -> int:
        model = build(*evaluation(family, counted=counted, **{**base, **table}))
        before = len(made)
        program = compiled(model, family, names or kept_of(model))
        expected = {variable.name for variable in model.data_vars} - {"weight"}
        assert set(program.given) == expected, "data that the code does not use must not be handed to it"
        np.testing.assert_array_equal(program.given["value"], model["value"].get_value())
        return len(made) - before

    assert compilations("binomial") == 1
    assert compilations("binomial") == 0
    assert compilations("binomial", seed=9) == 0
    assert compilations("binomial", units=11) == 1
    assert compilations("binomial", times=(2010, 2011, 2012, 2013, 2014, 2015, 2016)) == 1
    assert compilations("binomial", pilots=4) == 1
    assert compilations("binomial", missing=3) == 1
    assert compilations("binomial", missing=0) == 1
    assert compilations("binomial", names=("tau",)) == 1
    assert compilations("normal") == 1
    assert compilations("lognormal") == 1
    assert compilations("normal", counted=False) == 1
    assert compilations("binomial") == 0


def test_structure_does_not_hold_values() -> None:
    first, second = (build(*evaluation("binomial", seed=seed)) for seed in (1, 2))
    assert structure_of(first, "binomial", ("tau",)) == structure_of(second, "binomial", ("tau",))
    assert hash(structure_of(first, "binomial", ("tau",))) is not None


def test_light_wrapper_is_nutpie_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small model with data of every kind that the wrapper unpacks, since nutpie's own is slow to compile."""
    rng = np.random.default_rng(3)
    with pm.Model() as model:
        matrix = pm.Data("matrix", rng.normal(size=(4, 3)), shape=(4, 3))
        vector = pm.Data("vector", rng.normal(size=3), shape=(3,))
        number = pm.Data("number", np.asarray(1.7), shape=())
        position = pm.Data("position", np.array([2, 0, 2]), shape=(3,))
        slope = pm.Normal("slope", number, 1.0, shape=3)
        scale = pm.HalfNormal("scale", 1.0)
        fitted = pm.Deterministic("fitted", matrix @ slope + scale)
        pm.Potential("density", -0.5 * ((fitted[position] - vector) ** 2).sum() / scale)
    from nutpie import compile_pymc

    original = compile_pymc.make_extraction_fn
    monkeypatch.setattr(module, "_compiled", {})
    light = compiled(model, "made up", ("fitted",))
    assert compile_pymc.make_extraction_fn is original, "nutpie must be left as it was found"
    own = nutpie.compile_pymc_model(model, var_names=("fitted",))
    other = {"matrix": rng.normal(size=(4, 3)), "vector": np.zeros(3), "number": 0.2, "position": np.array([1, 1, 3])}
    for data in ({}, other):
        ours, theirs = light.with_data(**data), own.with_data(**data)
        for seed in (4, 5):
            _, point = random_point(model, seed)
            density, gradient = evaluate(ours, point)
            expected, expected_gradient = evaluate(theirs, point)
            # the same machine code of the same graph behind both
            assert density == pytest.approx(expected, rel=1e-14)
            np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-13)
            np.testing.assert_allclose(expand(ours, point), expand(theirs, point), rtol=1e-14)
