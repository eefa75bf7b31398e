"""Designs at their limits, from the fit to the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import primum as pr
from primum.testing import tiny_fit


def test_one_pilot_is_evaluated_and_said_to_be_one(tmp_path: Path) -> None:
    fit = tiny_fit(pilots=1)
    effects = pr.effects(fit)
    found = pr.harm(effects)
    each = found["kinship"]
    # the average over one pilot is that pilot's own effect, to rounding of sums in another order
    np.testing.assert_allclose(
        effects["kinship"].draws["satt"], effects["kinship"].draws["unit_effect"][..., 0], rtol=1e-12
    )
    assert [group.by for group in each.groups].count("pilot") == 1
    assert [group.by for group in each.groups].count("cohort") == 1
    assert "of 1 pilot in all" in each.paragraph
    assert "not seen in one pilot: it is taken from the prior" in each.paragraph
    page = pr.write_report(fit, effects, replace(found, outcomes={"kinship": each}), tmp_path).read_text(
        encoding="utf-8"
    )
    assert "of 1 pilot in all" in page


def test_a_pilot_never_observed_under_full_exposure_is_named() -> None:
    """One pilot's last periods are missing, so that only its embedding was observed."""
    spec, table = pr.demo_spec(), pr.simulate(units=12, periods=8, pilots=3, seed=1).table
    late = table["la"].eq(1) & table["year"].ge(table["embedded"])
    assert late.any()
    assert (table["la"].eq(1) & table["year"].ge(table["start"]) & ~late).any()
    table.loc[late, "kinship_periods"] = np.nan
    with pytest.raises(pr.PanelError) as told:
        pr.Panel.from_frame(table, spec.data)
    assert told.value.problems == (
        "pilot 1: kinship is never observed under full exposure; fill its cells, or leave the unit out",
    )
