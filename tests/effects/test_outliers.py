from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import primum as pr
from primum.effects import Outliers
from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.plots import plot_outliers
from primum.testing import canned_fit, tiny_fit, tiny_panel


@cache
def heavy_fit(seed: int = 1) -> Fit:
    """Shocks that are made up; that of the first pilot in the last period is far off."""
    return canned_fit(pr.demo_spec().change({"outcomes.kinship.shocks": "heavy-tailed"}), tiny_panel(seed), seed)


def test_records_stand_by_weight_and_say_what_was_expected() -> None:
    fit = heavy_fit()
    found, posterior = pr.outliers(fit, "kinship"), fit.posterior("kinship")
    records = found.records
    assert records["weight"].is_monotonic_increasing
    assert len(records) == 12 * 8
    pilot = np.flatnonzero(fit.panel.pilots)[0]
    assert records.index[0] == (fit.panel.dataset["unit"].values[pilot], fit.panel.dataset["time"].values[-1])
    assert found.little.index.tolist() == [records.index[0]]
    ratio = np.asarray(posterior["shock"].isel(unit=pilot, time=-1) / posterior["s"])
    # a thousand draws, all of which are used
    assert records["weight"].iloc[0] == pytest.approx((1 / (1 + ratio**2 / 4)).mean())
    first = records.iloc[0]
    assert first["eti95_low"] < first["mean"] < first["eti95_high"] < first["value"]
    assert first["exposure"] == 1.0


def test_what_hardly_counts_is_said() -> None:
    text = pr.outliers(heavy_fit(), "kinship").sentence
    assert text.startswith("1 record of 96 counts for less than a fifth of one that is as expected, because it is far")
    assert "%, under exposure). If a record under exposure is what the programme did" in text


def test_records_under_exposure_are_all_named() -> None:
    records = pr.outliers(heavy_fit(), "kinship").records.head(30).copy()
    records["exposure"], records["weight"] = 0.0, np.linspace(0.01, 0.1, 30)
    records.iloc[-1, list(records.columns).index("exposure")] = 1.0
    text = Outliers(heavy_fit().spec.outcome("kinship"), records).sentence
    last = records.iloc[-1]
    assert f"area: {last['label']} {records.index[-1][1]} (10%, under exposure); " in text
    assert "; and 22 more. If" in text


def test_imputations_are_averaged() -> None:
    fits: dict[int | str, Fit] = {number: heavy_fit(number) for number in (1, 2)}
    found = pr.outliers(Imputed(fits[1].spec, fits), "kinship").records
    each = [pr.outliers(fit, "kinship").records["weight"] for fit in fits.values()]
    np.testing.assert_allclose(found["weight"], ((each[0] + each[1]) / 2).loc[found.index])


def test_normal_shocks_have_none() -> None:
    with pytest.raises(SpecError, match=r'set outcomes\.kinship\.shocks to "heavy-tailed"'):
        pr.outliers(tiny_fit(), "kinship")


def test_figure_marks_what_hardly_counts() -> None:
    figure = plot_outliers(pr.outliers(heavy_fit(), "kinship"))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 6
    marked = [text.get_text() for axes in shown for text in axes.texts]
    assert len(marked) == 1
    assert marked[0].endswith("%")
