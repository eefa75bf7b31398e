"""The table and draws of a fit, against the same numbers computed from its posterior by hand."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit

from primum.effects import Effects, effects, outcome_effects
from primum.effects.estimands import CORE
from primum.fit import Fit, Gate
from primum.fit.gate import Finding
from primum.model import cells_of
from primum.model.families import family_of
from primum.testing import tiny_fit


@pytest.fixture(scope="module")
def found() -> Effects:
    return effects(tiny_fit())


def test_satt_is_the_mean_of_cell_effects_computed_by_hand(found: Effects) -> None:
    fit = tiny_fit()
    posterior, cells = fit.posterior("kinship"), cells_of(fit.panel.dataset, fit.spec.outcome("kinship"))
    centre = family_of("binomial").standard(cells).centre
    eta, tau = np.asarray(posterior["eta"], dtype=float), np.asarray(posterior["tau_unit"])
    cell = []
    for position, unit in enumerate(cells.pilots):
        for period in range(cells.time.size):
            if cells.exposure[unit, period] == 1:
                here = centre + eta[:, :, unit, period]
                cell.append((position, 100 * (expit(here) - expit(here - tau[:, :, position]))))
    satt = np.mean([values for _, values in cell], axis=0)
    # sums of a few terms in double precision
    np.testing.assert_allclose(found["kinship"].draws["satt"], satt, rtol=1e-10)
    for position in range(3):
        own = np.mean([values for at, values in cell if at == position], axis=0)
        np.testing.assert_allclose(found["kinship"].draws["unit_effect"][..., position], own, rtol=1e-10)


def test_table_summarises_the_draws(found: Effects) -> None:
    each = found["kinship"]
    names: list[str] = []
    arrays: list[xr.DataArray] = []
    for name, variable in each.draws.data_vars.items():
        own = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        if own:
            names += [f"{name}[{place}]" for place in each.draws[own[0]].values]
            arrays += list(variable.transpose(own[0], ...))
        else:
            names.append(str(name))
            arrays.append(variable)
    assert list(each.table.index) == names
    assert names[:5] == ["satt", "new_unit", "unit_effect[1]", "unit_effect[2]", "unit_effect[3]"]
    assert list(each.table.columns) == [
        "mean", "median", "eti95_low", "eti95_high", "sd", "mcse", "rhat", "ess_bulk", "ess_tail",
    ]  # fmt: skip
    for quantity, array in zip(names, arrays, strict=True):
        values, row = np.asarray(array), each.table.loc[quantity]
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["sd"] == pytest.approx(values.ravel().std(ddof=1), rel=1e-12)
        np.testing.assert_allclose(
            row[["eti95_low", "median", "eti95_high"]], np.quantile(values, [0.025, 0.5, 0.975]), rtol=1e-12
        )
        assert row["mcse"] == pytest.approx(float(az.mcse(values, method="mean")), rel=1e-12)
        # canned draws are independent: their error is the SD over the root of their number, give or take
        # the estimate of the effective draws, which scatters by some percent
        assert row["mcse"] == pytest.approx(row["sd"] / np.sqrt(values.size), rel=0.2)
        assert row["rhat"] == pytest.approx(float(az.rhat(values)), rel=1e-12)
        assert row["ess_bulk"] == pytest.approx(float(az.ess(values, method="bulk")), rel=1e-12)


KNOWN = {  # mean, sd, low end of the interval and R-hat
    "satt": (-10.491091621, 2.6551450774, -15.941162699, 1.0032215943),
    "new_unit": (-12.033728865, 3.5723427164, -19.40771665, 1.0006329075),
    "unit_effect[2]": (-11.756289384, 3.9404780575, -20.144367471, 1.0016389064),
    "event_effect[1]": (-9.0305274655, 2.2562216479, -13.80328512, 1.0033221716),
    "cohort_effect[2014]": (-11.756289384, 3.9404780575, -20.144367471, 1.0016389064),
}


def test_numbers_are_those_they_have_always_been(found: Effects) -> None:
    """Of the canned fit, as the first version of these estimands gave them."""
    for name, values in KNOWN.items():
        row = found["kinship"].table.loc[name, ["mean", "sd", "eti95_low", "rhat"]]
        # they are written with eleven digits
        np.testing.assert_allclose(row.to_numpy(dtype=float), values, rtol=1e-10)


def test_rows_do_not_depend_on_which_others_there_are(found: Effects) -> None:
    fit, each = tiny_fit(), found["kinship"]
    gate = fit.gates["kinship"]
    alone = outcome_effects(fit.posterior("kinship"), fit.spec, fit.panel, each.outcome, gate, estimands=CORE)
    assert list(alone.draws.data_vars) == [estimand.name for estimand in CORE]
    pd.testing.assert_frame_equal(alone.table, each.table.loc[alone.table.index], check_exact=True)


def test_effect_in_a_new_unit_varies_with_the_seed_and_the_outcome_alone(found: Effects) -> None:
    again = effects(tiny_fit())
    np.testing.assert_array_equal(again["kinship"].draws["new_unit"], found["kinship"].draws["new_unit"])
    fit = tiny_fit()
    # fewer outcomes beside it change nothing
    alone = replace(fit, spec=replace(fit.spec, outcomes=fit.spec.outcomes[3:]))
    np.testing.assert_array_equal(effects(alone)["kinship"].draws["new_unit"], found["kinship"].draws["new_unit"])
    reseeded = replace(fit, spec=fit.spec.change({"seed": 5}))
    assert (effects(reseeded)["kinship"].draws["new_unit"] != found["kinship"].draws["new_unit"]).all()
    np.testing.assert_array_equal(effects(reseeded)["kinship"].draws["satt"], found["kinship"].draws["satt"])


def test_pilots_carry_their_readable_names(found: Effects) -> None:
    assert list(found["kinship"].draws["label"].values) == ["LA 01", "LA 02", "LA 03"]


def test_tables_of_all_outcomes_stand_one_above_the_other(found: Effects) -> None:
    whole = found.table
    assert whole.index.names == ["outcome", "quantity"]
    assert len(whole) == sum(len(found[name].table) for name in found.outcomes)
    pd.testing.assert_frame_equal(pd.DataFrame(whole.loc["assessment"]), found["assessment"].table)


def with_gate(fit: Fit, gate: Gate) -> Fit:
    return replace(fit, gates={**fit.gates, "kinship": gate})


def test_the_fit_s_gate_is_carried_along(found: Effects) -> None:
    assert found["kinship"].gate.verdict == "PASS"
    finding = Finding("FAIL", "the sampler failed", "sample again")
    failed = effects(with_gate(tiny_fit(), Gate((finding,), 1.2, 50.0)))["kinship"]
    assert failed.gate.verdict == "FAIL"
    assert failed.gate.reasons == ["the sampler failed; sample again"]
    assert (failed.gate.max_rhat, failed.gate.min_ess) == (1.2, 50.0)


def test_an_effect_whose_chains_disagree_fails_though_every_parameter_passed() -> None:
    fit = tiny_fit()
    posterior = fit.posterior("kinship").copy(deep=True)
    posterior["tau_unit"][1] += 2.0  # one chain, after the gate has been
    trees = {name: child.copy() for name, child in fit.tree.children.items()}
    trees["kinship"] = xr.DataTree.from_dict({"posterior": posterior})
    broken = effects(Fit(fit.spec, fit.panel, xr.DataTree(children=trees), fit.gates))
    assert broken["kinship"].gate.verdict == "FAIL"
    assert broken["assessment"].gate.verdict == "PASS"


def test_printout_gives_mean_interval_and_verdict(found: Effects) -> None:
    row = found["kinship"].table.loc["satt"]
    line = next(line for line in repr(found).splitlines() if "Kinship" in line)
    assert line == (
        f"  Kinship care: {row['mean']:+.3g} ({row['eti95_low']:+.3g} to {row['eti95_high']:+.3g}) "
        "percentage points, gate PASS"
    )
    with pytest.raises(KeyError, match="no outcome 'adoption'"):
        found["adoption"]
