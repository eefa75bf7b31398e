"""JAX's draws against the numba backend's, and its log density against PyTensor's.

Both evaluate one graph in double precision, in another order of operations: densities of some
thousands agree to 1e-10 of their size. Eta is kept in single precision, and agrees to 1e-6.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pytest

from primum.errors import PrimumError
from primum.fit.chains import ess_bulk, mcse_mean, rhat
from primum.fit.draws import STATS, Draws, draw
from primum.fit.jax_draws import density_of, draw_with_jax, jax_in_double_precision, reported_of, starts_of
from primum.model import Cells, cells_of, model_of
from primum.model.data import arrays_of, guesses_of
from primum.model.families import Family, family_of
from primum.model.layout import SCALARS, layout_of, sampled_as
from primum.spec import Priors
from primum.spec.families import FamilyName
from primum.spec.spec import Sampler
from tests.model.cases import BESIDE, REGIONS, TRENDS, WEIGHTS
from tests.model.panels import Array, evaluation

# with 1,000 effective draws and more on both sides, four errors of a difference are some 0.15 posterior SDs
SETTINGS = Sampler(chains=4, draws=700, tune=200, target_accept=0.9)


@dataclass(frozen=True)
class Case:
    """An outcome to sample."""

    family: Family
    cells: Cells
    priors: Priors


def case_of(family: FamilyName, **evaluated: Any) -> Case:
    spec, panel = evaluation(family, **evaluated)
    (outcome,) = spec.outcomes
    return Case(family_of(family), cells_of(panel.dataset, outcome), outcome.all_priors())


def quantities(drawn: Draws) -> tuple[list[str], Array]:
    """Scalar hyperparameters and the pilots' effects; shape (quantity, chain, draw)."""
    effects = np.moveaxis(drawn.values["tau_unit"], -1, 0)
    names = [name for name in SCALARS if name in drawn.values]
    labels = [*names, *(f"tau_unit[{pilot}]" for pilot in range(len(effects)))]
    return labels, np.concatenate([np.stack([drawn.values[name] for name in names]), effects])


@pytest.mark.parametrize(("family", "changes"), [("binomial", WEIGHTS), ("lognormal", None)])
def test_means_are_those_of_the_numba_backend(family: FamilyName, changes: dict[str, Any] | None) -> None:
    case = case_of(family, missing=5, seed=3, changes=changes)
    first = draw_with_jax(case.family, case.cells, case.priors, SETTINGS, seed=1)
    second = draw(case.family, case.cells, case.priors, SETTINGS, seed=1)
    assert {name: values.shape for name, values in first.values.items()} == {
        name: values.shape for name, values in second.values.items()
    }
    assert {name: values.dtype for name, values in first.values.items()} == {
        name: values.dtype for name, values in second.values.items()
    }
    assert tuple(first.stats) == STATS
    assert all(values.shape == (SETTINGS.chains, SETTINGS.draws) for values in first.stats.values())
    names, mine = quantities(first)
    theirs = quantities(second)[1]
    assert rhat(mine).max() < 1.03, "the chains must have met, or Monte Carlo errors mean nothing"
    assert min(ess_bulk(mine).min(), ess_bulk(theirs).min()) > 400, "too few effective draws to find a difference"
    # some 20 comparisons of independent means, normal by the central limit theorem: at 4 standard errors,
    # one of them fails by chance for one seed in 800
    error = np.hypot(mcse_mean(mine), mcse_mean(theirs))
    apart = np.abs(mine.mean(axis=(1, 2)) - theirs.mean(axis=(1, 2))) / error
    assert apart.max() < 4, dict(zip(names, apart, strict=True))
    assert not first.stats["diverging"].any()


@pytest.mark.parametrize(
    ("family", "counted", "missing", "bounded", "changes"),
    [
        ("binomial", True, 5, 0, None),
        ("binomial", True, 0, 0, {**REGIONS, **TRENDS}),
        ("negative_binomial", True, 5, 20, None),
        ("lognormal", True, 5, 0, None),
        ("gamma", True, 5, 20, BESIDE),
        ("normal", False, 0, 0, None),
        ("ordered", True, 5, 0, None),
    ],
)
def test_functions_are_those_of_pytensor(
    family: FamilyName, counted: bool, missing: int, bounded: int, changes: dict[str, Any] | None
) -> None:
    case = case_of(family, counted=counted, missing=missing, bounded=bounded, changes=changes)
    layout = layout_of(case.cells, case.family)
    model = model_of(case.cells, case.family, case.priors)
    guesses = guesses_of(case.cells, case.family, case.priors)
    points = starts_of(layout, arrays_of(case.cells, case.family, case.priors)["priors"], guesses, 3, seed=1)
    values_by_name = {variable.name: value.name for variable, value in model.rvs_to_values.items()}
    reported = model.replace_rvs_by_values([model[name] for name in layout.reported])
    points[1][layout.free["sigma_tau"].start] = -2.5  # its coordinate's tails are computed apart
    points[2][layout.free["sigma_tau"].start] = 3.5
    density = model.compile_logp(mode="FAST_COMPILE")
    slopes = model.compile_fn(model.dlogp(), inputs=model.value_vars, mode="FAST_COMPILE")
    expected = model.compile_fn(reported, inputs=model.value_vars, mode="FAST_COMPILE", on_unused_input="ignore")
    with jax_in_double_precision():
        densities = [float(each) for each in jax.vmap(density_of(model, layout))(points)]
        found = jax.vmap(reported_of(model, layout))(points)
        gradients = np.asarray(jax.vmap(jax.grad(density_of(model, layout)))(points))
    for place in range(len(points)):
        by_name = {values_by_name[sampled_as(name)]: field.of(points)[place] for name, field in layout.free.items()}
        assert densities[place] == pytest.approx(float(density(by_name)), rel=1e-10)
        by_value = {values_by_name[sampled_as(name)]: field.of(gradients)[place] for name, field in layout.free.items()}
        flat = np.concatenate([np.ravel(by_value[variable.name]) for variable in model.value_vars])
        wanted = slopes(by_name)
        np.testing.assert_allclose(flat, wanted, rtol=1e-8, atol=1e-10 * np.abs(wanted).max())
        for name, values in zip(layout.reported, expected(by_name), strict=True):
            np.testing.assert_allclose(found[name][place], values, rtol=0, atol=1e-6 if name == "eta" else 1e-10)


def test_starts_differ_between_chains_and_repeat() -> None:
    case = case_of("binomial")
    layout = layout_of(case.cells, case.family)
    priors = arrays_of(case.cells, case.family, case.priors)["priors"]
    guesses = guesses_of(case.cells, case.family, case.priors)
    first = starts_of(layout, priors, guesses, 3, seed=4)
    assert first.shape == (3, layout.points)
    assert np.unique(first[:, 0]).size == 3
    np.testing.assert_array_equal(first, starts_of(layout, priors, guesses, 3, seed=4))
    others = starts_of(layout, priors, guesses, 3, seed=5)
    assert (first != others).any(axis=1).all()
    assert np.unique([*first[:, 0], *others[:, 0]]).size == 6


@pytest.mark.parametrize("double", [False, True])
def test_precision_of_others_is_left_alone(double: bool) -> None:
    with jax_in_double_precision():
        pass  # PyTensor's backend is imported by now, whichever test runs first
    before = jax.config.jax_enable_x64
    try:
        jax.config.update("jax_enable_x64", double)
        with jax_in_double_precision():
            assert jax.numpy.ones(1).dtype == "float64"
        assert jax.config.jax_enable_x64 == double
    finally:
        jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("absent", ["jax", "numpyro"])
def test_says_what_to_install(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("binomial")
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(PrimumError, match=rf"{absent} is not installed; run `pip install primum\[jax\]`"):
        draw_with_jax(case.family, case.cells, case.priors, SETTINGS, seed=1)
