"""Attempts: what does not pass the gate is sampled once more, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.errors import PrimumError
from primum.fit import Fit, Gate, Imputed, fit
from primum.fit.attempts import attempts_of, careful, in_all, next_attempt
from primum.fit.gate import Finding, mixed
from primum.model.describe import describe
from primum.panel import Panel
from primum.report import summary
from primum.report.methods import methods
from primum.spec import Outcome, Spec
from primum.spec.spec import Sampler
from primum.testing import tiny_fit, tiny_joint_fit
from tests.fit.evaluations import small_fit

attempts = import_module("primum.fit.attempts")
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
    assert again.sampler == replace(given, tune=2 * given.tune, draws=2 * given.draws, target_accept=0.95)
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


def test_it_is_said_in_methods_and_summary(sampled: Sampled) -> None:
    found = fit(spec(), small_fit().panel)
    assert "was sampled once more" not in _methods(tiny_fit())
    assert (
        "What did not pass at first was sampled once more, from other random numbers, with target acceptance 0.95, "
        f"{found.posterior('kinship').sizes['draw']} draws a chain after 500 of tuning: "
        f"{spec().outcome('kinship').label}."
    ) in _methods(found)
    effects = pr.effects(found)
    content = summary(found, effects, pr.harm(effects), total_seconds=1.0, truth=None)["outcomes"]
    assert {name: each["attempts"] for name, each in content.items()} == {"assessment": 1, "kinship": 2}


def test_imputations_that_were_sampled_once_more_are_named(sampled: Sampled) -> None:
    first, second = small_fit(), fit(spec(), small_fit().panel)
    both = Imputed(second.spec, {"a": Fit(second.spec, first.panel, first.tree, first.gates), "b": second})
    assert "of these as many count as of the other imputations: Kinship care (imputation b)." in _methods(both)


def _methods(found: Fit | Imputed) -> str:
    return " ".join(text for _, text in methods(found, pr.harm(pr.effects(found))))


def test_a_first_attempt_stays_where_a_second_finds_no_start(sampled: Sampled, monkeypatch: pytest.MonkeyPatch) -> None:
    sample: Callable[..., Any] = module.sample_outcome

    def stuck(spec: Spec, *rest: Any) -> Any:
        if spec.sampler.target_accept > 0.9:
            raise PrimumError("no chain found a point to start from")
        return sample(spec, *rest)

    monkeypatch.setattr(module, "sample_outcome", stuck)
    found = fit(spec(), small_fit().panel)
    assert found.gate.verdict == "REVIEW"
    assert attempts_of(found["kinship"]) == 1


def test_a_first_attempt_is_kept_by_who_wants_no_second(
    sampled: Sampled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "next_attempt", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(spec(), small_fit().panel, checkpoints=tmp_path)
    one = spec().change({"sampler.attempts": 1})
    assert fit(one, small_fit().panel, checkpoints=tmp_path).gate.verdict == "REVIEW"
    assert len(sampled) == 2
    fit(spec(), small_fit().panel, checkpoints=tmp_path)
    assert len(sampled) == 3
    # what was sampled twice is no answer to who asked for once
    assert attempts_of(fit(one, small_fit().panel, checkpoints=tmp_path)["kinship"]) == 1
    assert len(sampled) == 4


def killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("draws", "gate", "due"), [(1000, PASS, False), (1000, REVIEW, True), (199, REVIEW, False), (200, REVIEW, True)]
)
def test_too_few_draws_to_pass_with_are_not_repeated(draws: int, gate: Gate, due: bool) -> None:
    """With 4 chains, 200 draws each are twice the 400 effective ones that the gate asks for."""
    asked = spec().change({"sampler.draws": draws, "sampler.chains": 4})
    assert (next_attempt(asked, xr.DataTree(), gate) is not None) == due
    assert ("once more, with more care" in describe(asked, small_fit().panel)) == (draws >= 200)


def test_smaller_steps_stay_as_they_are() -> None:
    assert careful(Sampler(target_accept=0.99)).target_accept == 0.99


def test_a_large_fit_has_no_more_draws_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = xr.DataTree(xr.Dataset({"eta": ("draw", np.zeros(100))}))
    monkeypatch.setattr(attempts, "LARGE", tree.nbytes)
    assert draws_after(tree) == 2000
    monkeypatch.setattr(attempts, "LARGE", tree.nbytes - 1)
    assert draws_after(tree) == 1000


def draws_after(tree: xr.DataTree) -> int:
    following = next_attempt(spec(), tree, REVIEW)
    assert following is not None
    return following.sampler.draws


def test_outcomes_with_more_draws_than_others_go_together_with_them() -> None:
    """Of outcomes that are fitted apart, what draw goes with what draw says nothing, so any of them do."""
    found = tiny_fit()
    twice = xr.concat([found.posterior("kinship")] * 2, "draw")
    trees = {name: child.copy() for name, child in found.tree.children.items()}
    trees["kinship"]["posterior"] = xr.DataTree(twice.assign_coords(draw=np.arange(twice.sizes["draw"])))
    effects = pr.effects(Fit(found.spec, found.panel, xr.DataTree(children=trees), found.gates))
    harmless = [each.outcome.sign * effects[name].draws["satt"].values <= 0 for name, each in effects.outcomes.items()]
    shortest = min(each.shape[1] for each in harmless)
    none = np.all([each[:, :: each.shape[1] // shortest] for each in harmless], axis=0)
    across = pr.harm(effects).across
    assert across is not None
    assert across.harm.exactly[0].value == none.mean()


def test_imputations_with_more_draws_than_others_count_no_more() -> None:
    short = xr.Dataset({"tau": (("chain", "draw"), np.zeros((2, 10)))}, {"chain": [0, 1], "draw": np.arange(10)})
    longer = xr.Dataset(
        {"tau": (("chain", "draw"), np.arange(40.0).reshape(2, 20))}, {"chain": [0, 1], "draw": np.arange(20)}
    )
    both = mixed({1: short, 2: longer})
    assert both["tau"].shape == (4, 10)
    assert both["tau"].values[2].tolist() == list(range(0, 20, 2))


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
