from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from primum.errors import SpecError
from primum.model import cells as module
from primum.model import cells_of
from primum.model.drift import drift_basis
from primum.panel import Panel
from tests.model.cases import REGIONS, TRENDS, WEIGHTS
from tests.model.panels import REGION_NAMES, evaluation, spec_of, table_of


def table() -> pd.DataFrame:
    return table_of("binomial", units=6, pilots=2).astype({"first_value": float, "first_size": float})


def test_observed_cells_keep_their_numbers_and_the_rest_are_zero() -> None:
    frame = table()
    frame.loc[30, "first_value"] = np.nan  # unit 5, first period
    frame.loc[31, ["first_value", "first_size"]] = np.nan
    frame.loc[32, ["first_value", "first_size"]] = 0  # nobody at risk, so nothing observed
    frame = frame.drop(index=33)  # no row at all
    spec = spec_of("binomial")
    cells = cells_of(Panel.from_frame(frame, spec.data).dataset, spec.outcomes[0])
    expected = np.ones((6, 6), dtype=bool)
    expected[5, :4] = False
    np.testing.assert_array_equal(cells.observed, expected)
    whole = table()["first_value"].to_numpy().reshape(6, 6)
    np.testing.assert_array_equal(cells.value, np.where(expected, whole, 0))
    size = table()["first_size"].to_numpy().reshape(6, 6)
    np.testing.assert_array_equal(cells.denominator, np.where(expected, size, 0))
    assert cells.counted


def test_exposure_ramps_and_pilots_are_positions() -> None:
    spec, panel = evaluation("binomial", units=6, pilots=2)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    np.testing.assert_array_equal(cells.pilots, [0, 1])
    np.testing.assert_array_equal(cells.exposure[:2], [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0.5, 1, 1]])
    assert not cells.exposure[2:].any()
    np.testing.assert_array_equal(cells.unexposed, cells.exposure == 0)
    np.testing.assert_array_equal(cells.time, range(2010, 2016))


def test_cells_left_out_while_embedding_are_neither_observed_nor_unexposed() -> None:
    spec, panel = evaluation("binomial", units=6, pilots=2, changes={"treatment.embedding": "leave out"})
    cells = cells_of(panel.dataset, spec.outcomes[0])
    left_out = np.zeros((6, 6), dtype=bool)
    left_out[1, 3] = True  # unit 1 is half exposed in 2013
    np.testing.assert_array_equal(cells.observed, ~left_out)
    np.testing.assert_array_equal(cells.unexposed, ~left_out & (cells.exposure == 0))
    assert cells.exposure[1, 3] == 0
    assert cells.value[1, 3] == 0


def test_without_denominators_each_cell_weighs_the_same_even_where_it_is_missing() -> None:
    spec, panel = evaluation("normal", counted=False, missing=4)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    assert not cells.counted
    np.testing.assert_array_equal(cells.denominator, np.ones((12, 6)))
    assert (~cells.observed).sum() == 4


def test_the_panel_is_not_changed() -> None:
    spec, panel = evaluation("binomial", missing=4)
    before = panel.fingerprint
    cells = cells_of(panel.dataset, spec.outcomes[0])
    cells.value[:] = -1.0
    assert panel.fingerprint == before
    with pytest.raises(ValueError, match="read-only"):
        panel.dataset["first"].data[0, 0] = 0.0


@pytest.mark.parametrize(("changes", "phi"), [(None, 1.0), ({"outcomes.first.phi": 0.7}, 0.7)])
def test_persistence_is_the_outcome_s_and_gives_the_basis(changes: dict[str, float] | None, phi: float) -> None:
    times = (2010, 2011, 2013, 2014, 2018, 2019)
    spec, panel = evaluation("binomial", times=times, changes=changes)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    assert cells.phi == phi
    expected = drift_basis(np.array(times), phi)
    np.testing.assert_array_equal(cells.basis.vectors, expected.vectors)
    np.testing.assert_array_equal(cells.basis.variance, expected.variance)


def test_more_weights_than_can_be_sampled_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAIRS", 26)
    spec, panel = evaluation("binomial", changes=WEIGHTS)
    with pytest.raises(SpecError, match="there are 27 pairs of pilot and comparator, and weights of 26 at most"):
        cells_of(panel.dataset, spec.outcomes[0])


def test_negligible_base_weights_are_left_out_and_what_they_were_is_kept() -> None:
    spec, panel = evaluation("binomial", changes={"outcomes.first.weights": {"base": "panel"}})
    pairs = [(pilot, comparator, 1.0) for pilot in range(3) for comparator in range(3, 12)]
    light = {(0, 3): 0.005, (0, 4): 0.02, (1, 11): 1e-6}  # of equal shares near 1
    table = pd.DataFrame(
        [(i, j, light.get((i, j), weight)) for i, j, weight in pairs], columns=["pilot", "comparator", "weight"]
    )
    weighting = cells_of(panel.with_base_weights(table).dataset, spec.outcomes[0]).weighting
    assert weighting is not None
    assert np.argwhere(weighting.base == 0).tolist() == [[0, 0], [1, 8]]
    np.testing.assert_allclose(weighting.base.sum(axis=1), 1)
    np.testing.assert_allclose(weighting.discarded, [0.005 / 7.025, 1e-6 / (8 + 1e-6), 0], atol=1e-12)
    assert weighting.base[0, 1] == pytest.approx(0.02 / 7.02)  # the rest keep their ratios
    assert (weighting.discarded < 0.01).all()


def test_equal_base_weights_are_never_negligible() -> None:
    spec, panel = evaluation("binomial", changes=WEIGHTS)
    weighting = cells_of(panel.dataset, spec.outcomes[0]).weighting
    assert weighting is not None
    assert (weighting.base > 0).all()
    np.testing.assert_array_equal(weighting.discarded, 0)


def test_regions_and_trends_reach_the_cells() -> None:
    spec, panel = evaluation("binomial", changes={**REGIONS, **TRENDS, "outcomes.first.phi": 0.7})
    cells = cells_of(panel.dataset, spec.outcomes[0])
    assert cells.regions is not None
    assert cells.regions.names == REGION_NAMES
    np.testing.assert_array_equal(cells.regions.of_unit, np.arange(12) % 3)
    np.testing.assert_array_equal(cells.basis.vectors, drift_basis(cells.time, 0.7, line=True).vectors)
    np.testing.assert_array_equal(cells.walk.vectors, drift_basis(cells.time).vectors)
    assert cells_of(panel.dataset, spec.change({"outcomes.first.path_by": "none"}).outcomes[0]).regions is None


def test_options_for_time_that_a_panel_is_too_small_for_are_refused_at_once() -> None:
    spec, frame = (
        spec_of("binomial", changes={**REGIONS, **TRENDS}),
        table_of("binomial", times=(2010, 2011, 2012, 2013)),
    )
    kept = frame[frame["year"] < 2013].assign(region="North")
    kept["start"], kept["embedded"] = (kept[name].mask(kept[name].notna(), 2012) for name in ("start", "embedded"))
    with pytest.raises(SpecError, match="a trend can be told from drift in 4 or more") as caught:
        cells_of(Panel.from_frame(kept, spec.data).dataset, spec.outcomes[0])
    assert [each.split(":")[0] for each in caught.value.problems] == ["outcomes.first.trends", "outcomes.first.path_by"]
    assert "all units are in one region, North" in str(caught.value)
    assert cells_of(Panel.from_frame(frame, spec.data).dataset, spec.outcomes[0]).trends


def test_comparators_come_before_pilots_in_the_model_s_order() -> None:
    spec, panel = evaluation("binomial")
    cells = cells_of(panel.dataset, spec.outcomes[0])
    assert cells.pilots.tolist() == [0, 1, 2]
    assert cells.comparators.tolist() == list(range(3, 12))
    assert cells.order.tolist() == [*range(3, 12), 0, 1, 2]


def test_base_weights_are_the_outcome_s_own_where_a_panel_has_them() -> None:
    spec, panel = evaluation("binomial", units=6, pilots=2, changes={"outcomes.first.weights.base": "panel"})
    first, second, *others = panel.dataset["unit"].values.tolist()
    rows = [("first", first, others[0], 3.0), ("first", first, others[1], 1.0), ("first", second, others[2], 1.0)]
    table = pd.DataFrame(rows, columns=["outcome", "pilot", "comparator", "weight"])
    own = cells_of(panel.with_base_weights(table).dataset, spec.outcomes[0]).weighting
    shared = cells_of(panel.with_base_weights(table.drop(columns="outcome")).dataset, spec.outcomes[0]).weighting
    assert own is not None
    assert shared is not None
    np.testing.assert_array_equal(own.base, [[0.75, 0.25, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(shared.base, own.base)


def test_an_outcome_without_base_weights_is_named() -> None:
    spec, panel = evaluation("binomial", units=6, pilots=2, changes={"outcomes.first.weights.base": "panel"})
    with pytest.raises(SpecError, match="the panel has no base weights; add them with"):
        cells_of(panel.dataset, spec.outcomes[0])
    units = panel.dataset["unit"].values.tolist()
    table = pd.DataFrame({"outcome": "first", "pilot": units[:2], "comparator": units[2:4], "weight": 1.0})
    weighted = panel.with_base_weights(table)
    renamed = weighted.dataset.assign_coords(base_outcome=["second"])
    with pytest.raises(SpecError, match="the panel has no base weights for first; add them with"):
        cells_of(renamed, spec.outcomes[0])


def test_intervals_have_their_middle_for_a_value() -> None:
    frame = table()
    frame["first_low"] = frame["first_high"] = np.nan
    frame.loc[[30, 32], "first_value"] = np.nan
    frame.loc[30, "first_low"], frame.loc[30, "first_high"] = 1, 4
    # beside the count, which is what counts
    frame.loc[31, "first_low"], frame.loc[31, "first_high"] = 0, frame["first_size"][31]
    spec = spec_of("binomial", bounded=True)
    cells = cells_of(Panel.from_frame(frame, spec.data).dataset, spec.outcomes[0])
    low, high = cells.bounds
    np.testing.assert_array_equal(np.argwhere(low != high), [[5, 0]])
    assert (low[5, 0], cells.value[5, 0], high[5, 0]) == (1, 2.5, 4)
    assert cells.observed[5].tolist() == [True, True, False, True, True, True]
    assert low[5, 2] == high[5, 2] == 0
    exact = np.arange(36).reshape(6, 6) != 30
    np.testing.assert_array_equal(low[exact], cells.value[exact])
    np.testing.assert_array_equal(high[exact], cells.value[exact])


def test_without_intervals_there_are_no_bounds_to_keep() -> None:
    frame = table()
    frame["first_low"], frame["first_high"] = 0, frame["first_size"]
    spec = spec_of("binomial", bounded=True)
    cells = cells_of(Panel.from_frame(frame, spec.data).dataset, spec.outcomes[0])
    assert cells.low is cells.high is None
    assert all(each is cells.value for each in cells.bounds)


@pytest.mark.parametrize("bounded", [0, 20])
def test_open_records_are_among_all_of_a_cell(bounded: int) -> None:
    """What hidden bins hold is what is left of them; nobody is counted twice."""
    frame = table_of("binned", missing=9, bounded=bounded, still=True)
    spec = spec_of("binned", still=True)
    cells = cells_of(Panel.from_frame(frame, spec.data).dataset, spec.outcomes[0])
    assert cells.bins is not None
    size = frame["first_size"].to_numpy().reshape(cells.value.shape)
    np.testing.assert_allclose(cells.denominator, np.where(cells.observed, size, 0), atol=1e-9)
    still = frame.filter(like="_still_").to_numpy().reshape(*size.shape, -1)
    np.testing.assert_array_equal(cells.bins.open, np.nan_to_num(still))
    bins = frame.filter(like="_bin_").to_numpy().reshape(*size.shape, -1)
    hidden = np.isnan(bins).any(axis=-1) & cells.observed
    assert hidden.sum() == bounded
    rest = np.where(hidden, size - np.nansum(bins, axis=-1) - np.nansum(still, axis=-1), 0)
    np.testing.assert_allclose(cells.bins.rest, rest)
    assert (rest >= 0).all()
