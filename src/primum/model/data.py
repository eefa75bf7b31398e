"""What one outcome's model is given, as arrays: cells, geometry, basis and priors.

Nothing here is compiled in. Two outcomes of one family differ in these arrays alone, shapes
included, so one piece of machine code serves them all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array, Cells, Regions, Weighting
from primum.model.common_path import path_of
from primum.model.factors import factors_of, leads_of
from primum.model.families import Family, learns_scale, pseudo_cells
from primum.model.inside import inside_of
from primum.model.kernel.places import MIN_WEIGHT
from primum.model.layout import SCALARS
from primum.model.markov import chain_of, no_chain
from primum.model.reference import Scales, reference_scales
from primum.model.shocks import weights_through
from primum.model.term_pull import Pilots, Pull, no_pull, pulls_of
from primum.model.terms import Terms
from primum.model.unit_scales import spread_of_logs, told_of_scales
from primum.model.working import Working, two_way, working_of
from primum.spec import Prior, Priors

DIMS: dict[str, tuple[str, ...]] = {
    "priors": ("prior", "hyper"),
    "constants": ("scalar",),
    "standard": ("setting",),
    "fields": ("field", "time", "ordered"),
    "response": ("time", "ordered"),
    "cell_weight": ("time", "ordered"),
    "mean_weight": ("ordered",),
    "factors": ("block", "entry", "lane"),
    "exposure": ("pilot", "time"),
    "pilot_exposure": ("pilot", "component"),
    "pilot_response": ("pilot", "component"),
    "basis": ("component", "time"),
    "drift_variance": ("drift",),
    "pair_pilot": ("pair",),
    "pair_donor": ("pair",),
    "pair_base": ("pair",),
    "weighting": ("setting",),
    "term_group": ("term",),
    "term_scale": ("term",),
    "pilot_terms": ("term", "pilot", "component"),
    "term_weight": ("term",),
    "term_response": ("pulled",),
    "term_centre": ("pulled", "component"),
    "term_before": ("pulled", "term"),
    "covariate_scale": ("one",),
    "covariate_cells": ("covariate", "time", "comparator"),
    "covariate_pilots": ("covariate", "pilot", "component"),
    "pseudo_unit": ("pseudo",),
    "pseudo_time": ("pseudo",),
    "inside_unit": ("inside",),
    "inside_time": ("inside",),
    "inside_ends": ("end", "inside"),
    "tail": ("tailed",),
    "drift_scalar": ("drift",),
    "path_scale": ("drift",),
    "path_basis": ("drift", "time"),
    "path_mix": ("drift", "drift"),
    "region_scale": ("region", "drift"),
    "region_weight": ("region", "drift"),
    "region_response": ("region", "drift"),
    "region_of": ("ordered",),
    "unit_told": ("part", "varied"),
    "anchor": ("anchored", "ordered"),
    "links": ("linked",),
    "excess": ("chained",),
    "corners": ("corner", "chained"),
    "corner_kind": ("corner",),
    "lead_weight": ("lead", "time", "ordered"),
    "lead_told": ("lead", "ordered"),
    "noise": ("part", "ordered"),
}


def arrays_of(cells: Cells, family: Family, priors: Priors) -> dict[str, NDArray[Any]]:
    """Arrays of one outcome's model, by name, with the dims of `DIMS`.

    Parameters
    ----------
    cells
        The outcome's cells.
    family
        Its family.
    priors
        Its priors.

    Returns
    -------
    dict
        Cells are held with units side by side, comparators before pilots (`Cells.order`), as the kernel walks
        through them. ``cell_weight`` and ``response`` are working weights and responses; ``pseudo_unit`` and
        ``pseudo_time`` places of pseudo-responses, unit by unit; ``inside_unit``, ``inside_time`` and
        ``inside_ends`` are those of `primum.model.inside`; ``factors``, and ``lead_weight`` and
        ``lead_told``, L and p at sigma = 1, are those of `primum.model.transport`, and ``noise`` is what weights of
        a unit are divided by: the first, plus the second times sigma squared. The pilots' exposure is there by
        period, and with their response in the coordinates of the basis. ``constants`` are scalars that are not
        sampled. A pair is a pilot and a comparator with a base weight above 0, of which ``pair_base`` is the
        logarithm; ``weighting`` holds the SDs of what a log weight shares between pilots and of what it does not.
        ``term_group`` is the place among the scalars of the scale of an effect term, or -1 where that is
        ``term_scale`` alone; ``term_weight``, ``term_response``, ``term_centre`` and ``term_before`` are the
        `primum.model.term_pull.Pull`. ``drift_scalar`` is that of the scale of each component after the constant, q
        or sigma_slope. The common path is ``lambda_drift``, whose SDs are ``path_scale``, times ``path_basis``, and
        ``path_mix`` turns it to the coordinates of the basis. A region's path departs from it by coordinates of the
        same kind, whose SDs at sigma_region = 1 are ``region_scale``; ``region_response`` is roughly where its
        comparators say that its path lies, with precision ``region_weight``, and ``region_of`` the place of each
        unit's region. Where shocks are apart from paths, ``mean_weight`` is what effects see of cells through
        shocks at reference scales, and ``links``, ``excess``, ``corners`` and ``corner_kind`` are the
        `primum.model.markov.Chain` of paths. ``unit_told`` is what paths say of units' scales
        (`primum.model.unit_scales`), and ``anchor`` averages the records of a unit with pseudo-responses.
    """
    standard = family.standard(cells)
    work = working_of(cells, family)
    basis, pilots, order = cells.basis, cells.pilots, cells.order
    pair_pilot, pair_donor, pair_base, weighting = _pairs(cells.weighting)
    pseudo_unit, pseudo_time = np.nonzero(pseudo_cells(family, cells)[order])
    by_name = dict(priors.items())
    term_group, term_scale, pilot_terms = _terms(cells, priors)
    path_scale, path_basis, path_mix = path_of(cells, priors.lambda_t)
    moves = SCALARS.index("q"), SCALARS.index("sigma_slope")
    chain = chain_of(cells) if cells.apart else no_chain()
    regions = cells.regions or Regions((), np.zeros(order.size, dtype=np.int64))
    scales = reference_of(work, cells, family, priors)
    unit_told, squares = scales_of_units(work, cells, scales, priors)
    cellwise = np.ascontiguousarray(work.weight[order].T)
    if cells.apart:
        work, scales = through_shocks(work, scales, cells)
    region_weight, region_response = _seen(work, cells, scales, path_basis, path_mix)
    pilot_response, pilot_exposure = (each[pilots] @ basis.vectors.T for each in (work.filled, cells.exposure))
    factors, lead_weight, lead_told = _transport(work, cells, scales, squares, priors)
    pull = _pull(pilot_response, pilot_exposure, pilot_terms, work, cells, scales, squares, priors)
    return {
        "priors": np.array([_setting(by_name[name]) for name in SCALARS]),
        "constants": np.array([_constant(name, cells) for name in SCALARS]),
        "standard": np.array([standard.centre, standard.spread]),
        "fields": np.ascontiguousarray(family.fields(cells, standard)[:, order].transpose(0, 2, 1)),
        "response": np.ascontiguousarray(work.response[order].T),
        "cell_weight": cellwise,
        "mean_weight": work.mean_weight[order],
        "factors": factors,
        "exposure": cells.exposure[pilots],
        "pilot_exposure": pilot_exposure,
        "pilot_response": pilot_response,
        "basis": basis.vectors,
        "drift_variance": basis.variance,
        "pair_pilot": pair_pilot,
        "pair_donor": pair_donor,
        "pair_base": pair_base,
        "weighting": weighting,
        "term_group": term_group,
        "term_scale": term_scale,
        "pilot_terms": pilot_terms,
        "term_weight": pull.weight,
        "term_response": pull.response,
        "term_centre": pull.centre,
        "term_before": pull.before,
        "pseudo_unit": pseudo_unit.astype(np.int32),
        "pseudo_time": pseudo_time.astype(np.int32),
        **inside_of(cells, family),
        **_covariates(cells, priors),
        "tail": np.array([cells.tail, cells.scale_tail]),
        "drift_scalar": basis.scales(*moves).astype(np.int32),
        "path_scale": path_scale,
        "path_basis": path_basis,
        "path_mix": path_mix,
        "region_scale": np.tile(np.sqrt(cells.walk.variance), (len(regions.names), 1)),
        "region_weight": region_weight,
        "region_response": region_response,
        "region_of": regions.of_unit[order].astype(np.int32),
        "unit_told": unit_told,
        "anchor": np.ascontiguousarray(_anchor(cells, pseudo_unit.size)[:, order]),
        "links": chain.links,
        "excess": chain.excess,
        "corners": chain.corners,
        "corner_kind": chain.kinds,
        "lead_weight": lead_weight,
        "lead_told": lead_told,
        "noise": np.ascontiguousarray(work.noise[:, order]),
    }


def _anchor(cells: Cells, pseudo: int) -> Array:
    """What averages a unit's records, of no periods where there are no pseudo-responses; shape (time, unit)."""
    share = cells.observed / np.maximum(cells.observed.sum(axis=1, keepdims=True), 1)
    return share.T if pseudo else np.zeros((0, len(share)))


def _covariates(cells: Cells, priors: Priors) -> dict[str, Array]:
    """Covariates of comparators by period, and of pilots in the coordinates of the basis, with their prior's scale."""
    values = cells.covariates if len(cells.covariates) else np.zeros((0, *cells.value.shape))
    return {
        "covariate_scale": np.array([priors.covariate.scale]),
        "covariate_cells": np.ascontiguousarray(values[:, cells.comparators].transpose(0, 2, 1)),
        "covariate_pilots": values[:, cells.pilots] @ cells.basis.vectors.T,
    }


def _seen(work: Working, cells: Cells, scales: Scales, basis: Array, mix: Array) -> tuple[Array, Array]:
    """Precision with which comparators show their region's path, and where, in the path's coordinates."""
    if cells.regions is None:
        return np.zeros((0, len(basis))), np.zeros((0, len(basis)))
    others = cells.comparators
    within = (cells.regions.of_unit[others] == np.arange(len(cells.regions.names))[:, None]).astype(float)
    variance = mix**2 @ scales.variances(cells.basis)[1:] + scales.sigma**2 / work.mean_weight[others, None]
    weight = within @ (1 / variance)
    response = within @ (work.filled[others] @ basis.T / variance)
    return weight, response / np.where(weight > 0, weight, 1.0)


def through_shocks(work: Working, scales: Scales, cells: Cells) -> tuple[Working, Scales]:
    """What paths see of cells whose shocks are apart from them, at reference scales, which then are of paths alone."""
    cell = weights_through(work.weight, scales.s**2, scales.sigma**2)
    mean = np.where(cells.observed, cell, 0.0).sum(axis=1) / np.maximum(cells.observed.sum(axis=1), 1)
    fixed = np.stack([np.ones(len(mean)), np.zeros(len(mean))])
    seen = replace(work, weight=cell, mean_weight=np.maximum(mean, MIN_WEIGHT), noise=fixed)
    return seen, scales._replace(s=0.0, sigma=1.0)


def reference_of(work: Working, cells: Cells, family: Family, priors: Priors) -> Scales:
    """Reference scales of one outcome's paths and noise, from its comparators."""
    there = {
        "sigma_alpha": True, "q": True, "s": cells.counted, "sigma": learns_scale(family, cells),
        "sigma_slope": cells.trends,
    }  # fmt: skip
    scale = {name: prior.scale for name, prior in priors.items()}
    learned = Scales(*(scale[name] if there[name] else np.nan for name in Scales._fields))
    constants = Scales(*(_constant(name, cells) for name in Scales._fields))
    others = cells.comparators
    components = work.filled[others] @ cells.basis.vectors.T
    return reference_scales(components, work.mean_weight[others], cells.basis, learned, constants)


def guesses_of(cells: Cells, family: Family, priors: Priors) -> dict[str, tuple[Array, Array]]:
    """Roughly the posterior mean and SD of what the comparators say much of, by name as in the sampled point.

    Their level, path and scales; what pilots say is little, and nothing is guessed of it. Chains start around
    these (`primum.fit.draws.start`).
    """
    work, others, periods = working_of(cells, family), cells.comparators, cells.time.size
    scales = reference_of(work, cells, family, priors)
    centre, spread = _shared(work, cells, scales)
    scale, _, mix = path_of(cells, priors.lambda_t)
    told = mix.any(axis=1)  # the rest are of periods without records
    found = {
        "mu": (centre[0] / np.sqrt(periods), spread[0] / np.sqrt(periods)),
        "lambda_drift": (mix @ centre[1:], np.where(told, mix**2 @ spread[1:], scale)),
    }
    # of a variance that is seen n times, the SD of its root is 1 / sqrt(2 n) of it
    shares = {"sigma_alpha": others.size, "q": others.size * periods / 4, "s": others.size * periods / 4}
    if family.scaled:
        shares["sigma"] = shares["s"]
    if cells.trends:
        shares["sigma_slope"] = others.size
    if len(cells.covariates):
        found["beta"] = _coefficients(work, cells)
    found |= {name: (getattr(scales, name), getattr(scales, name) / np.sqrt(2 * n)) for name, n in shares.items()}
    if cells.sized:
        found["s_period"] = np.full(periods, scales.s), np.full(periods, scales.s / np.sqrt(2 * others.size))
        del found["s"]
    if cells.heavy:
        found["s"] = tuple(0.75 * each for each in found["s"])  # of shocks' SD, the scale of a t that is much like them
    if cells.mixed:
        found["sigma"] = tuple(0.75 * each for each in found["sigma"])
    return {name: (np.asarray(centre), np.asarray(spread)) for name, (centre, spread) in found.items()}


def _coefficients(work: Working, cells: Cells) -> tuple[Array, Array]:
    """Roughly the coefficients of covariates: by least squares beside units' and periods' effects."""
    seen = cells.observed
    response, *columns = (each - sum(two_way(each, seen)) for each in (work.response, *cells.covariates))
    design = np.stack([each[seen] for each in columns], axis=-1)
    known = design.T @ design + np.eye(len(columns))
    centre = np.linalg.solve(known, design.T @ response[seen])
    left = (response[seen] - design @ centre).std()
    return centre, left * np.sqrt(np.diag(np.linalg.inv(known)))


def _shared(work: Working, cells: Cells, scales: Scales) -> tuple[Array, Array]:
    """What comparators' paths have in common, and its SD; shape (component,) each."""
    components = work.filled[cells.comparators] @ cells.basis.vectors.T
    precision = 1 / (scales.variances(cells.basis) + scales.sigma**2 / work.mean_weight[cells.comparators, None])
    return (precision * components).sum(axis=0) / precision.sum(axis=0), precision.sum(axis=0) ** -0.5


def _transport(
    work: Working, cells: Cells, scales: Scales, squares: Array, priors: Priors
) -> tuple[NDArray[np.float32], Array, Array]:
    """Factors of `primum.model.transport`, and what cells say of leading components, at sigma = 1."""
    (units, periods), leading = cells.value.shape, cells.leading
    if cells.apart:  # `primum.model.markov` needs none
        return np.zeros((0, 0, 0), dtype=np.float32), np.zeros((0, periods, units)), np.zeros((0, units))
    others = cells.comparators.size
    is_pilot = np.arange(cells.order.size)[:, None] >= others
    own, variance = (
        scales.variances(cells.basis, drift, squares[cells.order, None])
        for drift in (_share_of_drift(cells, priors), 1.0)
    )
    variance = np.where(is_pilot, own, variance)
    weight, mean_weight = (each[cells.order] / scales.sigma**2 for each in (work.weight, work.mean_weight))
    lead_weight, lead_told = leads_of(weight, variance, cells.basis, leading)
    factors = factors_of(weight, mean_weight, variance, cells.basis, others, leading)
    return factors, scales.sigma**2 * lead_weight, scales.sigma**2 * lead_told


def scales_of_units(work: Working, cells: Cells, scales: Scales, priors: Priors) -> tuple[Array, Array]:
    """What paths say of units' scales, in the model's order, and roughly the squares of these; shape (unit,).

    The former has shape (2, unit), or (2, 0) where units do not differ.
    """
    if not cells.varied:
        return np.zeros((2, 0)), np.ones(len(cells.value))
    seen, is_pilot = cells.observed.mean(axis=1), np.isin(np.arange(len(cells.value)), cells.pilots)[:, None]
    known = np.ma.masked_array(work.response, ~cells.observed)
    known = known - np.ma.median(known[cells.comparators], axis=0)
    away = np.ma.filled(np.ma.where(cells.observed, known, known.mean(axis=1)[:, None]), 0.0)
    moving = [scales.variances(cells.basis, drift)[1:] for drift in (_share_of_drift(cells, priors), 1.0)]
    told, log_scale = told_of_scales(
        away @ cells.basis.vectors[1:].T, cells.exposure @ cells.basis.vectors[1:].T, np.where(is_pilot, *moving),
        scales.sigma**2 / work.mean_weight, np.maximum(seen * cells.time.size - 1, 0) / (cells.time.size - 1),
        priors.omega.scale, cells.scale_tail,
    )  # fmt: skip
    return np.ascontiguousarray(told[:, cells.order]), np.exp(2 * log_scale)


def _terms(cells: Cells, priors: Priors) -> tuple[NDArray[np.int32], Array, Array]:
    """Groups, fixed scales and design of the effect terms, the design in the coordinates of the basis."""
    if cells.terms is None:
        return np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros((0, cells.pilots.size, cells.time.size))
    learned = {"event": SCALARS.index("sigma_event"), "cohort": SCALARS.index("sigma_cohort"), "moderator": -1}
    group = np.array([learned[each] for each in cells.terms.groups], dtype=np.int32)
    return group, _term_scale(cells.terms, priors), cells.terms.design @ cells.basis.vectors.T


def _pull(
    response: Array, exposure: Array, terms: Array, work: Working, cells: Cells, scales: Scales, squares: Array,
    priors: Priors,
) -> Pull:  # fmt: skip
    """What the pilots say of effect terms, roughly; terms are in the coordinates of the basis."""
    if cells.terms is None:
        return no_pull(cells.time.size)
    own = scales.variances(cells.basis, _share_of_drift(cells, priors), squares[cells.pilots, None])
    variance = own + scales.sigma**2 / work.mean_weight[cells.pilots, None]
    learned = [group for group in dict.fromkeys(cells.terms.groups) if group != "moderator"]
    by_name = dict(priors.items())
    return pulls_of(
        Pilots(response, exposure, terms, variance),
        _shared(work, cells, scales)[0],
        np.array([by_name["tau"].scale, by_name["beta_pilot"].scale]),
        np.array([learned.index(group) if group in learned else -1 for group in cells.terms.groups]),
        np.array([by_name[name].scale for name in ("sigma_tau", *(f"sigma_{group}" for group in learned))]),
        _term_scale(cells.terms, priors),
    )


def _term_scale(terms: Terms, priors: Priors) -> Array:
    """SDs of effect terms where the scale of their group is 1."""
    return np.array([priors.moderator.scale if group == "moderator" else 1.0 for group in terms.groups])


def _share_of_drift(cells: Cells, priors: Priors) -> float:
    """Roughly the ratio of a pilot's own drift to a comparator's."""
    if cells.weighting is None or cells.weighting.kappa is not None:
        return _constant("kappa", cells)
    first, second = dict(priors.items())["kappa"].shapes
    return float(np.sqrt(first / (first + second)))


def _setting(prior: Prior) -> tuple[float, float, float, float]:
    first, second = prior.shapes if prior.distribution == "beta" else (prior.location, prior.scale)
    return first, second, prior.robust, prior.vague


def _constant(name: str, cells: Cells) -> float:
    """Value of a scalar where it is not sampled."""
    if name == "kappa" and cells.weighting is not None and cells.weighting.kappa is not None:
        return cells.weighting.kappa
    if name == "omega" and cells.scale_tail:
        return spread_of_logs(cells.scale_tail)
    return 1.0 if name in {"sigma", "kappa"} else 0.0


def _pairs(weighting: Weighting | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    base = np.zeros((0, 0)) if weighting is None else weighting.base
    pilot, donor = np.nonzero(base)
    scale, shared = (0.0, 0.0) if weighting is None else (weighting.scale, weighting.shared)
    split = scale * np.sqrt([shared, 1 - shared])
    return pilot.astype(np.int32), donor.astype(np.int32), np.log(base[pilot, donor]), split
