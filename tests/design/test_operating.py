"""Operating characteristics: counted rightly, resumed, and refused where they cannot be had."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.design import Operating, operating
from primum.design.simulated import Learned
from primum.errors import SpecError
from primum.fit import Gate
from primum.fit.gate import Finding
from primum.testing import tiny_fit
from tests.model.panels import evaluation

module = import_module("primum.design.operating")
PASSED = Gate((), 1.0, 1000.0)


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Nothing is sampled: what is learned is the canned fit, and every refit has its effects. Lists batches."""
    learned = Learned(tiny_fit().posterior("kinship").drop_vars("eta"), PASSED)
    batches: list[list[str]] = []

    def refits(cases: dict[str, Any], outcome: str, **_: Any) -> dict[str, pr.Refit]:
        batches.append(list(cases))
        effects = pr.effects(tiny_fit())[outcome]
        return {name: pr.Refit(effects, tiny_fit().posterior(outcome), PASSED, 0.5) for name in cases}

    monkeypatch.setattr(module, "learn", lambda *_: learned)
    monkeypatch.setattr(module, "refits", refits)
    return batches


def run(**more: Any) -> Operating:
    return operating(tiny_fit().spec, tiny_fit().panel, "kinship", show_progress=False, **more)


def test_by_default_effects_reach_from_two_sesois_of_benefit_to_two_of_harm(canned: list[list[str]]) -> None:
    found = run(simulations=5)
    assert found.table.index.tolist() == [-6.0, -3.0, 0.0, 3.0, 6.0]
    assert (found.table["simulations"] == 5).all()
    assert sum(map(len, canned)) == 25
    # the canned effect is a fall by some twelve points, which is harm
    assert (found.table["stop or rework"] == 1).all()
    assert (found.table["alarm"] == 1).all()
    text = str(found)
    assert "-6 percentage points (harm): stop or rework 100%" in text
    assert "  no effect: stop or rework 100%" in text
    assert "+6 percentage points (benefit)" in text


def test_shares_are_those_of_the_simulations() -> None:
    using = ["stop or rework", "carry on", "carry on", "withheld"]
    considering = ["pause for thought", "grounds to adopt", "no grounds for or against", "withheld"]
    rows = pd.DataFrame(
        {
            "effect": 1.0, "simulation": range(4), "mean": [1.0, 2.0, 0.0, 3.0], "sd": 1.0,
            "eti95_low": [0.0, 1.5, -1.0, 0.5], "eti95_high": [2.0, 3.0, 0.5, 4.0], "p_harm": [0.96, 0.95, 0.1, 0.2],
            "using": using, "considering": considering, "gate": ["PASS", "PASS", "REVIEW", "FAIL"],
        }
    )  # fmt: skip
    spec = tiny_fit().spec
    row: Any = Operating(spec, spec.outcome("kinship"), rows).table.loc[1.0]
    assert row[["stop or rework", "carry on, and watch", "carry on", "withheld"]].tolist() == [0.25, 0.0, 0.5, 0.25]
    assert row[["pause for thought", "grounds to adopt", "no grounds for or against"]].tolist() == [0.25] * 3
    assert row["alarm"] == 0.25
    assert row["held"] == 0.5
    assert row["bias"] == 0.5
    assert row["error"] == 0.25  # root of 0.5 * 0.5 / 4
    assert row["gate_pass"] == 2


def test_a_run_that_was_killed_goes_on(
    canned: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, refits = tmp_path / "simulations.csv", module.refits

    def killed(*arguments: Any, **settings: Any) -> Any:
        if canned:
            raise KeyboardInterrupt
        return refits(*arguments, **settings)

    monkeypatch.setattr(module, "refits", killed)
    with pytest.raises(KeyboardInterrupt):
        run(simulations=9, checkpoints=path)
    done = len(pd.read_csv(path))
    assert 0 < done < 45
    monkeypatch.setattr(module, "refits", refits)
    found = run(simulations=9, checkpoints=path)
    assert sum(map(len, canned)) == 45, "none twice"
    pd.testing.assert_frame_equal(found.simulations, run(simulations=9).simulations)
    assert list(tmp_path.iterdir()) == [path]
    # fewer, or other effects, take what there is of them
    canned.clear()
    assert len(run(simulations=2, effects=[0.0], checkpoints=path).simulations) == 2
    assert canned == []


@pytest.mark.usefixtures("canned")
def test_simulations_of_another_evaluation_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "simulations.csv"
    run(simulations=1, checkpoints=path)
    with pytest.raises(SpecError, match="those of another specification or table"):
        operating(tiny_fit().spec.change({"seed": 3}), tiny_fit().panel, "kinship", checkpoints=path)


@pytest.mark.usefixtures("canned")
def test_effects_out_of_reach_are_refused() -> None:
    with pytest.raises(SpecError, match="an average effect of -90 percentage points"):
        run(simulations=1, effects=[-90.0])


def test_nothing_is_simulated_from_what_failed_its_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Gate((Finding("FAIL", "R-hat above 1.01 for q (1.2)", "run more draws"),), 1.2, 30.0)
    monkeypatch.setattr(module, "learn", lambda *_: Learned(tiny_fit().posterior("kinship"), failed))
    with pytest.raises(SpecError, match=r"what comparators say of kinship[\s\S]*R-hat above 1\.01"):
        run(simulations=1)


def test_outcomes_must_be_named() -> None:
    with pytest.raises(SpecError, match="outcome must be one of rereferral, escalation, assessment, kinship"):
        operating(tiny_fit().spec, tiny_fit().panel)


def test_it_works_for_real(tmp_path: Path) -> None:
    """A big effect is found, and no effect is not, in panels that are sampled."""
    spec, panel = evaluation("normal", counted=False, units=12, pilots=4, times=(2010, 2011, 2012, 2013, 2014, 2015))
    chosen = spec.outcomes[0]
    big = 3 * chosen.sesoi * chosen.sign
    found = operating(
        spec, panel, effects=[0.0, big], simulations=4, checkpoints=tmp_path / "kept.csv", show_progress=False
    )
    rows = found.simulations
    means = rows.groupby("effect")["mean"].mean()
    # the mean of four errors of one posterior SD each, within five of their standard errors
    spread = rows.groupby("effect")["sd"].mean()
    assert np.all(np.abs(means - means.index) < 5 * spread / 2)
    assert set(rows["gate"]) <= {"PASS", "REVIEW"}
