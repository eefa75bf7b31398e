"""A model that does not look like the data owns up to it, wherever the finding goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.checks import PredictiveCheck
from primum.checks.predictive import FEATURES
from primum.fit import Fit
from primum.harm.doubts import caveat, doubts
from primum.testing import tiny_fit


def shaken(factor: float) -> Fit:
    """The canned fit with kinship's shocks multiplied."""
    fit = tiny_fit()
    children = {str(name): child.copy() for name, child in fit.tree.children.items()}
    posterior = children["kinship"]["posterior"].to_dataset()
    children["kinship"]["posterior"] = xr.DataTree(
        posterior.assign(s=posterior["s"] * factor, q=posterior["q"] * factor)
    )
    return replace(fit, tree=xr.DataTree(children=children))


def test_a_model_that_changes_too_much_says_so_in_the_sentence_and_for_the_evaluation() -> None:
    found = pr.harm(pr.effects(shaken(6.0)))
    each = found["kinship"]
    assert each.pilots is not None
    typical = next(doubt for doubt in each.doubts if doubt.startswith("typical change from period to period"))
    assert typical.endswith(FEATURES["typical change from period to period"].below)
    assert "Confidence in these figures is low" in each.sentence
    assert "the typical change from period to period" in each.sentence
    assert "Kinship care" in found.doubted
    # the decision stands: doubt is about the evidence, not about how likely harm is
    assert each.decision != pr.harm(pr.effects(tiny_fit()))["assessment"].decision


def test_a_model_that_changes_too_little_says_the_opposite() -> None:
    each = pr.harm(pr.effects(shaken(0.0)))["kinship"]
    typical = next(doubt for doubt in each.doubts if doubt.startswith("typical change from period to period"))
    assert typical.endswith(FEATURES["typical change from period to period"].above)


def test_no_doubts_no_caveat() -> None:
    each = pr.harm(pr.effects(tiny_fit()))["kinship"]
    assert all(check.reproduced for check in each.checks)
    assert each.doubts == []
    assert "Confidence" not in each.sentence


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ((), ""),
        (("a",), "Confidence in these figures is low, because the model does not reproduce the a."),
        (
            ("a", "b", "c"),
            "Confidence in these figures is low, because the model does not reproduce the a, the b and the c.",
        ),
    ],
)
def test_a_caveat_names_every_feature(features: tuple[str, ...], words: str) -> None:
    checks = [PredictiveCheck("x", feature, -1.0, np.arange(100.0), "") for feature in features]
    fine = PredictiveCheck("x", "fine", 50.0, np.arange(100.0), "")
    assert caveat([fine, *checks]) == words
    assert len(doubts([fine, *checks])) == len(features)
