"""The command line: exit codes, messages without tracebacks, and nothing overwritten."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import primum as pr
from primum.cli.app import app, main
from primum.fit.gate import Finding, Gate
from primum.testing import tiny_fit, tiny_imputed

runner = CliRunner()
DEMO = Path(__file__).parents[2] / "models" / "signs-of-safety.toml"
ENGLAND = DEMO.with_name("rereferral-england.toml")


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run primum in a process of its own, as a user does."""
    command = [sys.executable, "-m", "primum", *arguments]
    # a wide terminal, so that messages do not wrap
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A small evaluation whose fit is canned, so that commands run in a second."""
    simulation = pr.simulate(units=12, periods=8, pilots=3, seed=1)
    simulation.table.to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(pr, "fit", lambda *_args, **_settings: tiny_fit())
    return tmp_path


def run(folder: Path, *more: str) -> Any:
    arguments = ["run", str(DEMO), "--data", str(folder / "table.csv"), "--out", str(folder / "out"), *more]
    return runner.invoke(app, arguments)


def test_run_writes_everything_and_says_where(canned: Path) -> None:
    result = run(canned)
    assert result.exit_code == 0, result.output
    for name in ("fit.nc", "report.html", "summary.json", "figures/overview.svg"):
        assert (canned / "out" / name).is_file()
    assert str(canned / "out" / "report.html") in result.output
    content = json.loads((canned / "out" / "summary.json").read_text(encoding="utf-8"))
    for outcome in content["outcomes"].values():
        assert outcome["sentence"].split()[-1] in result.output
    assert not (canned / "out" / ".checkpoints").exists()


@pytest.mark.usefixtures("blank_figures")
def test_run_overwrites_nothing_without_force(canned: Path) -> None:
    run(canned)
    before = (canned / "out" / "report.html").read_bytes()
    second = run(canned)
    assert isinstance(second.exception, pr.StoreError)
    assert "--force" in str(second.exception)
    assert (canned / "out" / "report.html").read_bytes() == before
    assert run(canned, "--force").exit_code == 0


@pytest.mark.usefixtures("blank_figures")
def test_a_run_that_was_killed_while_it_wrote_its_report_resumes(canned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        (canned / "out" / ".checkpoints").mkdir()  # pr.fit, which is canned here, makes it
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("primum.report.write_report", killed)
        run(canned)
    assert (canned / "out" / "fit.nc").is_file()
    assert run(canned).exit_code == 0
    assert isinstance(run(canned).exception, pr.StoreError)


@pytest.mark.usefixtures("blank_figures")
def test_a_failed_gate_exits_with_one_and_says_why(canned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate((Finding("FAIL", "R-hat above 1.01 for tau (1.200)", "run more draws"),), 1.2, 30.0)
    fit = tiny_fit()
    failed = pr.Fit(fit.spec, fit.panel, fit.tree, dict.fromkeys(fit.gates, gate))
    monkeypatch.setattr(pr, "fit", lambda *_args, **_settings: failed)
    result = run(canned)
    assert result.exit_code == 1
    assert "Computation: FAIL" in result.output
    assert "run more draws" in result.output
    assert "The probability of harm" not in result.output


@pytest.mark.usefixtures("blank_figures")
def test_a_frozen_specification_is_compared_with_the_one_that_is_run(canned: Path) -> None:
    own = canned / "own.toml"
    own.write_text(DEMO.read_text(encoding="utf-8"), encoding="utf-8")
    first = runner.invoke(app, ["freeze", str(own)])
    assert first.exit_code == 0, first.output
    assert pr.Frozen.read(canned / "own.frozen.json").digest in first.output
    again = runner.invoke(app, ["freeze", str(own)])
    assert isinstance(again.exception, pr.StoreError)
    assert runner.invoke(app, ["freeze", str(own), "--force"]).exit_code == 0
    frozen = pr.Frozen.read(canned / "own.frozen.json")  # its date, which the hash covers, may be another

    arguments = ["run", str(own), "--data", str(canned / "table.csv"), "--out", str(canned / "out"), "--force"]
    assert "The specification is the one frozen on" in runner.invoke(app, arguments).output
    page = (canned / "out" / "report.html").read_text(encoding="utf-8")
    assert "The specification is the one frozen on" in page
    content = json.loads((canned / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (content["frozen"]["sha256"], content["frozen"]["differences"]) == (frozen.digest, [])

    # the canned fit keeps its own specification, so what is frozen is changed instead
    pr.freeze(pr.Spec.read(own).change({"outcomes.kinship.sesoi": 5.0})).write(canned / "own.frozen.json", force=True)
    assert "outcomes.kinship.sesoi: 5.0 when" in " ".join(runner.invoke(app, arguments).output.split())
    result = runner.invoke(app, ["report", str(canned / "out" / "fit.nc"), "--force"])
    assert result.exit_code == 0, result.output
    assert "outcomes.kinship.sesoi: 5.0 when frozen" in (canned / "out" / "report.html").read_text(encoding="utf-8")

    (canned / "own.frozen.json").unlink()
    assert runner.invoke(app, arguments).exit_code == 0
    assert "It was not frozen" in (canned / "out" / "report.html").read_text(encoding="utf-8")
    assert not (canned / "out" / "frozen.json").exists(), "that of an earlier run says nothing of this one"


def test_design_writes_a_table_and_a_figure_an_outcome(canned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def operating(spec: pr.Spec, _: pr.Panel, name: str, **settings: Any) -> pr.Operating:
        asked.append((name, settings["effects"], settings["simulations"]))
        row = {
            "effect": 0.0, "simulation": 0, "mean": 0.0, "sd": 1.0, "eti95_low": 0.0, "eti95_high": 1.0, "p_harm": 0.5,
            "using": "carry on", "considering": "pause for thought", "gate": "PASS",
        }  # fmt: skip
        return pr.Operating(spec, spec.outcome(name), pd.DataFrame([row]))

    monkeypatch.setattr(pr, "operating", operating)
    arguments = ["design", str(DEMO), "--data", str(canned / "table.csv"), "--out", str(canned / "design")]
    arguments += ["--outcome", "kinship", "--effect", "-6", "--effect", "0", "--simulations", "7"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert asked == [("kinship", [-6.0, 0.0], 7)]
    assert "no effect: stop or rework 0%" in result.output
    assert (canned / "design" / "kinship.csv").exists()
    assert (canned / "design" / "kinship.svg").exists()
    assert isinstance(runner.invoke(app, arguments).exception, pr.StoreError)
    assert runner.invoke(app, [*arguments, "--force"]).exit_code == 0


def test_report_is_made_again_from_a_saved_fit(tmp_path: Path) -> None:
    tiny_fit().save(tmp_path / "fit.nc")
    result = runner.invoke(app, ["report", str(tmp_path / "fit.nc")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "report.html").is_file()


def test_describe_prints_priors_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    # the module, not the function of the same name in its package
    compiling = importlib.import_module("primum.fit.compile")
    monkeypatch.setattr(compiling, "program_of", lambda *_args: pytest.fail("describe compiled a model"))
    result = runner.invoke(app, ["describe", str(DEMO)])
    assert result.exit_code == 0
    assert re.search(r"tau +Normal\(0, 1\) +\[default\] average effect", result.output)
    assert "141 comparators" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.toml"], "there is no such file"),
        (["run", str(ENGLAND)], "it names no table; give one with --data FILE"),
        (["run", str(ENGLAND), "--data", "nowhere.csv"], "there is no such file"),
        (["report", "nowhere.nc"], "there is no file nowhere.nc"),
        (["report", str(DEMO)], "is not a fit that primum saved"),
        (["run"], "Missing argument"),
        (["fly"], "No such command"),
    ],
)
def test_bad_input_exits_with_two_and_no_traceback(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = call(
        *arguments, *(["--out", str(tmp_path / "out")] if arguments[0] == "run" and len(arguments) > 1 else [])
    )
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_help_teaches_with_an_example() -> None:
    for command in ([], ["run"], ["describe"], ["demo"], ["report"], ["data", "match"]):
        result = runner.invoke(app, [*command, "--help"])
        assert result.exit_code == 0
        assert "primum " in result.output.split("Usage", 1)[1].split("\n", 1)[1]


def test_main_turns_errors_into_exit_code_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["primum", "describe", "nowhere.toml"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "1 problem in nowhere.toml:\n  1. there is no such file\n"


def test_an_out_that_is_a_file_is_refused_before_anything_is_computed(canned: Path) -> None:
    (canned / "file").write_text("mine", encoding="utf-8")
    arguments = ["run", str(DEMO), "--data", str(canned / "table.csv"), "--out", str(canned / "file" / "out")]
    result = runner.invoke(app, arguments)
    assert isinstance(result.exception, pr.StoreError)
    assert "cannot be made a folder" in str(result.exception)


@pytest.mark.usefixtures("blank_figures")
def test_review_says_why(canned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate((Finding("REVIEW", "fewer than 400 effective draws for q (224)", "run more draws"),), 1.005, 224.0)
    fit = tiny_fit()
    doubtful = pr.Fit(fit.spec, fit.panel, fit.tree, {**fit.gates, "kinship": gate})
    monkeypatch.setattr(pr, "fit", lambda *_args, **_settings: doubtful)
    result = run(canned)
    assert result.exit_code == 0
    assert "REVIEW kinship: fewer than 400 effective draws for q (224); run more draws" in result.output


def test_help_imports_nothing_slow() -> None:
    """Half a second is what people wait for help without wondering."""
    slow = "{'pymc', 'pytensor', 'nutpie', 'numba', 'arviz', 'xarray', 'pandas', 'scipy', 'matplotlib'}"
    code = f"import sys, primum.cli.app; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def imputed(canned: Path) -> Path:
    """The same table three times over, with a specification that says so."""
    table = pd.read_csv(canned / "table.csv")
    pd.concat([table.assign(imp=number) for number in (1, 2, 3)]).to_csv(canned / "imputed.csv", index=False)
    text = DEMO.read_text(encoding="utf-8").replace('unit = "la"', 'unit = "la"\nimputation = "imp"')
    (canned / "spec.toml").write_text(text, encoding="utf-8")
    return canned


@pytest.mark.usefixtures("blank_figures")
def test_imputations_are_run_as_one_analysis(imputed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}

    def fit(_: pr.Spec, panels: dict[int, pr.Panel], **__: object) -> pr.Imputed:
        given.update(panels)
        return tiny_imputed()

    monkeypatch.setattr(pr, "fit", fit)
    arguments = [str(imputed / "spec.toml"), "--data", str(imputed / "imputed.csv")]
    result = runner.invoke(app, ["run", *arguments, "--out", str(imputed / "out")])
    assert result.exit_code == 0, result.output
    assert list(given) == [1, 2, 3]
    assert "3 imputations, the first of them:" in result.output
    assert "only 3 imputations, where 20 or more are needed" in " ".join(result.output.split())
    content = json.loads((imputed / "out" / "summary.json").read_text(encoding="utf-8"))
    assert content["outcomes"]["kinship"]["imputations"]["number"] == 3
    assert pr.Imputed.load(imputed / "out" / "fit.nc") == tiny_imputed()
    again = runner.invoke(app, ["report", str(imputed / "out" / "fit.nc"), "--force"])
    assert again.exit_code == 0, again.output
    described = runner.invoke(app, ["describe", *arguments])
    assert "imputed  3 times, fitted apart, draws put together" in described.output


def test_what_takes_one_panel_refuses_imputations(imputed: Path) -> None:
    arguments = [str(imputed / "spec.toml"), "--data", str(imputed / "imputed.csv")]
    for command in (["design"], ["data", "match"]):
        result = runner.invoke(app, [*command, *arguments])
        assert isinstance(result.exception, pr.PanelError)
        assert "where one panel is asked for" in str(result.exception)
