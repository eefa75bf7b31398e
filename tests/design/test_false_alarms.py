"""False alarms of the rule over several outcomes, counted by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from primum.design import Operating, false_alarms
from primum.errors import SpecError
from primum.testing import tiny_fit


def simulated(name: str, using: list[str], considering: list[str], **changes: Any) -> Operating:
    spec = tiny_fit().spec.change(changes) if changes else tiny_fit().spec
    rows = pd.DataFrame({"effect": 0.0, "simulation": range(len(using)), "using": using, "considering": considering})
    return Operating(spec, spec.outcome(name), rows)


CALM = "no grounds for or against"


def test_false_alarms_are_those_of_the_most_cautious_outcome() -> None:
    moves = [CALM, CALM, CALM, "grounds to adopt"]
    first = simulated("kinship", ["stop or rework", "carry on", "carry on", "carry on"], moves)
    second = simulated("rereferral", ["carry on"] * 3 + ["stop or rework"], ["pause for thought", CALM, CALM, CALM])
    assert false_alarms([first, second]) == {
        "simulations": 4, "stop or rework": 0.5, "pause for thought": 0.25, "grounds to adopt": 0.25,
    }  # fmt: skip
    ignored = simulated("rereferral", ["stop or rework"] * 4, [CALM] * 4, **{"outcomes.rereferral.important": False})
    assert false_alarms([first, ignored])["stop or rework"] == 0.25
    with pytest.raises(SpecError, match="none of these outcomes is important"):
        false_alarms([ignored])
    harmful = Operating(first.spec, first.outcome, first.simulations.assign(effect=3.0))
    with pytest.raises(SpecError, match="kinship was not simulated without an effect"):
        false_alarms([harmful])
    lossy = simulated("kinship", ["carry on"], [CALM], **{"decisions.rule": "expected loss"})
    with pytest.raises(SpecError, match="which adds outcomes up"):
        false_alarms([lossy])
