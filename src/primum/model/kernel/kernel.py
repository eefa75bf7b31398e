"""The log density of `primum.model.build` with its gradient, in one pass, for numba to compile.

The definition is the PyMC model. Here it is written out by hand, derivatives included, because
PyTensor's numba backend compiles each of the hundred nodes of its graph apart: a minute and a
half for a family against some seconds, and a slower result (benchmarks/speed). Tests compare
value, gradient and reported variables with those of the PyMC model at random points, for every
family, with gaps and without.

Stages run forwards, then backwards in the opposite order, as in any reverse pass: ``in_z`` is
the derivative of the log density in z. Every stage writes or adds to arrays that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Any

import numpy as np

from primum.model.families import family_of
from primum.model.kernel import (
    covariates,
    donors,
    effects,
    inside,
    likelihood,
    markov,
    paths,
    regions,
    scalars,
    shocks,
    terms,
    unit_scales,
)
from primum.model.kernel.between import ALONE, JOINED
from primum.model.kernel.jit import jit
from primum.model.kernel.places import ALPHA, BLOCK, HEAD, OMEGA, SIGMA, TAU, S
from primum.spec.families import FamilyName

ARRAYS = (
    "places", "priors", "constants", "standard", "fields", "response", "cell_weight", "mean_weight", "factors",
    "exposure", "pilot_exposure", "pilot_response", "basis", "drift_variance", "pair_pilot", "pair_donor", "pair_base",
    "weighting", "term_group", "term_scale", "pilot_terms", "pseudo_unit", "pseudo_time", "tail", "drift_scalar",
    "path_scale", "path_basis", "path_mix", "region_scale", "region_weight", "region_response", "region_of",
    "unit_told",
    "term_weight", "term_response", "term_centre", "term_before", "anchor",
    "links", "excess", "corners", "corner_kind", "lead_weight", "lead_told",
    "noise", "inside_unit", "inside_time", "inside_ends", "covariate_scale", "covariate_cells", "covariate_pilots",
)  # fmt: skip


@cache
def kernel_of(name: FamilyName, *, joined: bool = False) -> Callable[..., float]:
    """Log density of a family, compiled at its first call.

    Parameters
    ----------
    name
        Name of the family.
    joined
        Whether it is that of one outcome of several, given those before it; units that differ in scale, shocks apart
        from paths and heavy-tailed effects have no place there.

    Returns
    -------
    callable
        ``kernel(point, gradient, reported, between, *arrays)`` returns the log density up to a constant
        and writes the other two vectors. Vectors are laid out as `primum.model.layout.Layout`
        says; arrays are those of `primum.model.data.arrays_of`, in the order of `ARRAYS`. What is ``between``
        outcomes is a vector of `primum.model.kernel.between`, of length 0 for an outcome by itself.
    """
    scaled, given = family_of(name).scaled, JOINED if joined else ALONE
    only_ahead, of_effects, of_donors, leaning, given_forth, given_found, given_back = map(jit, given)
    scalars_forth, scalars_back = jit(scalars.scalars_forth), jit(scalars.scalars_back)
    moments_forth, moments_back = jit(scalars.moments_forth), jit(scalars.moments_back)
    units_forth, units_back = jit(unit_scales.units_forth), jit(unit_scales.units_back)
    regions_forth, regions_back = jit(regions.regions_forth), jit(regions.regions_back)
    terms_forth, terms_back = jit(terms.terms_forth), jit(terms.terms_back)
    average_forth, average_back = jit(terms.average_forth), jit(terms.average_back)
    donors_forth, donors_back = jit(donors.donors_forth), jit(donors.donors_back)
    effects_forth, effects_back = jit(effects.effects_forth), jit(effects.effects_back)
    location_forth, location_back = jit(effects.location_forth), jit(effects.location_back)
    pilots_forth, pilots_back = jit(effects.pilots_forth), jit(effects.pilots_back)
    shift_of = jit(paths.shift_of)
    forth = jit(paths.forth_of(jit(paths.leads_forth), jit(paths.spread_forth), jit(paths.whole_forth), shift_of))
    scales_forth, scales_back = jit(shocks.scales_forth), jit(shocks.scales_back)
    sizes_forth, sizes_back = jit(shocks.sizes_forth), jit(shocks.sizes_back)
    given_shocks = jit(shocks.shocks_forth), jit(shocks.shocks_back)
    slopes = jit(family_of(name).slopes)
    tailed = name == "student_t"
    given_size = jit(family_of("normal").slopes) if tailed else slopes
    covariates_forth, covariates_back = jit(covariates.covariates_forth), jit(covariates.covariates_back)
    inside_forth, inside_back = jit(inside.inside_forth), jit(inside.inside_back)
    cells = jit(likelihood.cells_of(slopes, given_size, *given_shocks))
    back = jit(paths.back_of(jit(paths.leads_back), jit(paths.whole_back), shift_of, cells))
    solve, solve_back, squares_of = jit(markov.solve), jit(markov.solve_back), jit(markov.squares_of)
    turned, turned_back = jit(markov.turned), jit(markov.turned_back)
    corners_forth = jit(markov.corners_of(solve, squares_of, turned))
    corners_back = jit(markov.corners_back_of(solve_back, squares_of, turned, turned_back))
    chain_forth = jit(markov.chain_of(solve, turned, jit(markov.links_forth), corners_forth))
    chain_back = jit(markov.chain_back_of(solve_back, turned_back, corners_back, jit(markov.links_back)))
    chained = jit(markov.chained_of(jit(markov.room_for), chain_forth, chain_back, jit(markov.prior_back), cells))
    sweep, gather = jit(paths.sweep_of(forth, back, chained)), jit(paths.gather)

    @jit
    def kernel(
        point: Any, gradient: Any, reported: Any, between: Any,
        places: Any, priors: Any, constants: Any, standard: Any, fields: Any, response: Any, cell_weight: Any,
        mean_weight: Any, factors: Any, exposure: Any, pilot_exposure: Any, pilot_response: Any, basis: Any,
        drift_variance: Any, pair_pilot: Any, pair_donor: Any, pair_base: Any, weighting: Any,
        term_group: Any, term_scale: Any, pilot_terms: Any, pseudo_unit: Any, pseudo_time: Any, tail: Any,
        drift_scalar: Any, path_scale: Any, path_basis: Any, path_mix: Any, region_scale: Any, region_weight: Any,
        region_response: Any, region_of: Any, unit_told: Any,
        term_weight: Any, term_response: Any, term_centre: Any, term_before: Any, anchor: Any, links: Any, excess: Any,
        corners: Any, corner_kind: Any, lead_weight: Any, lead_told: Any, noise: Any,
        inside_unit: Any, inside_time: Any, inside_ends: Any,
        covariate_scale: Any, covariate_cells: Any, covariate_pilots: Any,
    ) -> float:  # fmt: skip
        (periods, units), pilots, pairs = response.shape, exposure.shape[0], pair_base.size
        others = units - pilots
        begin, forwards = min(others, 0), units > 0  # numba would compile sweep again for every constant
        at_slow, at_region, at_tau, at_term, at_unit, at_beta, at_period, at_x, at_shock, at_tail = places[HEAD:-5]
        at_xi, at_inside, at_u, at_donor, at_pair = places[-5:]
        scalars, path = reported[:HEAD], reported[HEAD : HEAD + periods]
        tau_unit = reported[HEAD + periods : HEAD + periods + pilots]
        gamma = reported[HEAD + periods + pilots : HEAD + periods + pilots + term_group.size]
        at_regional = HEAD + periods + pilots + term_group.size
        at_sizes = at_regional + region_scale.shape[0] * periods
        regional = reported[at_regional:at_sizes].reshape((region_scale.shape[0], periods))
        s_period, in_s_period = point[at_period:at_x], gradient[at_period:at_x]
        beta, in_beta = point[at_beta:at_period], gradient[at_beta:at_period]
        at_coefficients = at_sizes + s_period.size
        at_eta = at_coefficients + beta.size
        eta = reported[at_eta : at_eta + periods * units].reshape((periods, units))
        at_share = at_eta + periods * units
        share, at_scale, heavy = reported[at_share : at_share + pairs], at_share + pairs, excess.size
        unit_scale = reported[at_scale : reported.size - heavy * units]
        shock = reported[reported.size - heavy * units :].reshape((heavy, units))
        slow, in_slow = point[at_slow : at_slow + periods - 1], gradient[at_slow : at_slow + periods - 1]
        x_region = point[at_region:at_tau].reshape(region_scale.shape)
        in_x_region = gradient[at_region:at_tau].reshape(region_scale.shape)
        x_tau, in_x_tau = point[at_tau:at_term], gradient[at_tau:at_term]
        x_term, in_x_term = point[at_term:at_unit], gradient[at_term:at_unit]
        x_unit, in_x_unit = point[at_unit:at_beta], gradient[at_unit:at_beta]
        x, in_x = point[at_x:at_shock].reshape((periods, units)), gradient[at_x:at_shock].reshape((periods, units))
        x_shock = point[at_shock:at_tail].reshape(shock.shape)
        in_x_shock = gradient[at_shock:at_tail].reshape(shock.shape)
        tails = min(heavy, at_xi - at_tail)
        x_tail = point[at_tail:at_xi].reshape((tails, units))
        in_x_tail = gradient[at_tail:at_xi].reshape((tails, units))
        xi, in_xi = point[at_xi:at_inside], gradient[at_xi:at_inside]
        x_inside, in_x_inside = point[at_inside:at_u], gradient[at_inside:at_u]
        variance, own, sign, centre = np.empty(periods), np.empty(periods), np.empty(periods), np.empty(periods)
        root, ahead = np.empty((2, periods)), only_ahead(between)
        zeta, carried = np.empty(pilots), np.zeros((pilots, periods))
        zeta_region = np.empty(region_scale.shape)
        in_scalars, in_tau_unit, in_eta = np.zeros(HEAD), np.zeros(pilots), np.empty((periods, units))
        in_variance, in_own, in_centre = np.zeros(periods), np.zeros(periods), np.zeros(periods)
        in_path, in_carried = np.zeros(periods), np.zeros((pilots, periods))
        scale_of, in_log_scale, in_level = np.ones(units), np.zeros(units), np.zeros(1)
        precision, in_log_precision, zeta_unit = np.empty(units), np.zeros(units), np.empty(x_unit.size)
        # With weights, pilots' paths depend on comparators' components: these are kept, and wait for what comes
        # back from the pilots; so are all that another outcome asks for. Otherwise each block of units is finished
        # while it is in the fastest cache.
        donors = others if pairs else 0
        shared = units if between.size else donors
        kept = np.empty(6 * periods * (units if donors or ahead else min(units, BLOCK)))
        component, in_component = np.empty((periods, shared)), np.zeros((periods, shared))
        drifts, length = np.empty((donors, periods - 1)), (periods - 1) * donors
        lean, in_lean, in_whole = np.empty(donors), np.zeros(donors), np.zeros((periods, donors))
        x_donor, in_x_donor = point[at_donor:at_pair], gradient[at_donor:at_pair]
        before_others, in_before_others = np.empty(periods), np.zeros(periods)
        spare = np.zeros(length)  # where paths have no shocks, they tell drifts, and nothing is sampled for these
        x_u = (point[at_u:at_donor] if at_u < at_donor else spare).reshape((periods - 1, donors))
        in_x_u = (gradient[at_u:at_donor] if at_u < at_donor else spare.copy()).reshape((periods - 1, donors))
        s, all_noise, cell_now = 0.0, 1.0, cell_weight
        shock_scale, in_shock_scale = np.empty(heavy), np.zeros(heavy)
        mixed, fields_now, told = tailed and tails > 0, fields, np.empty(shock.shape)
        if heavy:
            cell_now = np.empty((periods, units))
        response_now, within = response, 0.0
        if mixed or x_inside.size:
            fields_now = fields.copy()
        if x_inside.size:
            response_now = response.copy()
            within = inside_forth(x_inside, inside_unit, inside_time, inside_ends, response_now, fields_now)
        relative, spread = np.empty(shock.shape), np.empty(shock.shape)
        in_spread, in_size, in_cell = np.empty(shock.shape), np.zeros(shock.shape), np.empty(shock.shape)
        paths = (x, xi, eta, kept, scale_of, precision, x_shock, shock, spread)
        in_paths = (
            in_x, in_xi, in_eta, in_component, in_scalars, in_log_scale, in_log_precision, in_level, in_x_shock,
            in_spread, in_size, in_cell,
        )  # fmt: skip
        of_paths = (
            standard, fields_now, response_now, cell_now, mean_weight, factors, basis, (pseudo_unit, pseudo_time),
            anchor, lead_weight, lead_told, told, mixed, (links, excess, corners, corner_kind, drift_variance),
        )  # fmt: skip
        of_pilots = (pilot_response, pilot_exposure, mean_weight[others:])
        of_terms = (term_group, term_scale, pilot_terms, term_weight, term_response, term_centre, term_before)
        of_pairs = (pair_pilot, pair_donor, pair_base, weighting, drift_scalar, drift_variance)
        of_moments = (drift_scalar, drift_variance, path_scale, path_basis, path_mix)
        of_regions = (region_of, region_scale, region_weight, region_response, path_basis, path_mix)
        expected, left, in_later, in_expected = of_effects(between, periods * units, pilots)

        density: float = within + scalars_forth(point, places, priors, constants, scalars)
        if mixed:
            all_noise = scalars[SIGMA]
        if heavy:  # these are apart from paths, which then have none
            s, scalars[S] = scalars[S], 0.0
            density += scales_forth(s, priors[S, 1], s_period, shock_scale)
        level = periods * scalars[ALPHA] ** 2
        for j in range(units):
            precision[j] = 1.0 / (noise[0, j] + noise[1, j] * scalars[SIGMA] ** 2)
        density += units_forth(x_unit, scalars[OMEGA], unit_told, tail[1], zeta_unit, scale_of)
        if heavy:
            density += sizes_forth(
                shock_scale, scale_of, x_tail, mixed, all_noise, cell_weight, relative, spread, told, cell_now
            )  # fmt: skip
        if mixed:
            fields_now[1] = told
        turns = scaled and not mixed
        density += moments_forth(scalars, slow, turns, of_moments, variance, own, sign, centre, path)
        location_forth(scalars, path, eta)
        density += terms_forth(scalars, centre, x_term, of_terms, gamma, carried)
        density += average_forth(scalars, priors[TAU], centre, of_terms, gamma)
        density += regions_forth(scalars, slow, x_region, of_regions, path, zeta_region, regional, eta, carried)
        density += covariates_forth(beta, covariate_scale[0], covariate_cells, covariate_pilots, eta, carried)
        for k in range(periods):
            before_others[k] = variance[k]
        flipped = turns and scalars[SIGMA] < 0
        level = given_forth(between, flipped, level, variance, own, sign, basis, root, eta, carried, in_component)
        density += sweep(
            begin, others, forwards, donors == 0 and not ahead, scalars, level, variance, sign, paths, in_paths,
            in_variance, of_paths,
        )  # fmt: skip
        if donors:
            gather(begin, others, kept, component)
            whole = of_donors(between, pilots, component, root, x_donor, lean)
            density += donors_forth(
                scalars, before_others, scale_of, whole, x_u, lean, x_donor, point[at_pair:], of_pairs, drifts, share,
                carried,
            )  # fmt: skip
        density += effects_forth(
            scalars, level, own, scale_of[others:], centre, carried, x_tau, of_pilots, precision[others:], tail[0],
            expected, left, zeta, tau_unit,
        )  # fmt: skip
        pilots_forth(scalars, tau_unit, exposure, carried, basis, eta)
        density += sweep(
            others, units, forwards, not ahead, scalars, level, own, sign, paths, in_paths, in_own, of_paths
        )
        if ahead:
            gather(begin, others, kept, component)
            gather(others, units, kept, component)
            given_found(between, component, zeta, x_donor, root)
            return density
        pilots_back(in_eta, exposure, basis, in_scalars, in_tau_unit, in_carried)
        in_levels, in_left = effects_back(
            scalars, level, own, scale_of[others:], centre, carried, x_tau, of_pilots, precision[others:], tail[0],
            expected, left, zeta, in_tau_unit, in_later, in_scalars, in_own, in_log_scale[others:], in_centre,
            in_carried, in_expected, in_x_tau, in_log_precision[others:],
        )  # fmt: skip
        in_level[0] += in_levels
        if donors:
            donors_back(
                scalars, before_others, scale_of, whole, x_u, x_donor, point[at_pair:], of_pairs, drifts, share,
                in_carried, in_scalars, in_before_others, in_log_scale, in_whole, in_x_u, in_lean, in_x_donor,
                gradient[at_pair:],
            )  # fmt: skip
            leaning(between, periods * units + pilots, x_donor, in_lean, in_x_donor)
            for k in range(periods):
                for j in range(donors):
                    in_component[k, j] += in_whole[k, j]
            density += sweep(
                begin, others, not forwards, forwards, scalars, level, variance, sign, paths, in_paths, in_variance,
                of_paths,
            )  # fmt: skip
        given_back(
            between, level, variance, own, basis, root, in_eta, in_carried, in_whole, in_level, in_variance, in_own,
            in_left,
        )  # fmt: skip
        inside_back(x_inside, inside_unit, inside_time, inside_ends, in_eta, in_x_inside)
        for j in range(units):
            in_scalars[SIGMA] -= 2.0 * in_log_precision[j] * precision[j] * noise[1, j] * scalars[SIGMA]
        for k in range(periods):
            in_variance[k] += in_before_others[k]
        in_gamma = np.zeros(gamma.size)
        average_back(scalars, priors[TAU], of_terms, in_scalars, in_centre, in_gamma)
        terms_back(scalars, centre, x_term, of_terms, gamma, in_carried, in_gamma, in_scalars, in_centre, in_x_term)
        if heavy:
            in_noise = sizes_back(
                x_tail, mixed, all_noise, relative, spread, told, in_cell, in_spread, in_size, in_shock_scale,
                in_log_scale, in_x_tail,
            )  # fmt: skip
            if mixed:
                in_scalars[SIGMA] += in_noise
        units_back(x_unit, scalars, unit_told, tail[1], zeta_unit, in_log_scale, in_scalars, in_x_unit)
        for j in range(unit_scale.size):
            unit_scale[j] = sqrt(scale_of[j])
        location_back(in_eta, in_scalars, in_path)
        moments_back(
            scalars, slow, of_moments, in_level[0], in_variance, in_own, in_centre, in_path, in_scalars, in_slow
        )
        regions_back(
            scalars, slow, x_region, of_regions, zeta_region, in_eta, in_carried, in_scalars, in_slow, in_x_region
        )
        covariates_back(beta, covariate_scale[0], covariate_cells, covariate_pilots, in_eta, in_carried, in_beta)
        for c in range(beta.size):
            reported[at_coefficients + c] = beta[c]
        if heavy:
            scalars[S], in_scalars[S] = s, scales_back(priors[S, 1], s_period, in_shock_scale, in_s_period)
            for t in range(s_period.size):
                reported[at_sizes + t] = abs(s_period[t])
        scalars_back(point, places, priors, in_scalars, scalars, gradient)
        return density

    return kernel
