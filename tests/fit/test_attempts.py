"""Attempts: what does not pass the gate is sampled once more, and only then."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import primum as pr
from primum.fit import Fit, Gate, fit
from primum.fit.attempts import attempts_of, careful, in_all, next_attempt
from primum.fit.gate import Finding
from primum.panel import Panel
from primum.report.methods import methods
from primum.spec import Outcome, Spec
from primum.spec.spec import Sampler
from primum.testing import tiny_fit, tiny_joint_fit
from tests.fit.evaluations import small_fit

module = import_module("primum.fit.fit")
PASS = Gate((), 1.0, 1000.0)
REVIEW = Gate((Finding("REVIEW", "1 divergent transitions in 4000 draws", "raise sampler.target_accept"),), 1.0, 900.0)
Sampled = list[Spec]


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> Sampled:
    """Specifications that were sampled; the kinship outcome passes where steps are small."""
    specs: Sampled = []

    def sample_outcome(spec: Spec, panel: Panel, outcome: Outcome, show: bool) -> xr.DataTree:
        specs.append(spec)
        found = small_fit()[outcome.name].copy(deep=True)
        found.attrs |= {"seconds_sample": 2.0, "target": spec.sampler.target_accept, "outcome": outcome.name}
        return found

    def judge(tree: xr.DataTree) -> Gate:
        return REVIEW if tree.attrs["outcome"] == "kinship" and tree.attrs["target"] < 0.9 else PASS

    monkeypatch.setattr(module, "sample_outcome", sample_outcome)
    monkeypatch.setattr(module, "_judge", judge)
    return specs


def spec() -> Spec:
    """The small evaluation, with as many draws as the gate could pass with."""
    return small_fit().spec.change({"sampler.draws": 1000})


def test_what_does_not_pass_is_sampled_once_more(sampled: Sampled) -> None:
    found = fit(spec(), small_fit().panel)
    given, again = spec().sampler, sampled[-1]
    assert len(sampled) == 3
    assert (again.sampler.tune, again.sampler.target_accept) == (2 * given.tune, 0.95)
    assert (again.sampler.chains, again.sampler.draws) == (given.chains, given.draws)
    assert again.seed != spec().seed
    assert {name: attempts_of(found[name]) for name in found.gates} == {"assessment": 1, "kinship": 2}
    assert found.gate.verdict == "PASS"
    assert found["kinship"].attrs["seconds_sample"] == 4.0
    assert found.seconds["sample"] == 6.0


def test_one_attempt_where_no_more_are_asked_for(sampled: Sampled) -> None:
    found = fit(spec().change({"sampler.attempts": 1}), small_fit().panel)
    assert len(sampled) == 2
    assert found.gate.verdict == "REVIEW"


def test_a_second_attempt_is_the_last(sampled: Sampled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_judge", lambda tree: REVIEW)
    assert fit(spec(), small_fit().panel).gate.verdict == "REVIEW"
    assert len(sampled) == 4


def test_a_second_attempt_is_kept_and_not_made_again(sampled: Sampled, tmp_path: Path) -> None:
    first = fit(spec(), small_fit().panel, checkpoints=tmp_path)
    again = fit(spec(), small_fit().panel, checkpoints=tmp_path)
    assert len(sampled) == 3
    assert again == first


def test_a_run_killed_in_the_second_attempt_goes_on_with_it(
    sampled: Sampled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample: Callable[..., Any] = module.sample_outcome

    def killed(spec: Spec, *rest: Any) -> Any:
        if spec.sampler.target_accept > 0.9:
            raise KeyboardInterrupt
        return sample(spec, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(module, "sample_outcome", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(spec(), small_fit().panel, checkpoints=tmp_path)
    assert len(sampled) == 2
    assert fit(spec(), small_fit().panel, checkpoints=tmp_path) == fit(spec(), small_fit().panel)
    assert len(sampled) == 3 + 3


def test_it_is_said_in_the_methods(sampled: Sampled) -> None:
    found = fit(spec(), small_fit().panel)
    assert "was sampled once more" not in _methods(tiny_fit())
    assert (
        "What did not pass at first was sampled once more, from other random numbers, with target acceptance 0.95 "
        f"after 500 of tuning: {spec().outcome('kinship').label}."
    ) in _methods(found)


def _methods(found: Fit) -> str:
    return " ".join(text for _, text in methods(found, pr.harm(pr.effects(found))))


@pytest.mark.parametrize(
    ("draws", "gate", "due"), [(1000, PASS, False), (1000, REVIEW, True), (199, REVIEW, False), (200, REVIEW, True)]
)
def test_too_few_draws_to_pass_with_are_not_repeated(draws: int, gate: Gate, due: bool) -> None:
    """With 4 chains, 200 draws each are twice the 400 effective ones that the gate asks for."""
    asked = spec().change({"sampler.draws": draws, "sampler.chains": 4})
    assert (next_attempt(asked, xr.DataTree(), gate) is not None) == due


def test_smaller_steps_stay_as_they_are() -> None:
    assert careful(Sampler(target_accept=0.99, tune=100)) == Sampler(target_accept=0.99, tune=200)


def test_of_a_joint_fit_all_outcomes_are_sampled_again() -> None:
    names = [outcome.name for outcome in tiny_joint_fit().spec.outcomes]

    def whole(seconds: float) -> xr.DataTree:
        trees = {name: xr.DataTree() for name in names}
        for tree in trees.values():
            tree.attrs = {"seconds_sample": seconds}
        return xr.DataTree(children={"outcomes": xr.DataTree(children=trees), "correlations": xr.DataTree()})

    both = in_all(whole(1.0), whole(3.0))
    assert attempts_of(both) == 2
    assert {both["outcomes"][name].attrs["seconds_sample"] for name in names} == {4.0}
    assert {attempts_of(both["outcomes"].children[name]) for name in names} == {2}
