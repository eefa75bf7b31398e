"""The report is one page that needs nothing else and says what the tables say."""

import dataclasses
import html
import re
from pathlib import Path

import pytest

import primum as pr
from primum.effects import Effects
from primum.fit.gate import Finding, Gate
from primum.report.summary import summary
from primum.testing import canned_fit, tiny_fit, tiny_imputed, tiny_joint_fit, tiny_panel


@pytest.fixture(scope="module")
def effects() -> Effects:
    return pr.effects(tiny_fit())


@pytest.fixture(scope="module")
def page(effects: Effects, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    truth = pr.simulate(units=12, periods=8, pilots=3, seed=1).truth
    return pr.write_report(tiny_fit(), effects, pr.harm(effects), folder, truth=truth).read_text(encoding="utf-8")


def test_needs_no_network_and_no_other_file(page: str) -> None:
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]+"|<!DOCTYPE[^>]+>|<(cc|dc|rdf)[^>]*>', "", page)
    assert not re.findall(r'(?:src|href)="(?!#)', without_namespaces.replace("xlink:href", "href"))
    assert "<script" not in page
    assert "@import" not in page


def test_findings_come_before_figures(page: str, effects: Effects) -> None:
    text = html.unescape(page)
    for each in pr.harm(effects).outcomes.values():
        place = text.index(each.sentence[len(each.outcome.label) :])
        assert place < text.index("<svg")


def test_three_lengths_are_shown(page: str, effects: Effects) -> None:
    text = html.unescape(page)
    for each in pr.harm(effects).outcomes.values():
        assert f'<h2 class="page">{each.headline}</h2>' in text
        assert f"<p>{each.sentence}</p>" in text
        assert f"<details><summary>With all caveats</summary><p>{each.paragraph}</p></details>" in text


def test_all_outcomes_together_and_the_words_are_explained(page: str, effects: Effects) -> None:
    text = html.unescape(page)
    assert pr.harm(effects).across_sentence in text
    rows = ("No outcome", "At least one", "Exactly one", "Exactly 2", "Exactly 3", "All 4")
    places = [text.index(f"<td>{row}</td>") for row in rows]
    assert places == sorted(places)
    assert "<td>Very likely</td><td>90 to 95%</td>" in text
    assert "Chosen after fitting" not in text


@pytest.mark.usefixtures("blank_figures")
def test_a_yardstick_is_explained_where_it_is_used(tmp_path: Path) -> None:
    fit = tiny_fit()
    other = dataclasses.replace(fit, spec=fit.spec.change({"words.scale": "phia"}))
    effects = pr.effects(other)
    effects = dataclasses.replace(effects, outcomes={"kinship": effects["kinship"]})
    text = pr.write_report(other, effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8")
    assert "<td>Realistic possibility</td><td>40 to less than 50%</td>" in text
    assert "Very likely" not in text


def test_ids_are_unique(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_shows_the_truth_of_simulated_data(page: str) -> None:
    assert "True (simulated)" in page


def test_says_what_estimands_are_about_and_that_effects_are_expected_ones(page: str) -> None:
    text = html.unescape(page)
    assert "“expected” effects, the default" in text
    assert "pilots' exposed periods with a known denominator" in text
    assert "Departure \N{MINUS SIGN}4 periods from the start" in text
    assert "LA 01 \N{HORIZONTAL ELLIPSIS} LA 03" in text


@pytest.mark.usefixtures("blank_figures")
def test_a_user_s_estimands_are_in_the_report(tmp_path: Path) -> None:
    fit = tiny_fit()
    mine = [
        pr.Estimand("best", lambda p: p.effect.max(["pilot", "time"]), "Best cell", "a cell", weights="one"),
        pr.estimands.realised(pr.estimands.SATT),
    ]
    effects = pr.effects(fit, mine)
    text = pr.write_report(fit, effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8")
    row = effects["kinship"].table.loc["best"]
    assert re.search(r"<td>Best cell</td><td[^>]*>percentage points</td>", text)
    assert f"<td>{min(row['ess_bulk'], row['ess_tail']):,.0f}</td>" in text
    assert "Average in the pilots, realised" in text


def test_specification_and_fingerprint_are_there(page: str) -> None:
    assert "HalfNormal(0.3)" in page
    assert tiny_fit().panel.fingerprint[:16] in page


@pytest.mark.usefixtures("blank_figures")
def test_a_failed_outcome_shows_its_reason_and_no_effects(effects: Effects, tmp_path: Path) -> None:
    gate = Gate((Finding("FAIL", "R-hat above 1.01 for tau (1.200)", "run more draws"),), 1.2, 30.0)
    broken = {name: dataclasses.replace(each, gate=gate) for name, each in effects.outcomes.items()}
    changed = dataclasses.replace(effects, outcomes=broken)
    text = pr.write_report(tiny_fit(), changed, pr.harm(changed), tmp_path).read_text(encoding="utf-8")
    assert "run more draws" in text
    assert "Probability of harm is" not in text
    assert "95% interval</th>" not in text
    assert "With all caveats" not in text
    assert "<td>No outcome</td>" not in text
    assert "which might be harmed" in text
    assert not (tmp_path / "figures" / "kinship-forest.svg").exists()


def test_text_from_the_specification_is_escaped(tmp_path: Path) -> None:
    fit = tiny_fit()
    hostile = dataclasses.replace(fit, spec=fit.spec.change({"title": "<script>alert(1)</script> & co"}))
    effects = pr.effects(hostile)
    text = pr.write_report(hostile, effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_does_not_write_over_a_report(effects: Effects, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine", encoding="utf-8")
    with pytest.raises(pr.StoreError, match="exists"):
        pr.write_report(tiny_fit(), effects, pr.harm(effects), tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("blank_figures")
def test_imputations_are_shown_and_said(tmp_path: Path) -> None:
    fit = tiny_imputed()
    effects = pr.effects(fit)
    harm = pr.harm(effects)
    text = html.unescape(pr.write_report(fit, effects, harm, tmp_path).read_text(encoding="utf-8"))
    assert text.count("<h3>What missing values add</h3>") == 4
    assert f"<p>{harm['kinship'].imputed}</p>" in text
    shares = effects["kinship"].imputations
    assert shares is not None
    row = shares.loc["satt"]
    needed = f"<td>{row['share_between']:.0%}</td><td>{row['imputations_needed']:.0f}</td>"
    assert needed in text
    assert "missing values are those of the first of 3 imputations" in text
    assert "Missing values were imputed 3 times before the analysis" in text
    assert "imputed  3 times, fitted apart" in text
    assert (tmp_path / "figures" / "kinship-imputations.svg").is_file()
    assert fit.fingerprint[:16] in text


def test_one_panel_says_nothing_of_imputations(page: str) -> None:
    assert "imput" not in page


@pytest.mark.usefixtures("blank_figures")
def test_correlations_are_shown_of_a_joint_fit_alone(page: str, tmp_path: Path) -> None:
    fit = tiny_joint_fit()
    effects = pr.effects(fit)
    text = html.unescape(pr.write_report(fit, effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8"))
    row = pr.correlations(fit).table.loc["path"].loc["rereferral"].loc["kinship"]
    assert "How outcomes go together" in text
    assert f"{row['mean']:+.2f}" in text.replace("\N{MINUS SIGN}", "-")
    assert "All outcomes were fitted jointly" in text
    assert "Correlations between outcomes: LKJ(2)" in text
    assert "as probable as this table says" not in text
    assert (tmp_path / "figures" / "correlations.svg").is_file()
    assert "How outcomes go together" not in page


@pytest.mark.usefixtures("blank_figures")
def test_records_that_hardly_count_are_shown(tmp_path: Path) -> None:
    spec = pr.demo_spec().change({"outcomes.kinship.shocks": "heavy-tailed"})
    fit = canned_fit(spec, tiny_panel())
    effects = pr.effects(fit)
    effects = dataclasses.replace(effects, outcomes={"kinship": effects["kinship"]})
    harm = pr.harm(effects)
    page = html.unescape(pr.write_report(fit, effects, harm, tmp_path).read_text(encoding="utf-8"))
    sentence = pr.outliers(fit, "kinship").sentence
    assert page.count(sentence) == 2, "beside the checks, and in the methods"
    assert '"kinship-outliers-' in page
    assert "shocks scatter as Student's t with 4 degrees of freedom" in page
    content = summary(fit, effects, harm, total_seconds=1.0, truth=None)["outcomes"]["kinship"]
    assert [each["time"] for each in content["outliers"]] == [int(fit.panel.dataset["time"][-1])]


@pytest.mark.usefixtures("blank_figures")
def test_areas_that_move_more_are_shown(tmp_path: Path) -> None:
    fit = canned_fit(pr.demo_spec().change({"outcomes.kinship.variances": "heavy-tailed"}), tiny_panel())
    effects = pr.effects(fit)
    effects = dataclasses.replace(effects, outcomes={"kinship": effects["kinship"]})
    page = html.unescape(pr.write_report(fit, effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8"))
    assert page.count(pr.unit_sizes(fit, "kinship").sentence) == 2, "beside the checks, and in the methods"
    assert '"kinship-areas-' in page


def test_every_figure_that_is_drawn_is_on_the_page(tmp_path: Path) -> None:
    effects = pr.effects(tiny_fit())
    page = pr.write_report(tiny_fit(), effects, pr.harm(effects), tmp_path).read_text(encoding="utf-8")
    drawn = [path.stem for path in (tmp_path / "figures").iterdir()]
    assert len(drawn) > 20
    assert [name for name in drawn if f'"{name}-' not in page] == []
