"""Probabilities by pilot, event time and cohort are those of their own draws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.effects import OutcomeEffects
from primum.harm.groups import groups
from primum.harm.probabilities import probabilities
from primum.testing import tiny_fit
from tests.harm.test_harm import failed


def count(effects: OutcomeEffects) -> int:
    return sum(effects.draws.sizes[dim] for dim in ("pilot", "event", "cohort"))


@pytest.mark.parametrize("name", ["kinship", "assessment"])
def test_every_pilot_event_time_and_cohort_has_its_probabilities(name: str) -> None:
    effects = pr.effects(tiny_fit())[name]
    found = pr.harm(pr.effects(tiny_fit()))[name].groups
    outcome = effects.outcome
    assert len(found) == count(effects)
    for variable, by, dim in (
        ("unit_effect", "pilot", "pilot"),
        ("event_effect", "event time", "event"),
        ("cohort_effect", "cohort", "cohort"),
    ):
        here = [group for group in found if group.by == by]
        assert [group.name for group in here] == np.asarray(effects.draws[dim]).tolist()
        for group in here:
            draws = np.asarray(effects.draws[variable].sel({dim: group.name}))
            assert group.found == probabilities(draws, outcome.sign, outcome.sesoi)
    assert [group.label for group in found if group.by == "pilot"] == effects.draws["label"].values.tolist()


def test_enumerated_draws_and_names() -> None:
    sample = ("chain", "draw")
    draws = xr.Dataset(
        {
            "unit_effect": ((*sample, "pilot"), np.array([[[3.0, -3.0], [1.0, -1.0]], [[-1.0, 0.0], [5.0, 9.0]]])),
            "event_effect": ((*sample, "event"), np.array([[[1.0], [1.0]], [[1.0], [-9.0]]])),
            "cohort_effect": ((*sample, "cohort"), np.zeros((2, 2, 1))),
        },
        {"pilot": ["E1", "E2"], "event": [1], "cohort": [2014], "label": ("pilot", ["Leeds", "York"])},
    )
    found = groups(draws, sign=1, sesoi=2.0)
    assert [(group.by, group.name, group.label) for group in found] == [
        ("pilot", "E1", "Leeds"),
        ("pilot", "E2", "York"),
        ("event time", 1, "1 period after the start"),
        ("cohort", 2014, "Pilots that started in 2014"),
    ]
    shares = [
        [each.value for each in (found.harm, found.harm_beyond_sesoi, found.negligible, found.benefit_beyond_sesoi)]
        for found in (group.found for group in found)
        if found is not None
    ]
    assert shares == [[0.75, 0.5, 0.5, 0.0], [0.25, 0.25, 0.5, 0.25], [0.75, 0.0, 0.75, 0.25], [0.0, 0.0, 1.0, 0.0]]


def test_table_has_every_group_of_every_outcome_and_nothing_for_one_that_failed() -> None:
    effects = pr.effects(tiny_fit())
    table = pr.harm(failed(effects)).groups
    assert table.index.names == ["outcome", "by", "name"]
    assert len(table) == sum(count(each) for each in effects.outcomes.values())
    assert table.loc["kinship"].filter(like="p_").isna().all().all()
    assert table.drop("kinship", level="outcome").notna().all().all()
    assert table["label"].notna().all()
