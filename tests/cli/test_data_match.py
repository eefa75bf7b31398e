"""primum data match, and primum run with the base weights that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import primum as pr
from primum.cli.app import app
from primum.testing import tiny_fit
from tests.match.tables import fixed, spec, table

runner = CliRunner()
SPEC = """
title = "Made up"
programme = "None"
seed = 1
columns = {unit = "unit", time = "year", start = "start"}

[outcomes.days]
label = "Days"
family = "normal"
value = "days"
unit = "days"
harm = "up"
sesoi = 1.0

[outcomes.share]
label = "Share"
family = "binomial"
value = "cases"
denominator = "all"
unit = "percentage points"
harm = "up"
sesoi = 1.0
"""
PANEL = '\n[outcomes.share.weights]\nbase = "panel"\n'
# codes, so that they must be read as text beside one that is not a number
CODES = {name: f"{300 + i}" for i, name in enumerate(fixed()["unit"])} | {"C00": "H_1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A specification, a table and covariates, with codes for names."""
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "asking.toml").write_text(SPEC + PANEL, encoding="utf-8")
    table().assign(unit=table()["unit"].map(CODES)).to_csv(tmp_path / "table.csv", index=False)
    numbers = fixed().assign(unit=fixed()["unit"].map(CODES))
    numbers[numbers["unit"] != "H_1"].to_csv(tmp_path / "covariates.csv", index=False)
    return tmp_path


def match(folder: Path, *more: str) -> Any:
    files = [str(folder / "spec.toml"), "--data", str(folder / "table.csv"), "--out", str(folder / "out")]
    return runner.invoke(app, ["data", "match", *files, *more])


def test_everything_is_written_and_said(folder: Path) -> None:
    covariates = [
        "--covariates",
        str(folder / "covariates.csv"),
        "--measured",
        "poverty=2015",
        "--measured",
        "children=2010",
    ]
    result = match(folder, *covariates, "--exact", "region", "--neighbours", "2")
    assert result.exit_code == 0, result.output
    assert "'poverty' was measured in 2015" in result.output.replace("\n    ", " ")
    assert "H_1 (children, poverty)" in result.output.replace("\n    ", " ")
    names = {path.name for path in (folder / "out").iterdir()}
    tables = {"base_weights.csv", "matched_sets.csv", "balance.csv", "pilots.csv", "comparators.csv", "scaling.csv"}
    records = {table.replace(".csv", ".provenance.json") for table in tables}
    assert names == {*tables, *records, "matching.json", "figures"}
    record = json.loads((folder / "out" / "base_weights.provenance.json").read_text(encoding="utf-8"))
    assert str(folder / "covariates.csv") in [source["file"] for source in record["sources"]]
    figures = {path.stem for path in (folder / "out" / "figures").iterdir()}
    assert figures == {"balance", "distances", "trends-days", "trends-share"}
    content = json.loads((folder / "out" / "matching.json").read_text(encoding="utf-8"))
    assert content["matching"]["exact"] == ["region"]
    assert len(content["notes"]) == 3


def test_base_weights_are_those_of_python(folder: Path) -> None:
    assert match(folder, "--method", "kernel", "--neighbours", "4", "--format", "parquet").exit_code == 0
    written = pd.read_parquet(folder / "out" / "base_weights.parquet")
    made = pr.Panel.from_frame(pr.read_table(folder / "table.csv"), spec().data)
    expected = pr.match(spec(), made, pr.Matching(method="kernel", neighbours=4))
    pd.testing.assert_frame_equal(written, expected.sets[["pilot", "comparator", "weight"]], check_dtype=False)


def test_nothing_is_overwritten_without_force(folder: Path) -> None:
    match(folder)
    before = (folder / "out" / "balance.csv").read_bytes()
    second = match(folder, "--neighbours", "2")
    assert isinstance(second.exception, pr.StoreError)
    assert "base_weights.csv" in str(second.exception)
    assert (folder / "out" / "balance.csv").read_bytes() == before
    assert match(folder, "--neighbours", "2", "--force").exit_code == 0
    assert (folder / "out" / "balance.csv").read_bytes() != before


def test_own_sets_are_read_as_codes(folder: Path) -> None:
    sets = pd.DataFrame({"pilot": ["300", "301", "302"], "comparator": ["304", "305", "304"]})
    sets.to_csv(folder / "sets.csv", index=False)
    result = match(folder, "--sets", str(folder / "sets.csv"))
    assert result.exit_code == 0, result.output
    assert "most used: 304 (weight 2.00 over 2 pilots)" in result.output


def test_mistakes_in_options_are_named_and_nothing_is_written(folder: Path) -> None:
    for more, message in (
        (["--calipers", "days trend"], "--calipers days trend: give NAME=VALUE"),
        (["--measured", "poverty=early"], "VALUE is a whole number"),
        (["--use", "poverty"], "give a table of --covariates"),
        (["--caliper", "0.01"], "pilot 300 has no comparator"),
        (["--exact", "region"], "no covariates were given"),
    ):
        result = match(folder, *more)
        assert isinstance(result.exception, pr.InputError), result.output
        assert message in str(result.exception)
    assert not (folder / "out").exists()


def run(folder: Path, name: str, *more: str) -> Any:
    files = [str(folder / name), "--data", str(folder / "table.csv"), "--out", str(folder / "run")]
    return runner.invoke(app, ["run", *files, *more])


def test_run_gives_base_weights_to_the_panel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def fit(_spec: pr.Spec, panel: pr.Panel, **_settings: object) -> pr.Fit:
        seen["panel"] = panel
        return tiny_fit()

    monkeypatch.setattr(pr, "fit", fit)
    match(folder, "--neighbours", "2")
    result = run(folder, "asking.toml", "--base-weights", str(folder / "out" / "base_weights.csv"))
    assert result.exit_code == 0, result.output
    base = seen["panel"].dataset["base_weight"]
    np.testing.assert_allclose(base.sum("base_unit"), 1)
    assert ((base > 0).sum("base_unit") == 2).all()


def test_weights_by_outcome_must_be_those_that_are_asked_for(folder: Path) -> None:
    match(folder, "--per-outcome", "--outcome", "days")
    weights = ["--base-weights", str(folder / "out" / "base_weights.csv")]
    result = run(folder, "asking.toml", *weights)
    assert isinstance(result.exception, pr.SpecError)
    assert 'outcomes.share.weights.base is "panel", but there are no base weights for it' in str(result.exception)
    assert 'not used; set base = "panel" in [outcomes.days.weights]' in str(result.exception)
    assert not (folder / "run").exists()


def test_base_weights_that_are_lacking_or_idle_are_refused(folder: Path) -> None:
    lacking = run(folder, "asking.toml")
    assert isinstance(lacking.exception, pr.SpecError)
    assert "give them with --base-weights FILE" in str(lacking.exception)
    match(folder)
    idle = run(folder, "spec.toml", "--base-weights", str(folder / "out" / "base_weights.csv"))
    assert isinstance(idle.exception, pr.SpecError)
    assert "base weights are given that are not used" in str(idle.exception)


def test_describe_reads_base_weights_too(folder: Path) -> None:
    match(folder)
    files = [str(folder / "asking.toml"), "--data", str(folder / "table.csv")]
    result = runner.invoke(app, ["describe", *files, "--base-weights", str(folder / "out" / "base_weights.csv")])
    assert result.exit_code == 0, result.output
