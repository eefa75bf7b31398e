"""Outcomes fitted jointly: machine code, what a fit holds, and correlations that are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.errors import SpecError
from primum.fit import Fit, fit
from primum.fit.draws import joint_model_for
from primum.fit.gate import Gate
from primum.panel import Panel
from primum.sources.simulate import SIGNS_OF_SAFETY
from primum.spec import Spec
from primum.spec.families import FamilyName
from primum.testing import tiny_joint_fit
from tests.fit.test_compile import DENSITY, EXPAND
from tests.model.joint import JointModel, joint_evaluation

FAMILIES: dict[str, FamilyName] = {"first": "binomial", "second": "lognormal"}
WEIGHTS = {f"outcomes.{name}.weights": {"base": "equal", "scale": 0.7, "shared": 0.3} for name in FAMILIES}
NAMES = ("rereferral", "assessment")
TRUTH = 0.8

module = import_module("primum.fit.fit")


@cache
def joint() -> tuple[Spec, Panel, Fit]:
    """Two outcomes whose levels, paths and effects are correlated, in sixty areas over ten years."""
    designs = tuple(design for design in SIGNS_OF_SAFETY if design.name in NAMES)
    simulation = pr.simulate(units=60, periods=10, pilots=8, outcomes=designs, correlation=TRUTH, seed=4)
    content = pr.demo_spec().to_dict()
    content["outcomes"] = {name: content["outcomes"][name] for name in NAMES}
    spec = Spec.from_dict({**content, "joint": True})
    return spec, simulation.panel, fit(spec, simulation.panel, show_progress=False)


@pytest.mark.parametrize("changes", [{}, WEIGHTS])
def test_machine_code_is_the_model(changes: dict[str, Any]) -> None:
    """Single precision is kept of latents; tolerances are those of `tests.fit.test_compile`."""
    built = JointModel(*joint_evaluation(FAMILIES, missing=9, changes=changes))
    held = joint_model_for(built.parts, built.spec.lkj)
    gaps = []
    for point in built.points(4, seed=31):
        vector, gradient, density = built.flat(point), np.full(held.n_dim, np.nan), np.full(1, np.nan)
        addresses = [array.ctypes.data for array in (vector, gradient, density, held.user_data)]
        assert DENSITY(held.compiled_logp_func.address)(vector.size, *addresses) == 0
        at = built(point)
        gaps.append(density[0] - float(at["logp"]))
        expected = at["gradient"]
        np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())
        kept = np.full(held.n_expanded + 1, np.pi)
        addresses = [array.ctypes.data for array in (vector, kept, held.user_data)]
        assert EXPAND(held.compiled_expand_func.address)(vector.size, held.n_expanded, *addresses) == 0
        assert kept[-1] == np.pi, "a guard behind the end, which must not be written"
        for place, kind in enumerate(built.kinds):
            assert kept[place] == pytest.approx(at[f"correlation_{kind}"][1, 0], rel=1e-10)
        first = len(built.kinds)
        for part, layout in zip(built.parts, built.layouts, strict=True):
            latents = kept[first + layout.head : -1].view(np.float32)[: layout.results - layout.head]
            eta = at[f"{part.name}::eta"][part.cells.order].T
            np.testing.assert_allclose(latents[: eta.size].reshape(eta.shape), eta, rtol=1e-6, atol=1e-6)
            weighting = part.cells.weighting
            assert (weighting is not None) == bool(changes)
            if weighting is not None:
                share = at[f"{part.name}::weight"][weighting.base > 0]
                np.testing.assert_allclose(latents[eta.size :], share, rtol=1e-6)
            first += layout.head + (layout.results - layout.head + 1) // 2
    assert np.ptp(gaps) < 1e-9


def test_known_correlations_are_found() -> None:
    """Posterior means lie within 3 posterior SDs of the truth, and levels and paths are well known.

    Of effects, which few pilots have, no more is known than the prior says; wider than a correlation that is
    as likely anywhere, SD 3 ** -0.5, it can only be if chains are stuck at both ends.
    """
    spec, _, found = joint()
    assert found.gate.verdict == "PASS", found.gate.reasons
    table = pr.correlations(found).table
    for kind, most in (("level", 0.15), ("path", 0.08), ("effect", 3**-0.5)):
        row = table.loc[kind].loc[NAMES[0]].loc[NAMES[1]]
        assert abs(row["mean"] - TRUTH) < 3 * row["sd"], kind
        assert row["sd"] < most, kind
    assert spec.outcomes[0].name == NAMES[0]


def test_groups_of_an_outcome_are_those_of_a_fit_apart() -> None:
    spec, panel, found = joint()
    apart = fit(spec.change({"joint": False, "sampler.draws": 50, "sampler.tune": 50}), panel, show_progress=False)
    for name in NAMES:
        assert set(found[name].children) == set(apart[name].children)
        ours, theirs = found.posterior(name), apart.posterior(name)
        assert {key: each.dims for key, each in ours.variables.items()} == {
            key: each.dims for key, each in theirs.variables.items()
        }
    shared = found[NAMES[0]]["sample_stats"].to_dataset()
    xr.testing.assert_identical(shared, found[NAMES[1]]["sample_stats"].to_dataset())
    assert apart.correlations is None


def test_draws_of_outcomes_go_together() -> None:
    """Effects of pilots in SDs, draw by draw: their correlation is that of their matrix, which differs by draw."""
    _, _, found = joint()
    zeta = [(each["tau_unit"] - each["tau"]) / each["sigma_tau"] for each in (found.posterior(name) for name in NAMES)]
    product = np.asarray((zeta[0] * zeta[1]).mean("pilot"))
    assert found.correlations is not None
    effect = np.asarray(found.correlations["effect"].sel(outcome=NAMES[0], other=NAMES[1]))
    # a prior that is exchangeable and eight pilots: means over draws and pilots differ by the posterior alone
    assert np.corrcoef(product.ravel(), effect.ravel())[0, 1] > 0.1
    shuffled = np.roll(product.ravel(), 500)
    assert abs(np.corrcoef(shuffled, effect.ravel())[0, 1]) < 0.1


def test_a_joint_fit_survives_on_disk(tmp_path: Path) -> None:
    _, _, found = joint()
    found.save(tmp_path / "fit.nc")
    assert Fit.load(tmp_path / "fit.nc") == found


def test_a_seed_gives_the_same_draws_in_any_order_of_outcomes() -> None:
    spec, panel, found = joint()
    content = spec.change({"sampler.draws": 60, "sampler.tune": 60}).to_dict()
    first = fit(Spec.from_dict(content), panel, show_progress=False)
    content["outcomes"] = dict(reversed(content["outcomes"].items()))
    turned = Spec.from_dict(content)
    again = fit(turned, Panel(panel.dataset, turned.data), show_progress=False)
    for name in NAMES:
        xr.testing.assert_equal(first.posterior(name), again.posterior(name))
    assert first.correlations is not None
    assert again.correlations is not None
    order = list(NAMES)
    xr.testing.assert_equal(first.correlations, again.correlations.sel(outcome=order, other=order))
    assert found.correlations is not None


def test_a_finished_joint_fit_is_not_sampled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, sampled = tiny_joint_fit(), []
    assert whole.correlations is not None

    def sample_joint(*_: Any) -> xr.DataTree:
        sampled.append(1)
        children = {name: child.copy() for name, child in whole.tree.children.items()}
        return xr.DataTree(
            children={"outcomes": xr.DataTree(children=children), "correlations": xr.DataTree(whole.correlations)}
        )

    monkeypatch.setattr(module, "sample_joint", sample_joint)
    monkeypatch.setattr(module, "compile_ahead", lambda _: None)
    monkeypatch.setattr(module, "_judge", lambda tree: Gate((), 1.0, 1000.0))
    first = fit(whole.spec, whole.panel, checkpoints=tmp_path)
    again = fit(whole.spec, whole.panel, checkpoints=tmp_path)
    assert sampled == [1]
    assert again == first
    assert first.tree.identical(whole.tree)


def test_correlations_that_were_not_explored_are_in_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tiny_joint_fit()
    assert whole.correlations is not None
    stuck = whole.correlations.copy(deep=True)
    stuck["path"][0] *= 0.2

    def sample_joint(*_: Any) -> xr.DataTree:
        children = {name: child.copy() for name, child in whole.tree.children.items()}
        return xr.DataTree(children={"outcomes": xr.DataTree(children=children), "correlations": xr.DataTree(stuck)})

    monkeypatch.setattr(module, "sample_joint", sample_joint)
    monkeypatch.setattr(module, "compile_ahead", lambda _: None)
    found = fit(whole.spec, whole.panel)
    assert {gate.verdict for gate in found.gates.values()} == {"FAIL"}
    assert "R-hat above 1.01 for correlation_path[" in " ".join(found.gates["kinship"].reasons)


@pytest.mark.parametrize("alone", [pr.refit, pr.operating])
def test_what_fits_one_outcome_refuses(alone: Callable[..., Any]) -> None:
    fitted = tiny_joint_fit()
    with pytest.raises(SpecError, match="joint is true"):
        alone(fitted.spec, fitted.panel, "kinship")
