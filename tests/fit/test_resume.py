"""Checkpoints: a killed run picks up where it stopped, and nothing of another run is picked up."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from primum.fit import Fit, Gate, fit
from primum.fit import resume as resuming
from primum.fit.resume import Checkpoints
from primum.panel import Panel
from primum.spec import Outcome, Spec
from tests.fit.evaluations import RealFit, small_fit

# `primum.fit.fit` as an attribute is the verb, so that the module has to be asked for by name
module = import_module("primum.fit.fit")
Sampled = list[str]


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> Sampled:
    """Names of the outcomes that were sampled, of which canned draws are returned."""
    names: Sampled = []

    def sample_outcome(spec: Spec, panel: Panel, outcome: Outcome, show: bool) -> xr.DataTree:
        names.append(outcome.name)
        return small_fit()[outcome.name].copy(deep=True)

    monkeypatch.setattr(module, "sample_outcome", sample_outcome)
    # diagnostics take longer than all the rest, and are not what is tested here
    monkeypatch.setattr(module, "_judge", lambda tree: Gate((), 1.0, 1000.0))
    return names


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sample: Callable[..., Any] = module.sample_outcome

    def killed(spec: Spec, panel: Panel, outcome: Outcome, show: bool) -> Any:
        if outcome.name == name:
            raise KeyboardInterrupt
        return sample(spec, panel, outcome, show)

    monkeypatch.setattr(module, "sample_outcome", killed)


def test_a_killed_run_resumes_where_it_stopped(
    sampled: Sampled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, panel = small_fit().spec, small_fit().panel
    with monkeypatch.context() as patch:
        kill_at(patch, "kinship")
        with pytest.raises(KeyboardInterrupt):
            fit(spec, panel, checkpoints=tmp_path)
    assert sampled == ["assessment"]
    resumed = fit(spec, panel, checkpoints=tmp_path)
    assert sampled == ["assessment", "kinship"]
    # the fit does not tell which of its outcomes came from the folder
    assert resumed == fit(spec, panel)
    assert list(resumed.tree.children) == [outcome.name for outcome in spec.outcomes]


def test_a_finished_run_is_not_sampled_again(sampled: Sampled, tmp_path: Path) -> None:
    first = fit(small_fit().spec, small_fit().panel, checkpoints=tmp_path)
    assert len(sampled) == 2
    assert fit(small_fit().spec, small_fit().panel, checkpoints=str(tmp_path)) == first
    assert len(sampled) == 2


@pytest.mark.parametrize("changes", [{"seed": 7}, {"sampler.draws": 200}, {"outcomes.kinship.priors.tau": {
    "scale": 0.1, "reason": "a test"}}])  # fmt: skip
def test_another_specification_does_not_use_them(changes: dict[str, Any], sampled: Sampled, tmp_path: Path) -> None:
    spec, panel = small_fit().spec, small_fit().panel
    fit(spec, panel, checkpoints=tmp_path)
    fit(spec.change(changes), panel, checkpoints=tmp_path)
    assert len(sampled) == 4


def test_another_panel_does_not_use_them(sampled: Sampled, tmp_path: Path) -> None:
    fit(small_fit().spec, small_fit().panel, checkpoints=tmp_path)
    fit(small_fit().spec, small_fit(2).panel, checkpoints=tmp_path)
    assert len(sampled) == 4


def test_another_engine_does_not_use_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec, panel = small_fit().spec, small_fit().panel
    here = Checkpoints.open(tmp_path, spec, panel)
    monkeypatch.setattr(resuming, "version", lambda name: "999" if name == "nutpie" else "1")
    assert Checkpoints.open(tmp_path, spec, panel).key != here.key


def test_without_a_folder_nothing_is_kept(sampled: Sampled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fit(small_fit().spec, small_fit().panel)
    fit(small_fit().spec, small_fit().panel)
    assert len(sampled) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_appears_whole_or_not_at_all(
    sampled: Sampled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checkpoints.open(tmp_path, small_fit().spec, small_fit().panel)

    def break_off(tree: xr.DataTree, path: Path, **kwargs: object) -> None:
        path.write_bytes(b"half an outcome")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(xr.DataTree, "to_netcdf", break_off)
        with pytest.raises(KeyboardInterrupt):
            kept.save("kinship", small_fit()["kinship"].copy())
    assert kept.load("kinship", 1) is None
    whole = small_fit()["kinship"].copy()
    kept.save("kinship", whole)
    loaded = kept.load("kinship", 1)
    assert loaded is not None
    loaded.name = whole.name  # a name is given by the place in a larger tree
    assert loaded.identical(whole)


def test_units_with_names_come_back_as_they_were(real_fit: RealFit, tmp_path: Path) -> None:
    """A resumed fit must equal one that was never interrupted."""
    kept = Checkpoints.open(tmp_path, real_fit.spec, real_fit.panel)
    kept.save("first", real_fit.fit["first"].copy())
    loaded = kept.load("first", 1)
    assert loaded is not None
    trees = xr.DataTree(children={"first": loaded, "first_again": real_fit.fit["first_again"].copy()})
    assert Fit(real_fit.spec, real_fit.panel, trees, real_fit.fit.gates) == real_fit.fit


def test_a_damaged_checkpoint_is_made_anew(sampled: Sampled, tmp_path: Path) -> None:
    first = fit(small_fit().spec, small_fit().panel, checkpoints=tmp_path)
    for each in tmp_path.iterdir():
        each.write_bytes(each.read_bytes()[:1000])
    assert fit(small_fit().spec, small_fit().panel, checkpoints=tmp_path) == first
    assert len(sampled) == 4
