from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from primum.errors import SpecError
from primum.sources.records import Aggregation
from tests.sources.records.made import OUTCOMES, aggregation

EXAMPLE = Path(__file__).parents[3] / "models" / "records" / "children.toml"


def problems(outcomes: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        aggregation(outcomes, **changes)
    return list(caught.value.problems)


def test_the_example_is_read() -> None:
    example = Aggregation.read(EXAMPLE)
    assert [outcome.name for outcome in example.outcomes] == ["plan", "rereferral", "assessment"]
    assert list(example.periods.numbers) == [2014, 2015, 2016, 2017, 2018, 2019]
    for name in ("assessment_geometric_mean", "assessment_days_0_10", "assessment_binned", "rereferral_count"):
        assert name in example.columns
        assert name in EXAMPLE.read_text()


def test_unknown_keys_and_wrong_types_are_named() -> None:
    assert problems({"plan": {"valu": "plan"}}, end_of_data="31/03/2020") == [
        'end_of_data: "31/03/2020" must be a valid date in the format YYYY-MM-DD, invalid character in year',
        "outcomes.plan.valu: unknown key; did you mean value?",
    ]
    assert problems(leave_out=["whatever"])[0].startswith('leave_out.0: "whatever" is not allowed; use "no unit"')


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({}, "exactly one of value, event and end says what it is; none is given"),
        ({"value": "a", "end": "b"}, "exactly one of value, event and end says what it is; given are value and end"),
        ({"event": "a"}, "outcomes.x.follow_up: this key is missing"),
        ({"value": "a", "follow_up": 3}, "outcomes.x.follow_up: this key goes only with event or end"),
        ({"value": "a", "edges": [1.5]}, "outcomes.x.edges: this key goes only with end"),
        ({"event": "a", "follow_up": 3, "open": "apart"}, "outcomes.x.open: this key goes only with end"),
        ({"end": "a", "edges": [10.5], "open": "by bin"}, 'outcomes.x.open: "by bin" needs edges and log_mean = false'),
        ({"end": "a", "edges": [10, 20.5]}, "durations are whole days, so bins cannot meet at 10"),
        ({"end": "a", "edges": [20.5, 10.5]}, "they must rise"),
        ({"end": "a", "edges": [10.5, 10.6]}, "they must rise"),
        ({"end": "a", "log_mean": False}, "a duration needs edges"),
        (
            {"end": "a", "log_mean": False, "edges": [1.5], "same_day": 1.0},
            "same_day: this key goes only with log_mean",
        ),
    ],
)
def test_outcomes_that_contradict_themselves(outcome: dict[str, Any], words: str) -> None:
    found = problems({"x": outcome})
    assert len(found) == 1
    assert words in found[0]


def test_all_contradictions_at_once() -> None:
    found = problems(
        {"2x": {"value": "a"}, "stay": OUTCOMES["stay"]}, weight="weight", strata=["time"], end_of_data="2018-12-31"
    )
    assert len(found) == 4
    for words in (
        "outcomes.2x: the name must be",
        "cannot be weighted",
        "its records are not complete",
        "columns named time",
    ):
        assert sum(words in problem for problem in found) == 1


def test_columns_of_bins() -> None:
    (stay,) = aggregation({"stay": {"end": "ended", "edges": [0.5, 10.5]}}).outcomes
    assert stay.bins == ("days_0_0", "days_1_10", "days_11_plus")
