"""The simulations behind the recovery study, and that its committed results say what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.scripts import script_of


@pytest.fixture(scope="module")
def script() -> Any:
    return script_of("recovery")


def test_every_case_can_be_simulated_and_depends_on_its_seed_alone(script: Any) -> None:
    for case in script.CASES:
        (spec, panel, truth), (_, again, _), (_, other, _) = (script.simulate(case, seed) for seed in (1, 1, 2))
        assert panel.fingerprint == again.fingerprint != other.fingerprint
        assert int(panel.pilots.sum()) == script.Size().pilots
        assert np.isfinite(truth)
        assert ("outcome_standard_error" in panel.dataset) == case.endswith(":known")
        assert not spec.outcomes[0].priors.problems("priors")
        assert all(prior.source == "default" for _, prior in spec.outcomes[0].all_priors().items())


def test_effects_of_mirrored_panels_have_the_other_sign(script: Any) -> None:
    truths = np.array(
        [[script.simulate(f"binomial{ending}", seed)[2] for ending in ("", script.MIRRORED)] for seed in range(12)]
    )
    # on the linear predictor they are opposite; what they are of differs, as levels do
    assert (truths.prod(axis=1) < 0).mean() > 0.8


def test_summary_counts_intervals_and_errors(script: Any) -> None:
    results = pd.DataFrame(
        {"held": [True, True, False, True], "z": [1.0, -1.0, 3.0, 1.0], "gate": ["PASS", "FAIL", "PASS", "PASS"],
         "seconds": [1.0, 2.0, 3.0, 4.0]}
    )  # fmt: skip
    found = script.summary_of(results)
    assert (found["panels"], found["coverage"], found["bias"], found["gate_pass"]) == (4, 0.75, 1.0, 3)
    assert found["bias_error"] == pytest.approx(np.std([1, -1, 3, 1], ddof=1) / 2, abs=5e-4)


def test_committed_results_agree_with_themselves(script: Any) -> None:
    there = [path for path in map(script.path_of, script.CASES) if path.exists()]
    assert there
    for path in there:
        results = pd.read_csv(path)
        assert not results["panel"].duplicated().any()
        held = (results["eti95_low"] <= results["truth"]) & (results["truth"] <= results["eti95_high"])
        assert (held == results["held"]).all()
        # numbers are kept with four or five digits
        np.testing.assert_allclose((results["mean"] - results["truth"]) / results["sd"], results["z"], atol=0.05)
