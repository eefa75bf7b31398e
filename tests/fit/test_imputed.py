"""Fits of several imputations: each judged by itself, kept together, and right where they are equal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from primum.effects import effects
from primum.errors import PanelError, SpecError, StoreError
from primum.fit import Fit, Gate, Imputed, fit
from primum.fit.chains import ess_together, mcse_mean
from primum.fit.gate import Finding, apart, diagnose, mixed, sampled, worst_of
from primum.fit.imputed import load_fit
from primum.panel import Panel
from primum.spec import Spec
from tests.fit.evaluations import RealFit, small_fit

FITS = Imputed(small_fit().spec, {"a": small_fit(1), "b": small_fit(2)})


def draws_around(*means: float, seed: int = 1) -> xr.Dataset:
    """Independent normal draws of x, 4 chains of 250 an imputation, around these means."""
    rng = np.random.default_rng(seed)
    each = {
        name: xr.Dataset({"x": (("chain", "draw"), rng.normal(mean, 1, size=(4, 250)))})
        for name, mean in enumerate(means, 1)
    }
    return mixed(each)


def test_chains_lie_one_imputation_after_the_other() -> None:
    together = draws_around(-1.0, 0.0, 5.0)
    assert together["imputation"].values.tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert together["chain"].values.tolist() == list(range(12))
    first, _, last = apart(together)
    assert np.array_equal(sampled(together["x"])[0], first["x"])
    assert np.array_equal(sampled(together["x"])[2], last["x"])
    assert sampled(together["x"]).shape == (3, 4, 250)


def test_posteriors_that_differ_are_no_want_of_convergence() -> None:
    found = diagnose(draws_around(-5.0, 0.0, 5.0)).loc["x"]
    each = [diagnose(part).loc["x"] for part in apart(draws_around(-5.0, 0.0, 5.0))]
    assert found["rhat"] == max(part["rhat"] for part in each) < 1.01
    assert found["ess_bulk"] == pytest.approx(9 / sum(1 / part["ess_bulk"] for part in each))
    # taken for chains of one posterior they would not have met by far
    assert diagnose(draws_around(-5.0, 0.0, 5.0).drop_vars("imputation"))["rhat"]["x"] > 2


def test_equal_effective_draws_add_up_and_the_fewest_decide() -> None:
    assert ess_together(np.array([[100.0], [100.0], [100.0]])) == pytest.approx(300)
    assert ess_together(np.array([[1e9], [1e9], [10.0]])) == pytest.approx(90)


def test_the_error_of_a_mixture_comes_from_within() -> None:
    draws = sampled(draws_around(-50.0, 0.0, 50.0)["x"])
    each = [mcse_mean(part[None])[0] for part in draws]
    assert mcse_mean(draws[None])[0] == pytest.approx(np.sqrt(np.sum(np.square(each))) / 3)
    # independent draws of SD 1: 1 / sqrt(3000), whose estimate is good to some 10%
    assert mcse_mean(draws[None])[0] == pytest.approx(1 / np.sqrt(3000), rel=0.2)


def gate(verdict: str, rhat: float) -> Gate:
    findings = {"PASS": (), "REVIEW": (Finding("REVIEW", "R-hat above 1.01", "run more draws"),)}
    return Gate(findings.get(verdict, (Finding("FAIL", "R-hat above 1.05", "run more draws"),)), rhat, 500.0)


def test_the_worst_imputation_decides_and_is_named() -> None:
    assert worst_of({1: gate("PASS", 1.001), 2: gate("PASS", 1.002)}) == Gate((), 1.002, 500.0)
    one = worst_of({1: gate("PASS", 1.001), 2: gate("REVIEW", 1.02)})
    assert (one.verdict, one.reasons) == ("REVIEW", ["imputation 2: R-hat above 1.01; run more draws"])
    two = worst_of({1: gate("REVIEW", 1.03), "b": gate("FAIL", 1.2), 3: gate("PASS", 1.0)})
    assert two.verdict == "FAIL"
    assert two.reasons == ["imputation b (the worst of 2 that do not pass): R-hat above 1.05; run more draws"]
    assert two.max_rhat == 1.2


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    FITS.save(tmp_path / "fit.nc")
    assert Imputed.load(tmp_path / "fit.nc") == FITS
    assert load_fit(tmp_path / "fit.nc") == FITS
    with pytest.raises(StoreError, match=r"several imputations; load it with primum\.Imputed\.load"):
        Fit.load(tmp_path / "fit.nc")
    with pytest.raises(StoreError, match="exists"):
        FITS.save(tmp_path / "fit.nc")
    small_fit().save(tmp_path / "one.nc")
    assert load_fit(tmp_path / "one.nc") == small_fit()
    with pytest.raises(StoreError, match=r"one panel; load it with primum\.Fit\.load"):
        Imputed.load(tmp_path / "one.nc")


@pytest.mark.parametrize("part", ["names", "spec"])
def test_missing_parts_are_noticed(part: str, tmp_path: Path) -> None:
    FITS.save(tmp_path / "fit.nc")
    with h5netcdf.File(tmp_path / "fit.nc", "a") as file:
        del file.attrs[part]
    with pytest.raises(StoreError, match="is damaged, a part of it is missing"):
        Imputed.load(tmp_path / "fit.nc")


def test_changed_draws_of_one_imputation_are_noticed(tmp_path: Path) -> None:
    FITS.save(tmp_path / "fit.nc")
    with h5netcdf.File(tmp_path / "fit.nc", "a") as file:
        file["1/outcomes/kinship/posterior/tau"][0, 0] += 1
    with pytest.raises(StoreError, match="does not match its fingerprints"):
        Imputed.load(tmp_path / "fit.nc")


def test_it_says_what_it_is() -> None:
    assert repr(FITS).splitlines()[0] == "2 imputations of 'Signs of Safety, simulated': gate PASS"
    assert FITS.posterior("kinship").sizes["chain"] == 8
    assert "eta" not in FITS.posterior("kinship")
    assert FITS.fingerprint != Imputed(FITS.spec, {"b": small_fit(2), "a": small_fit(1)}).fingerprint
    assert Imputed(FITS.spec, {"a": small_fit(1), "c": small_fit(2)}) != FITS


def evaluation(real: RealFit) -> tuple[Spec, Panel]:
    """The first outcome of the session's fit."""
    spec = replace(real.spec, outcomes=real.spec.outcomes[:1])
    return spec, Panel(real.panel.dataset.drop_vars("first_again"), spec.data)


def test_imputations_that_contradict_each_other_are_refused(real_fit: RealFit) -> None:
    spec, panel = evaluation(real_fit)
    later = Panel(panel.dataset.assign(exposure=panel.dataset["exposure"] * 0.5), panel.layout)
    with pytest.raises(PanelError, match="imputation 2: exposure differs from that in imputation 1 for") as caught:
        fit(spec, [panel, later])
    assert caught.value.subject == "the imputations"
    with pytest.raises(PanelError, match="fewer than two"):
        fit(spec, [panel])
    with pytest.raises(SpecError, match="another layout"):
        fit(real_fit.spec, [panel, panel])


def test_equal_imputations_give_the_single_answer(real_fit: RealFit, tmp_path: Path) -> None:
    spec, panel = evaluation(real_fit)
    found = fit(spec, {"a": panel, "b": panel}, checkpoints=tmp_path, show_progress=False)
    assert len(list(tmp_path.iterdir())) == 2  # each is kept by itself
    assert fit(spec, {"a": panel, "b": panel}, checkpoints=tmp_path) == found
    first, second = (each.posterior("first")["tau"].values for each in found.fits.values())
    assert not np.array_equal(first, second)  # draws of other seeds, or there would be half as many
    alone, both = (effects(each)["first"].table for each in (real_fit.fit, found))
    # 5 standard errors, some 30 quantities
    gaps = both["mean"].sub(alone["mean"]).abs()
    assert (gaps <= 5 * (both["mcse"] ** 2 + alone["mcse"] ** 2) ** 0.5).all()
    shares = effects(found)["first"].imputations
    assert shares is not None
    # equal posteriors: the variance of two means of 400 or more effective draws each is within 1/400, times a
    # chi-squared on 1 degree of freedom, of which 20 is passed once in 100,000
    assert (shares["share_between"].dropna() < 1.5 * 20 / 400).all()
    # an SD from some 1,000 effective draws is good to 2%
    assert (both["sd"] / alone["sd"] - 1).abs().max() < 0.1
