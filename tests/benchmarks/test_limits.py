"""Corners of the model that have an answer of their own, on small panels; the benchmark has those of the literature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from tests.benchmarks.scripts import BENCHMARKS, script_of


@pytest.fixture(scope="module")
def script() -> Any:
    return script_of("limits")


# pyfixest copies with an option that pandas 3 no longer needs
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_flat_priors_without_drift_are_two_way_fixed_effects(script: Any) -> None:
    rows = pd.DataFrame(script.fixed_effects([1]))
    assert rows["gate"].eq("PASS").all()
    # in Monte Carlo errors: by chance one of two is beyond 4 in 8,000 runs
    assert (rows["difference"].abs() < 4).all()


def test_free_weights_without_drift_of_the_pilots_own_are_least_squares_on_the_simplex(script: Any) -> None:
    rng = np.random.default_rng(3)
    values = np.cumsum(rng.normal(size=(8, 13)), axis=1)
    values[0] = 0.6 * values[2] + 0.4 * values[5] + 3.0 + 0.2 * rng.normal(size=13)
    study = script.Study("simulated", pd.DataFrame(values, index=[f"u{i}" for i in range(8)]), "u0")
    moved = values[:, :-1] - values[:, :-1].mean(axis=1, keepdims=True)
    # a heavy row makes weights add up to one
    least, _ = nnls(np.vstack([moved[1:].T, np.full(7, 1e4)]), np.append(moved[0], 1e4))
    found, place = script.mode(study, 0.01, {})
    rough = np.abs(found - least).max()
    found, _ = script.mode(study, 0.001, place)
    fine = np.abs(found - least).max()
    # the prior's pull falls with the square of the pilot's error
    assert fine < 1e-3
    assert fine < 0.1 * rough
    assert found.sum() == pytest.approx(1, abs=1e-6)


def test_committed_results_say_what_holds(script: Any) -> None:
    results = pd.read_csv(BENCHMARKS.joinpath("limits", "results.csv"))
    judged = results[results["limit"].notna()]
    assert set(judged["part"]) == {"fixed_effects", "simplex", "invariance"}
    assert (judged["holds"].astype(str) == (judged["difference"].abs() <= judged["limit"]).astype(str)).all()
