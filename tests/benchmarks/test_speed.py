"""The guard of `make bench`: what slowed is named, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.scripts import BENCHMARKS, script_of


@pytest.fixture(scope="module")
def benchmark_script() -> Any:
    return script_of("speed")


def results(sampling: float = 120.0, gradient: float = 2.6, refits: float = 44.0) -> dict[str, Any]:
    return {
        "sampling": {"kinship": {"ratio_to_pymc": sampling}},
        "gradient": {"kernel_over_floor": gradient},
        "refits": {"per_million_gradients": refits},
    }


def test_nothing_is_said_of_what_is_as_fast_or_a_little_slower(benchmark_script: Any) -> None:
    assert benchmark_script.compare(results(), results()) == []
    assert benchmark_script.compare(results(105.0, 3.0, 38.0), results()) == []
    assert benchmark_script.compare(results(500.0, 1.0, 90.0), results()) == []


@pytest.mark.parametrize(
    ("slower", "path"),
    [
        ({"sampling": 90.0}, "sampling.kinship.ratio_to_pymc: 120 before, 90 now (33% slower)"),
        ({"gradient": 3.9}, "gradient.kernel_over_floor: 2.6 before, 3.9 now (50% slower)"),
        ({"refits": 22.0}, "refits.per_million_gradients: 44 before, 22 now (100% slower)"),
    ],
)
def test_what_slowed_by_more_than_a_fifth_is_named(benchmark_script: Any, slower: dict[str, float], path: str) -> None:
    assert benchmark_script.compare(results(**slower), results()) == [path]


def test_parts_that_were_not_run_are_left_alone(benchmark_script: Any) -> None:
    assert benchmark_script.compare({"sampling": results(sampling=10.0)["sampling"]}, {}) == []
    assert benchmark_script.compare({}, results()) == []


def test_committed_results_have_every_guarded_ratio(benchmark_script: Any) -> None:
    import json

    committed = json.loads(BENCHMARKS.joinpath("speed", "results.json").read_text(encoding="utf-8"))
    for path in benchmark_script.GUARDED:
        assert benchmark_script._at(committed, path) > 0, path
