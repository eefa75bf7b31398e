from __future__ import annotations

import numpy as np
import pytest

from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.model.layout import SCALARS, SCALES, SIGNED, TAILED, layout_of, sizes_of
from primum.spec.families import FamilyName
from tests.model.cases import EFFECT, REGIONS, TRENDS, VARIED, WEIGHTS
from tests.model.panels import evaluation


def cells_with_gaps(family: FamilyName, counted: bool = True) -> Cells:
    spec, panel = evaluation(family, counted=counted, missing=7)
    return cells_of(panel.dataset, spec.outcomes[0])


UNUSED = ("kappa", "sigma_event", "sigma_cohort", "omega", "sigma_slope", "sigma_region")
KINDS = [
    ("binomial", True, {"sigma", *UNUSED}), ("normal", True, {*UNUSED}), ("normal", False, {"s", *UNUSED}),
    ("lognormal", False, {"s", *UNUSED}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "counted", "absent"), KINDS)
def test_fields_of_the_point_share_it_with_nothing_between(name: FamilyName, counted: bool, absent: set[str]) -> None:
    layout = layout_of(cells_with_gaps(name, counted), family_of(name))
    # missing cells have pseudo-responses where the scale of noise is learned
    pseudo = {"xi": (7,)} if name in {"normal", "lognormal"} else {}
    assert set(layout.free) == (set(SCALARS) - absent) | {"lambda_drift", "x_tau", "x", *pseudo}
    # 12 units, 6 periods and 3 pilots
    assert layout.points == len(SCALARS) - len(absent) + 5 + 3 + 72 + (7 if pseudo else 0)
    assert {key: field.shape for key, field in layout.free.items() if field.shape} == {
        "lambda_drift": (5,),
        "x_tau": (3,),
        "x": (6, 12),
        **pseudo,
    }
    places = np.arange(layout.points)
    together = np.concatenate([field.of(places[None].astype(float)).ravel() for field in layout.free.values()])
    np.testing.assert_array_equal(together, places)


@pytest.mark.parametrize(("name", "counted", "absent"), KINDS)
def test_report_has_a_place_for_every_scalar_and_names_those_there_are(
    name: FamilyName, counted: bool, absent: set[str]
) -> None:
    layout = layout_of(cells_with_gaps(name, counted), family_of(name))
    assert set(layout.reported) == (set(SCALARS) - absent) | {"lambda", "tau_unit", "eta"}
    assert {key: layout.reported[key].start for key in SCALARS if key not in absent} == {
        key: place for place, key in enumerate(SCALARS) if key not in absent
    }
    assert [(layout.reported[key].start, layout.reported[key].shape) for key in ("lambda", "tau_unit", "eta")] == [
        (14, (6,)),
        (20, (3,)),
        (23, (6, 12)),
    ]
    assert (layout.head, layout.results) == (23, 23 + 72)


@pytest.mark.parametrize(("name", "counted", "absent"), KINDS)
def test_places_are_starts_and_absent_scalars_have_none(name: FamilyName, counted: bool, absent: set[str]) -> None:
    layout = layout_of(cells_with_gaps(name, counted), family_of(name))
    # regions' coordinates, effect terms, covariates, units' and periods' scales, of which there are none, begin where
    # the next do
    names = [*SCALARS, "lambda_drift", "x_tau", "x_tau", "x", "x", "x", "x", "x"]
    expected = [-1 if key in absent else layout.free[key].start for key in names]
    # shocks apart from paths and their tails, which there are none of either, and pseudo-responses
    expected += 3 * [layout.free["xi"].start if "xi" in layout.free else layout.points] + 4 * [layout.points]
    np.testing.assert_array_equal(layout.places, expected)
    assert layout.places.dtype == np.int64


def test_fields_are_views_of_vectors_of_any_number() -> None:
    layout = layout_of(cells_with_gaps("normal"), family_of("normal"))
    vectors = np.arange(2.0 * 3 * layout.points).reshape(2, 3, layout.points)
    x = layout.free["x"]
    assert x.dims == ("component", "ordered")
    found = x.of(vectors)
    assert found.shape == (2, 3, 6, 12)
    np.testing.assert_array_equal(found[1, 2].ravel(), vectors[1, 2, x.start : x.start + 72])
    assert layout.free["mu"].of(vectors).shape == (2, 3)
    found[...] = -1.0
    assert (vectors < 0).sum() == 2 * 3 * 72


def test_scalars_are_found_in_a_single_vector() -> None:
    layout = layout_of(cells_with_gaps("normal"), family_of("normal"))
    vector = np.arange(float(layout.points))
    assert float(layout.free["tau"].of(vector)) == layout.free["tau"].start


def test_scales_are_scalars() -> None:
    assert set(SCALARS) > SCALES
    assert set(SCALARS) - SCALES == {"mu", "beta_pilot", "tau", "kappa"}
    assert not SIGNED & TAILED


def test_sizes_are_those_of_the_cells() -> None:
    assert sizes_of(cells_with_gaps("binomial"), family_of("binomial")) == {
        "unit": 12,
        "time": 6,
        "pilot": 3,
        "component": 6,
        "drift": 5,
        "ordered": 12,
        "term": 0,
        "varied": 0,
        "covariate": 0,
        "sized": 0,
        "region": 0,
        "pseudo": 0,
        "inside": 0,
        "donor": 0,
        "pair": 0,
    }


def test_weights_add_their_coordinates_and_a_report() -> None:
    spec, panel = evaluation("binomial", changes=WEIGHTS)
    layout = layout_of(cells_of(panel.dataset, spec.outcomes[0]), family_of("binomial"))
    # 9 comparators, 3 pilots, 5 components beside the constant one
    shapes = {key: layout.free[key].shape for key in ("kappa", "x_u", "x_donor", "x_pair")}
    assert shapes == {"kappa": (), "x_u": (5, 9), "x_donor": (9,), "x_pair": (27,)}
    assert layout.reported["weight"].shape == (27,)
    assert layout.results == layout.head + 72 + 27
    assert layout.places[-3:].tolist() == [layout.free[key].start for key in ("x_u", "x_donor", "x_pair")]


def test_effect_terms_and_units_scales_add_theirs() -> None:
    spec, panel = evaluation("binomial", pilots=5, staggered=True, changes={**EFFECT, **VARIED})
    layout = layout_of(cells_of(panel.dataset, spec.outcomes[0]), family_of("binomial"))
    # starts in the third and fourth of six periods: event times 0 to 3, two cohorts and one moderator
    shapes = {key: layout.free[key].shape for key in ("sigma_event", "sigma_cohort", "omega", "x_term", "x_unit")}
    assert shapes == {"sigma_event": (), "sigma_cohort": (), "omega": (), "x_term": (6,), "x_unit": (12,)}
    assert layout.reported["gamma"].shape == (6,)
    assert layout.results == layout.head + 72 + 12


def test_regions_and_trends_add_theirs() -> None:
    spec, panel = evaluation("binomial", changes={**REGIONS, **TRENDS})
    layout = layout_of(cells_of(panel.dataset, spec.outcomes[0]), family_of("binomial"))
    # three regions, six periods
    shapes = {key: layout.free[key].shape for key in ("sigma_slope", "sigma_region", "x_region")}
    assert shapes == {"sigma_slope": (), "sigma_region": (), "x_region": (3, 5)}
    assert layout.reported["lambda_region"].shape == (3, 6)
    assert layout.head == layout.reported["lambda_region"].start + 18
