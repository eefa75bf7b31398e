"""Refits: exact, judged, reproducible, and compiled once whatever they are of."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import numpy as np
import pytest

import primum as pr
from primum.fit import Gate
from primum.fit.gate import Finding
from primum.refits import table_of
from primum.refits.refit import _next
from primum.spec.spec import Sampler
from tests.model.panels import evaluation

PATH = "outcomes.first.priors"


@cache
def small() -> tuple[pr.Spec, pr.Panel]:
    spec, panel = evaluation("normal", counted=False, units=10, pilots=3, missing=4)
    return spec, panel


@cache
def one() -> pr.Refit:
    return pr.refit(*small())


def test_a_refit_is_the_fit_with_as_many_draws() -> None:
    spec, panel = small()
    found = one()
    draws = found.posterior.sizes["draw"]
    whole = pr.effects(pr.fit(spec.change({"sampler.draws": draws, "sampler.tune": 150}), panel, show_progress=False))
    np.testing.assert_array_equal(found.effects.draws["satt"], whole["first"].draws["satt"])
    assert found.gate == whole["first"].gate


def test_every_quantity_has_the_effective_draws_asked_for() -> None:
    assert one().gate.verdict == "PASS"
    assert one().gate.min_ess >= 400
    longer = pr.refit(*small(), ess=2500)
    assert longer.posterior.sizes["draw"] > one().posterior.sizes["draw"]
    assert longer.gate.min_ess >= 2500 or longer.posterior.sizes["draw"] == 4800


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("primum.refits.refit")
    monkeypatch.setattr(module, "MAX_DRAWS", 600)
    short = pr.refit(*small(), ess=1e6)
    assert short.gate.verdict == "REVIEW"
    assert any("fewer than 1e+06 effective draws" in reason for reason in short.gate.reasons)


def test_many_refits_are_those_made_one_by_one() -> None:
    spec, panel = small()
    other = spec.change({f"{PATH}.tau": {"scale": 0.05, "reason": "a test"}})
    found = pr.refits({"as it is": (spec, panel), "sceptical": (other, panel)}, show_progress=False)
    assert list(found) == ["as it is", "sceptical"]
    np.testing.assert_array_equal(found["as it is"].effects.draws["satt"], one().effects.draws["satt"])
    table = table_of(found)
    assert list(table.index) == ["as it is", "sceptical"]
    assert (table["form"] == "exact").all()
    # a prior five times tighter than the data's own precision pulls the effect towards 0
    satt = table["mean"].to_numpy(dtype=float)
    assert abs(satt[1]) < abs(satt[0])


def test_twenty_refits_of_other_data_priors_and_exposure_compile_once() -> None:
    compiling = import_module("primum.fit.compile")
    compiling.program_of("normal")
    before = list(compiling.compilations)
    cases = {}
    for case in range(20):
        spec, panel = evaluation(
            "normal", counted=False, units=8 + case % 3, pilots=2 + case % 2, missing=case % 4,
            times=tuple(range(2010, 2015 + case % 2)), seed=case,
            changes={f"{PATH}.q": {"scale": 0.1 + 0.02 * case, "reason": "a test"}},
        )  # fmt: skip
        cases[str(case)] = (spec.change({"sampler.chains": 2, "sampler.tune": 60}), panel)
    found = pr.refits(cases, ess=1.0, show_progress=False)
    assert compiling.compilations == before
    means = set(table_of(found)["mean"])
    assert len(means) == 20


def test_mistakes_are_reported_together() -> None:
    spec, panel = small()
    with pytest.raises(pr.SpecError) as caught:
        pr.refit(spec.change({"treatment.embedding": "leave out"}), panel, "second")
    assert len(caught.value.problems) == 2
    assert "outcome must be one of first, not second" in str(caught.value)


def test_a_mistake_in_one_case_stops_them_all() -> None:
    spec, panel = small()
    with pytest.raises(pr.SpecError):
        pr.refits({"right": (spec, panel), "wrong": (spec, panel)}, "second", show_progress=False)


GATES = {
    "PASS": Gate((), 1.0, 900.0),
    "few draws": Gate((Finding("REVIEW", "fewer than 400 effective draws", "run more draws"),), 1.0, 300.0),
    "diverged": Gate((Finding("REVIEW", "1 divergent transition", "raise target_accept"),), 1.0, 900.0),
}


@pytest.mark.parametrize(
    ("verdict", "diverged", "settings", "following"),
    [
        ("PASS", False, (600, 0.8), None),
        ("few draws", False, (600, 0.8), (1200, 0.8)),
        ("few draws", False, (4800, 0.8), None),
        ("diverged", True, (600, 0.8), (600, 0.95)),
        ("diverged", True, (600, 0.95), None),
        ("diverged", True, (600, 0.99), None),
        ("few draws", True, (600, 0.95), (1200, 0.95)),
    ],
)
def test_longer_chains_for_few_draws_and_smaller_steps_once_for_divergences(
    verdict: str, diverged: bool, settings: tuple[int, float], following: tuple[int, float] | None
) -> None:
    given = Sampler(draws=settings[0], target_accept=settings[1])
    again = _next(given, GATES[verdict], diverged=diverged, ess=400)
    assert (None if again is None else (again.draws, again.target_accept)) == following
