from __future__ import annotations

from pathlib import Path

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from primum.errors import StoreError
from primum.fit import Fit, Gate
from primum.fit.gate import Finding
from primum.fit.sample import observed_data
from primum.model import cells_of
from primum.spec.families import FamilyName
from primum.testing import tiny_joint_fit
from tests.fit.evaluations import RealFit, small_fit
from tests.model.panels import evaluation


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "fit.nc"
    small_fit().save(path)
    return path


def copy_of(stored: Path, folder: Path) -> Path:
    path = folder / "copy.nc"
    path.write_bytes(stored.read_bytes())
    return path


def test_a_loaded_fit_equals_the_saved_one(stored: Path) -> None:
    loaded = Fit.load(stored)
    assert loaded == small_fit()
    assert repr(loaded) == repr(small_fit())
    assert loaded.spec == small_fit().spec
    assert loaded.panel.fingerprint == small_fit().panel.fingerprint
    for name in ("assessment", "kinship"):
        ours, theirs = loaded.posterior(name), small_fit().posterior(name)
        xr.testing.assert_identical(ours, theirs)
        assert all(ours[key].dtype == theirs[key].dtype for key in theirs.variables)
    assert loaded != small_fit(2)


def test_a_real_fit_of_units_with_names_survives_too(real_fit: RealFit, tmp_path: Path) -> None:
    real_fit.fit.save(tmp_path / "fit.nc")
    loaded = Fit.load(tmp_path / "fit.nc")
    assert loaded == real_fit.fit
    assert loaded.panel.dataset["unit"].dtype == real_fit.panel.dataset["unit"].dtype
    # names still select, as they did before
    before = real_fit.fit.posterior("first")["tau_unit"].sel(pilot="Area 02")
    np.testing.assert_array_equal(loaded.posterior("first")["tau_unit"].sel(pilot="Area 02"), before)


@pytest.mark.parametrize(("family", "still"), [("binomial", False), ("binned", True), ("ordered", False)])
def test_intervals_and_bins_survive(family: FamilyName, still: bool, tmp_path: Path) -> None:
    spec, panel = evaluation(family, missing=5, bounded=12, still=still)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    noise = {"mu": (("chain", "draw"), np.random.default_rng(1).normal(size=(2, 5)))}
    tree = xr.DataTree.from_dict(
        {"posterior": xr.Dataset(noise), "observed_data": observed_data(panel, spec.outcomes[0])}
    )
    fit = Fit(spec, panel, xr.DataTree(children={"first": tree}), {"first": Gate((), 1.0, np.inf)})
    fit.save(tmp_path / "fit.nc")
    loaded = Fit.load(tmp_path / "fit.nc")
    assert loaded.panel == panel
    assert loaded.spec == spec
    again = cells_of(loaded.panel.dataset, loaded.spec.outcomes[0])
    for one, other in zip(again.bounds, cells.bounds, strict=True):
        np.testing.assert_array_equal(one, other)
    if again.bins is not None and cells.bins is not None:
        assert again.bins.rest.any()
        np.testing.assert_array_equal(again.bins.rest, cells.bins.rest)
        np.testing.assert_array_equal(again.bins.open, cells.bins.open)
        assert again.bins.open.any() == still
        assert again.bins.above == cells.bins.above
    assert (again.bins is None) == (family == "binomial")
    names = set(loaded.tree["first"]["observed_data"].data_vars)
    assert names == {name for name in panel.dataset.data_vars if str(name).startswith("first")}


def test_findings_and_figures_of_every_gate_survive(tmp_path: Path) -> None:
    whole = small_fit()
    finding = Finding("FAIL", "R-hat above 1.01 for τ", "run more draws")
    gates = {name: Gate((finding,), np.inf, 0.0) for name in whole.gates} | {"kinship": Gate((), 1.0, np.inf)}
    Fit(whole.spec, whole.panel, whole.tree, gates).save(tmp_path / "fit.nc")
    loaded = Fit.load(tmp_path / "fit.nc")
    assert dict(loaded.gates) == gates
    assert loaded.gate.verdict == "FAIL"


def test_saving_refuses_to_write_over_a_file(stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="exists; choose another name, or write over it with force"):
        small_fit(2).save(path)
    assert path.read_bytes() == before
    small_fit(2).save(path, force=True)
    assert Fit.load(path) == small_fit(2)


def test_a_file_appears_whole_or_not_at_all(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(tree: xr.DataTree, path: Path, **kwargs: object) -> None:
        path.write_bytes(b"half a fit")
        raise OSError("no space left on device")

    path = copy_of(stored, tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(xr.DataTree, "to_netcdf", break_off)
    with pytest.raises(StoreError, match="cannot be written: no space left on device"):
        small_fit(2).save(path, force=True)
    with pytest.raises(StoreError, match="cannot be written"):
        small_fit(2).save(tmp_path / "new.nc")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["copy.nc"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        small_fit().save(tmp_path / "nowhere" / "fit.nc")


def test_saving_leaves_nothing_beside_the_file(stored: Path) -> None:
    assert [file.name for file in stored.parent.iterdir()] == ["fit.nc"]


def test_files_that_are_not_fits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no file"):
        Fit.load(tmp_path / "missing.nc")
    with pytest.raises(StoreError, match="there is no file"):
        Fit.load(tmp_path)
    text = tmp_path / "text.nc"
    text.write_text("no fit")
    with pytest.raises(StoreError, match="is not a fit that primum saved"):
        Fit.load(text)
    other = tmp_path / "other.nc"
    xr.Dataset({"x": 1.0}).to_netcdf(other, engine="h5netcdf")
    with pytest.raises(StoreError, match="is not a fit that this version of primum saved"):
        Fit.load(other)


def test_a_broken_file_is_refused(stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StoreError, match="is not a fit that primum saved"):
        Fit.load(path)


def test_a_fit_of_another_format_is_refused(stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    with h5netcdf.File(path, "a") as file:
        file.attrs["format"] = "primum fit 0"
    with pytest.raises(StoreError, match="this version of primum"):
        Fit.load(path)


def test_changed_draws_are_noticed(stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    with h5netcdf.File(path, "a") as file:
        file["outcomes/kinship/posterior/tau"][0, 0] += 1
    with pytest.raises(StoreError, match="is damaged: its content does not match its fingerprints"):
        Fit.load(path)


@pytest.mark.parametrize("where", ["panel/kinship", "panel/exposure", "outcomes/kinship/posterior/tau"])
def test_changed_data_and_draws_are_noticed(where: str, stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    with h5netcdf.File(path, "a") as file:
        file[where][0, 0] += 0.5
    with pytest.raises(StoreError, match="is damaged: its content does not match its fingerprints; fit again"):
        Fit.load(path)


@pytest.mark.parametrize("part", ["spec", "gates", "fingerprint", "draws"])
def test_missing_parts_are_noticed(part: str, stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    with h5netcdf.File(path, "a") as file:
        del file.attrs[part]
    with pytest.raises(StoreError, match="is damaged, a part of it is missing or cannot be read"):
        Fit.load(path)


def test_unreadable_parts_are_noticed(stored: Path, tmp_path: Path) -> None:
    path = copy_of(stored, tmp_path)
    with h5netcdf.File(path, "a") as file:
        file.attrs["spec"] = file.attrs["spec"].replace("kinship_periods", "")
    with pytest.raises(StoreError, match="is damaged, a part of it is missing or cannot be read"):
        Fit.load(path)


def test_correlations_survive_and_are_under_the_fingerprint(tmp_path: Path) -> None:
    fit = tiny_joint_fit()
    path = tmp_path / "fit.nc"
    fit.save(path)
    loaded = Fit.load(path)
    assert loaded == fit
    assert loaded.correlations is not None
    assert loaded != Fit(fit.spec, fit.panel, fit.tree, fit.gates, loaded.correlations * 0.5)
    with h5netcdf.File(path, "a") as file:
        file["correlations"]["level"][0, 0, 0, 1] = 0.123
    with pytest.raises(StoreError, match="does not match its fingerprints"):
        Fit.load(path)
