"""The check of the effect at every boundary: silent where the model holds, loud where one boundary moves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from primum.checks import predictive_checks
from primum.fit import Fit, Gate
from primum.model import cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.spec import Spec
from primum.testing import canned_fit, tiny_categories
from tests.model.panels import category_names, evaluation

SAMPLE = ("chain", "draw")


def at_the_likeliest(spec: Spec, panel: Panel) -> Fit:
    """Draws of the linear predictor as scattered as one cell's categories leave it, without a hierarchy."""
    outcome = spec.outcomes[0]
    family, cells = family_of("ordered"), cells_of(panel.dataset, outcome)
    response, weight = family.working(cells, family.standard(cells))
    rng, shape = np.random.default_rng(2), (4, 100)
    eta = response + rng.normal(size=(*shape, *response.shape)) / np.sqrt(np.maximum(weight, 1.0))
    hyper = {name: (SAMPLE, np.full(shape, 0.2)) for name in ("mu", "beta_pilot", "sigma_alpha", "q", "s", "tau")}
    variables: dict[str, Any] = {
        **hyper,
        "sigma_tau": (SAMPLE, np.full(shape, 0.1)),
        "sigma": (SAMPLE, np.ones(shape)),
        "lambda": ((*SAMPLE, "time"), np.zeros((*shape, cells.time.size))),
        "eta": ((*SAMPLE, "unit", "time"), eta),
    }
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(variables)})
    return Fit(spec, panel, xr.DataTree(children={"first": tree}), {"first": Gate((), 1.0, np.inf)})


def boundary_checks(spec: Spec, panel: Panel) -> dict[str, Any]:
    found = predictive_checks(at_the_likeliest(spec, panel), "first")
    return {check.feature: check for check in found if check.feature.startswith("change of the share")}


def test_every_boundary_is_looked_at() -> None:
    spec, panel = tiny_categories()
    features = [check.feature for check in predictive_checks(canned_fit(spec, panel), "grades")]
    assert features[-3:] == [f"change of the share above {name}" for name in ("outstanding", "good", "weak")]
    assert len(features) == 7


def test_one_odds_ratio_at_every_boundary_is_reproduced() -> None:
    """Beyond the middle 98% lie fewer than two in a hundred, as the draws have learned from what they are held to."""
    flagged = 0
    for seed in range(10):
        spec, panel = evaluation("ordered", units=20, pilots=5, size=300.0, seed=seed)
        flagged += sum(not check.reproduced for check in boundary_checks(spec, panel).values())
    assert flagged <= 2


def test_observed_changes_are_those_of_the_records() -> None:
    spec, panel = evaluation("ordered", units=12, pilots=3)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    counts = np.asarray(panel.dataset["first"])[:3]
    after, before = cells.exposure[:3] == 1, cells.exposure[:3] == 0
    for k, check in enumerate(boundary_checks(spec, panel).values(), start=1):
        shares = [counts[when][:, k:].sum() / counts[when].sum() for when in (after, before)]
        np.testing.assert_allclose(check.observed, 100 * (shares[0] - shares[1]), rtol=1e-12)


def test_an_effect_at_one_boundary_alone_is_flagged() -> None:
    """Exposure makes the worst of the good weak, and moves nobody else."""
    spec, panel = evaluation("ordered", units=20, pilots=5, size=300.0)
    counts, exposure = np.asarray(panel.dataset["first"]).copy(), np.asarray(panel.dataset["exposure"])
    rng = np.random.default_rng(3)
    moved = rng.binomial(counts[..., 1].astype(int), 0.4 * exposure)
    counts[..., 1] -= moved
    counts[..., 2] += moved
    other = Panel(panel.dataset.assign(first=panel.dataset["first"].copy(data=counts)), panel.layout)
    found = boundary_checks(spec, other)
    assert not all(check.reproduced for check in found.values())
    assert not found[f"change of the share above {category_names('first')[1]}"].reproduced
    assert "every boundary" in next(iter(found.values())).meaning
