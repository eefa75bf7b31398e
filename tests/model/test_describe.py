from __future__ import annotations

import numpy as np
import pytest

from primum.model import cells_of, describe
from primum.model.families import family_of
from primum.panel import Panel
from tests.model.cases import REGIONS, TRENDS, WALK, WEIGHTS
from tests.model.panels import evaluation, spec_of, table_of


def test_the_page_gives_the_panel_and_each_pilot() -> None:
    text = describe(*evaluation("binomial"))
    assert text.splitlines()[0] == "A tiny evaluation"
    assert "12 units (3 pilots, 9 comparators) x 6 periods (2010 to 2015)" in text
    assert "pilot    0: exposed from 2013, fully from 2013\n" in text
    assert "pilot    1: exposed from 2013, fully from 2014\n" in text


def test_periods_left_out_are_counted() -> None:
    text = describe(*evaluation("binomial", changes={"treatment.embedding": "leave out"}))
    assert "pilot    1: exposed from 2013, fully from 2014, 1 period left out\n" in text
    assert "cells    71 used, 1 missing, empty or left out" in text


def test_the_outcome_is_given_with_its_cells_scale_and_harm() -> None:
    spec, panel = evaluation("lognormal", missing=5)
    text = describe(spec, panel)
    standard = family_of("lognormal").standard(cells_of(panel.dataset, spec.outcomes[0]))
    assert "The first outcome (first)" in text
    assert "cells    67 used, 5 missing, empty or left out" in text
    assert f"centre {standard.centre:.4g}, spread 1 on the link scale" in text
    assert "lognormal with log link: positive mean" in text
    assert "harm     up; smallest effect of interest 2 days" in text


def test_intervals_are_counted() -> None:
    text = describe(*evaluation("binomial", missing=5, bounded=6))
    assert "cells    67 used (5 of them known as intervals), 5 missing, empty or left out" in text
    assert "intervals" not in describe(*evaluation("binomial", missing=5))


@pytest.mark.parametrize(
    ("family", "counted", "absent"),
    [("binomial", True, ["sigma"]), ("normal", True, []), ("normal", False, ["s"])],
)
def test_priors_are_those_of_the_model(family: str, counted: bool, absent: list[str]) -> None:
    spec, panel = evaluation(family, counted=counted)  # type: ignore[arg-type]
    lines = describe(spec, panel).splitlines()
    shown = {line.split()[0]: line for line in lines if "[default]" in line}
    options = ["kappa", "sigma_event", "sigma_cohort", "moderator", "covariate", "omega", "sigma_slope"]
    absent = [*absent, *options, "sigma_region"]
    expected = [name for name, _ in spec.outcomes[0].all_priors().items() if name not in absent]
    assert list(shown) == expected
    for name, prior in spec.outcomes[0].all_priors().items():
        if name in shown:
            assert f" {prior} " in shown[name]
            assert shown[name].endswith(prior.reason)


def test_a_prior_of_the_specification_s_own_says_so() -> None:
    change = {"outcomes.first.priors.tau": {"scale": 0.25, "location": -0.5, "reason": "earlier evaluations"}}
    text = describe(*evaluation("binomial", changes=change))
    line = next(line for line in text.splitlines() if line.strip().startswith("tau "))
    assert line.split() == ["tau", "Normal(-0.5,", "0.25)", "[yours]", "earlier", "evaluations"]


@pytest.mark.parametrize(
    ("variances", "words", "learned"),
    [("equal", "as large in every unit", False), ("by unit", "by learned factors", True),
     ("heavy-tailed", "perhaps far larger", False)],
)  # fmt: skip
def test_variances_are_named_and_omega_is_there_where_it_is_learned(variances: str, words: str, learned: bool) -> None:
    text = describe(*evaluation("binomial", changes={"outcomes.first.variances": variances}))
    assert words in text
    assert any(line.strip().startswith("omega ") for line in text.splitlines()) == learned


def test_a_set_of_priors_and_heavy_tails_are_named() -> None:
    changes = {"outcomes.first.prior_set": "sceptical", "outcomes.first.effect.spread": "heavy-tailed"}
    text = describe(*evaluation("binomial", changes=changes))
    line = next(line for line in text.splitlines() if line.strip().startswith("tau "))
    assert "Normal(0, 0.25)" in line
    assert "[sceptical]" in line
    assert "differs between pilots (sigma_tau, heavy-tailed)" in text


def test_the_target_is_named() -> None:
    assert "fully exposed periods, each area-period the same\n" in describe(*evaluation("binomial"))
    text = describe(*evaluation("binomial", changes={"outcomes.first.target": "denominators"}))
    assert "fully exposed periods, each area-period weighted by its denominator\n" in text


def test_sampler_and_thresholds_are_given_and_nothing_is_changed() -> None:
    spec, panel = evaluation("binomial", changes={"sampler.draws": 123, "decisions.using.stop": 0.75})
    before = panel.fingerprint
    text = describe(spec, panel)
    sampler = spec.sampler
    expected = (
        f"4 chains of 123 draws after {sampler.tune} of tuning, target acceptance {sampler.target_accept:g}, seed 11"
    )
    assert expected in text
    assert "using it: stop at P(harm beyond SESOI) 0.75, watch at 0.2" in text
    assert panel.fingerprint == before
    assert np.all(~panel.dataset["first"].isnull())


def test_paths_and_trends_are_described() -> None:
    default = describe(*evaluation("binomial"))
    assert "path     free, shared by all units" in default
    assert "(sigma_slope)" not in default
    text = describe(*evaluation("binomial", changes={**WALK, **REGIONS, **TRENDS}))
    assert "path     a random walk; the paths of 3 regions depart from it (sigma_region)\n" in text
    assert "drift    random walk (phi = 1), from the line of a trend of each unit's own (sigma_slope)" in text
    assert "ZeroSumWalk(1)" in text
    assert "no comparator" not in text


def test_regions_without_a_comparator_are_named() -> None:
    # three pilots are one in each region; comparators in two of them
    spec, frame = spec_of("binomial", changes=REGIONS), table_of("binomial")
    frame.loc[(frame["region"] == "South") & (frame["area"] >= 3), "region"] = "West"
    panel = Panel.from_frame(frame, spec.data)
    assert panel.uncompared == ["South"]
    assert "no comparator in South: under exposure known only from how far regions depart" in describe(spec, panel)


def test_each_of_several_outcomes_is_described() -> None:
    text = describe(*evaluation("binomial", ("first", "second")))
    assert text.count("Outcome    ") == 2
    assert "The second outcome (second)" in text


def test_comparator_weights_are_described() -> None:
    text = describe(*evaluation("binomial", changes=WEIGHTS))
    assert "around equal ones, scale 0.7, 0.3 of it shared between pilots; kappa learned" in text
    assert "Beta(8.18, 8.18)" in text
    fixed = describe(*evaluation("binomial", changes={**WEIGHTS, "outcomes.first.weights.kappa": 0.5}))
    assert "kappa fixed at 0.5" in fixed
    assert "Beta(" not in fixed
    assert "weights  none" in describe(*evaluation("binomial"))


def test_open_records_and_boundaries_are_described() -> None:
    assert "records, known to last until their follow-up ended" in describe(*evaluation("binned", still=True))
    found = describe(*evaluation("ordered"))
    assert "effect   on the share above first_category_1, with one odds ratio at every boundary" in found
    assert ", +0.00, " in found
    assert "open " not in found
