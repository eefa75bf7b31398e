"""The model against the textbook's, as densities.

The sampled coordinates are the textbook's parameters pushed through transports, so the two log
densities may differ by the transports' log Jacobian and by a constant, and by nothing else. Both
are sums of some hundreds of terms in double precision, and were seen to differ by 1e-14 of their
size; 1e-11 leaves room for the condition of the covariance matrices inverted here, which are
written without the basis that makes them diagonal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, gammaln, logit

from primum.errors import SpecError
from primum.model import Cells, build, cells_of
from primum.model.data import reference_of, scales_of_units
from primum.model.drift import drift_basis
from primum.model.families import follows_scale, learns_noise
from primum.model.families.ordered import boundaries_of
from primum.model.kernel.places import BLOCK
from primum.model.layout import TAILED, sampled_as
from primum.model.working import smoothed, working_of
from primum.spec.families import FACTS
from tests.model.cases import CASES, MODE, Model, Point, has_pseudo, model_case
from tests.model.panels import REGION_NAMES, Array, beside, evaluation
from tests.model.test_drift import centred_drift

TOLERANCE = 1e-11


@pytest.fixture(params=list(CASES))
def built(request: pytest.FixtureRequest) -> Model:
    return model_case(request.param)


def covariances(built: Model, at: dict[str, Array]) -> Array:
    """Of each unit's departure from the common path, and from what weights carry: level, drift and shock."""
    cells = built.cells
    drift = at["q"] ** 2 * centred_drift(cells.time, built.outcome.phi, line=cells.trends)
    if cells.trends:
        away = cells.time - cells.time.mean()
        drift = drift + at["sigma_slope"] ** 2 * np.outer(away, away)
    shock = 0.0 if cells.apart else at.get("s", np.asarray(0.0)) ** 2
    ratio = np.where(np.isin(np.arange(len(cells.value)), cells.pilots), kappa_of(built, at), 1.0)[:, None, None]
    scale = (at["unit_scale"] ** 2)[:, None, None] if cells.varied else 1.0
    own = ratio**2 * drift + shock * np.eye(cells.time.size)
    return np.asarray(at["sigma_alpha"] ** 2 + scale * own)


def kappa_of(built: Model, at: dict[str, Array]) -> float:
    weighting = built.cells.weighting
    if weighting is None:
        return 1.0
    return float(at["kappa"]) if weighting.kappa is None else weighting.kappa


def location(cells: Cells, at: dict[str, Array]) -> Array:
    is_pilot = (cells.exposure > 0).any(axis=1)
    effect = np.zeros(cells.value.shape)
    effect[is_pilot] = at["tau_unit"][:, None] * cells.exposure[is_pilot] + term_effects(cells, at)
    return np.asarray(at["mu"] + at["beta_pilot"] * is_pilot[:, None] + paths(cells, at) + effect)


def paths(cells: Cells, at: dict[str, Array]) -> Array:
    """What each unit would follow without anything of its own, given its covariates; regions take turns."""
    units = np.arange(len(cells.value))
    found = at["lambda"][None] if cells.regions is None else at["lambda_region"][units % len(REGION_NAMES)]
    if "beta" in at:
        each = beside(units.size, cells.time.size).values()
        found = found + sum(b * (x - x.mean()) / x.std() for b, x in zip(at["beta"], each, strict=True))
    return np.asarray(found)


def term_effects(cells: Cells, at: dict[str, Array]) -> Array:
    """Effect terms written out: a walk over event time from its mean, cohorts, and a moderator in SDs."""
    exposure, found = cells.exposure[cells.pilots], np.zeros((cells.pilots.size, cells.time.size))
    if cells.terms is None:
        return found
    start = np.array([cells.time[row > 0][0] for row in exposure])
    event = cells.time - start[:, None]
    gamma = {group: at["gamma"][[each == group for each in cells.terms.groups]] for group in cells.terms.groups}
    times = np.unique(event[exposure > 0])
    variance, vectors = np.linalg.eigh(centred_drift(times, 1.0))
    signs = np.sign((vectors[:, :0:-1].T * drift_basis(times).vectors[1:]).sum(axis=1))
    walk = vectors[:, :0:-1] @ (signs * np.sqrt(variance[:0:-1]) * gamma["event"])
    for i, j in np.argwhere(exposure > 0):
        found[i, j] += walk[times == event[i, j]].item()
        if "cohort" in gamma:
            found[i, j] += gamma["cohort"][np.unique(start) == start[i]].item()
        if "moderator" in gamma:
            rating = cells.pilots % 3 + 1.0
            found[i, j] += gamma["moderator"].item() * (rating[i] - rating.mean()) / rating.std()
    return found * exposure


def centre(built: Model, at: dict[str, Array], point: Point) -> Array:
    """What each unit's own path departs from: its location, and what weights carry from comparators' drifts."""
    found = location(built.cells, at)
    if built.cells.weighting is not None:
        found[built.cells.pilots] += at["weight"] @ drifts(built, at, point)
    return found


def drifts(built: Model, at: dict[str, Array], point: Point) -> Array:
    """Comparators' drifts: their mean given the path, and the sampled departure from it."""
    basis, others = built.cells.basis, built.cells.comparators
    whole = (without_shocks(at) - location(built.cells, at))[others] @ basis.vectors[1:].T
    s, q = (
        np.asarray(0.0) if built.cells.apart else point.get("s_signed", np.asarray(0.0)),
        moves(built, point, "_signed"),
    )
    share = q**2 * basis.variance / (q**2 * basis.variance + s**2)
    # Var(u | path) = share s^2, its root signed so that it is smooth in both scales
    spread = np.sqrt(share) * np.sign(q) * s * (at["unit_scale"][others][:, None] if built.cells.varied else 1.0)
    rest = spread * point["x_u"].T if built.cells.white else 0.0
    return np.asarray((share * whole + rest) @ basis.vectors[1:])


def without_shocks(at: dict[str, Array]) -> Array:
    """The linear predictor but for shocks that are apart from paths."""
    return np.asarray(at["eta"] - at.get("shock", np.asarray(0.0)))


def log_shocks(built: Model, at: dict[str, Array], point: Point) -> float:
    """Density of shocks apart from paths, g ~ Gamma(2, 2) of these or of noise, and the Jacobian of their map."""
    if not built.cells.apart:
        return 0.0
    places, density = np.argsort(built.cells.order), 0.0
    scale = cell_scales(built, at, point)
    if built.cells.heavy or built.cells.mixed:
        away = 17 / 18 + point["x_tail"].T[places] / np.sqrt(18)
        root = mixing(built, point) ** (1 / 3)
        # of g = u^3, where u is a hyperbola of what is sampled
        density += float(np.sum(stats.gamma.logpdf(root**3, 2, scale=0.5) + 3 * np.log(root) + np.log(3 / np.sqrt(18))))
        density -= 0.5 * float(np.sum(np.log(away**2 + 0.04)))
    told, noise = own_weight(built, point), noise_of(built, at)
    jacobian = np.log(scale) + 0.5 * np.log(noise**2 / (noise**2 + scale**2 * told))
    return density + float(np.sum(stats.norm.logpdf(at["shock"] / scale) - np.log(scale) + jacobian))


def mixing(built: Model, point: Point) -> Array:
    """The g of every cell, where u = g^(1/3) is the larger root of u (u - y) = 0.1^2."""
    if not (built.cells.heavy or built.cells.mixed):
        return np.ones(built.cells.value.shape)
    away = 17 / 18 + point["x_tail"].T[np.argsort(built.cells.order)] / np.sqrt(18)
    return np.asarray([np.roots([1.0, -each, -0.01]).max() ** 3 for each in away.ravel()]).reshape(away.shape)


def cell_scales(built: Model, at: dict[str, Array], point: Point) -> Array:
    """Scale of the shock of every cell."""
    scale = at["shock_scale"] if built.cells.sized else at["s"]
    size = mixing(built, point) if built.cells.heavy else np.ones(built.cells.value.shape)
    return np.asarray(scale * (at["unit_scale"][:, None] if built.cells.varied else 1.0) / np.sqrt(size))


def own_weight(built: Model, point: Point) -> Array:
    """Working weights of cells with shocks apart from paths, 0 where missing, where the scale of all noise is 1."""
    size = mixing(built, point) if built.cells.mixed else 1.0
    return np.where(built.cells.observed, size * working(built)[1], 0.0)


def noise_of(built: Model, at: dict[str, Array]) -> float:
    """The scale of all noise, where there is one."""
    return float(at["sigma"]) if built.cells.mixed else 1.0


def moves(built: Model, values: dict[str, Array], kind: str = "") -> Array:
    """Scale of every component after the constant: of drift, and of trends in the line's."""
    found = np.full(built.cells.time.size - 1, values[f"q{kind}"])
    if built.cells.trends:
        found[0] = values[f"sigma_slope{kind}"]
    return found


def log_weighting(built: Model, at: dict[str, Array], point: Point) -> float:
    """Comparators' drifts apart from the rest of their paths, and the prior on weights."""
    if built.cells.weighting is None:
        return 0.0
    cells, basis = built.cells, built.cells.basis
    total = sum(float(np.sum(stats.norm.logpdf(point[name]))) for name in ("x_donor", "x_pair"))
    if not cells.white:  # a path is its drift
        return total
    drift = drifts(built, at, point) @ basis.vectors[1:].T
    path = (at["eta"] - location(cells, at))[cells.comparators] @ basis.vectors[1:].T
    scale = at["unit_scale"][cells.comparators][:, None] if cells.varied else np.ones((len(drift), 1))
    q = moves(built, at)
    whole = q**2 * basis.variance + at["s"] ** 2
    total += float(np.sum(stats.norm.logpdf(drift, 0, scale * q * np.sqrt(basis.variance))))
    total += float(np.sum(stats.norm.logpdf(path - drift, 0, scale * at["s"])))
    total -= float(np.sum(stats.norm.logpdf(path, 0, scale * np.sqrt(whole))))  # counted with the paths
    return total + float(np.log(scale * q * at["s"] * np.sqrt(basis.variance / whole)).sum())


def relative_size(cells: Cells) -> Array:
    return np.asarray(cells.denominator / np.median(cells.denominator[cells.observed]))


def working(built: Model) -> tuple[Array, Array]:
    """Working responses and weights at sigma = 1, of means with their formulas written out again."""
    cells, standard, family = built.cells, built.standard, built.outcome.family
    value = np.where(cells.observed, cells.value, 1.0)
    if FACTS[family].units or cells.bins is not None or cells.low is not None:
        # test_working.py, test_intervals.py and test_inside.py find them by other means
        return smoothed(cells, built.family, standard)
    linked = np.log(value) if standard.spread == 1 else value
    response = (linked - standard.centre) / standard.spread
    if cells.standard_error is not None:
        return response, (np.where(family == "lognormal", value, standard.spread) / cells.standard_error) ** 2
    return response, relative_size(cells) * (5 / 7 if family == "student_t" and not cells.mixed else 1)


def records(built: Model, point: Point) -> Array:
    """Working responses, and means that are sampled between their ends."""
    cells, found, log = built.cells, working(built)[0].copy(), built.family.link == "log"
    if "x_inside" not in point:
        return found
    with np.errstate(divide="ignore"):
        ends = [np.log(np.maximum(each, 0)) if log else each for each in cells.bounds]
    low, high = ((each - built.standard.centre) / built.standard.spread for each in ends)
    for (unit, time), x in zip(places_inside(built), point["x_inside"], strict=True):
        first, last = low[unit, time], high[unit, time]
        if np.isinf(last):
            found[unit, time] = first + 0.3 * np.logaddexp(0, x)
        elif np.isinf(first):
            found[unit, time] = last - 0.3 * np.logaddexp(0, x)
        else:
            found[unit, time] = first + (last - first) * expit(x)
    return found


def places_inside(built: Model) -> list[tuple[int, int]]:
    """Unit and period of each mean that is sampled, in the order in which the model walks through units."""
    order, (low, high) = built.cells.order, built.cells.bounds
    return [(order[row], column) for row, column in np.argwhere((low < high)[order])]


def log_slopes_inside(built: Model, point: Point) -> float:
    """Of the maps from coordinates to means between ends, up to a constant."""
    x, (low, high) = point.get("x_inside", np.zeros(0)), built.cells.bounds
    one_sided = np.array([np.isinf(high[at] - low[at]) for at in places_inside(built)] if x.size else [])
    return float(np.sum(np.log(expit(x)) + np.where(one_sided, 0.0, np.log(expit(-x)))))


def mean_weight(built: Model, at: dict[str, Array]) -> Array:
    """Mean working weight of a unit's observed cells, and next to nothing where it has none."""
    weight = working(built)[1]
    mean = [row[seen].mean() if seen.any() else 0.0 for row, seen in zip(weight, built.cells.observed, strict=True)]
    return np.asarray(np.maximum(mean, 1e-3) / variance_of_noise(built, at))


def effect_weight(built: Model, at: dict[str, Array]) -> Array:
    """The same for effects, which see shocks apart from paths at reference scales: tests/model/test_shocks.py."""
    if built.cells.apart:
        return np.asarray(built.arrays["mean_weight"][np.argsort(built.cells.order)])
    return mean_weight(built, at)


def variance_of_noise(built: Model, at: dict[str, Array]) -> Array:
    """By what working weights of a unit are divided: sigma^2, or what overdispersion has more or less of it."""
    weight, (rise, there) = working(built)[1], built.family.rise(built.cells, built.standard)
    rows = zip(rise, weight * built.cells.observed, strict=True)
    mean = np.array([each @ w / w.sum() if w.any() else each.mean() for each, w in rows])
    return np.asarray(1 + mean * (at.get("sigma", np.asarray(1.0)) ** 2 - there))


def log_priors(built: Model, at: dict[str, Array]) -> float:
    """Priors; a sign adds the same to all points, and the coordinate z of sigma_tau its Jacobian."""
    total = 0.0
    for name, prior in built.outcome.all_priors().items():
        if prior.distribution == "zero-sum normal":
            # an isotropic normal in one dimension less than the path has periods
            total -= 0.5 * float(at["lambda"] @ at["lambda"]) / prior.scale**2
        elif prior.distribution == "zero-sum walk":
            walk = centred_drift(built.cells.time, 1.0)
            scale = prior.scale**2 / np.trace(walk) * (built.cells.time.size - 1)
            total -= 0.5 * float(at["lambda"] @ np.linalg.pinv(walk) @ at["lambda"]) / scale
        elif name not in at:
            continue  # what the outcome does not have
        elif prior.distribution == "normal":
            density = (1 - prior.robust) * stats.norm.pdf(at[name], prior.location, prior.scale)
            total += float(np.log(density + prior.robust * stats.norm.pdf(at[name], 0, prior.vague)))
        elif prior.distribution == "beta":
            share = at[name] ** 2
            total += float(stats.beta.logpdf(share, *prior.shapes) + np.log(share * (1 - share)))
        else:
            total += float(stats.halfnorm.logpdf(at[name], scale=prior.scale))
    # a tailed scale is h g(z), g = -log(1 - Phi(z)), so dg/dz is the normal's hazard
    priors = dict(built.outcome.all_priors().items())
    for name in sorted(TAILED & set(at)):
        z = stats.norm.isf(np.exp(-at[name] / priors[name].scale))
        total += float(stats.norm.logpdf(z) - stats.norm.logsf(z))
    if built.cells.scale_tail:  # one over a square is a gamma variable, and a coordinate goes with its logarithm
        precision = at["unit_scale"] ** -2
        total += float((stats.gamma.logpdf(precision, 2, scale=0.5) + np.log(precision)).sum())
    elif built.cells.varied:  # zeta is a root of A times x, A = 1 / (1 + omega^2 P)
        total += float(np.sum(stats.norm.logpdf(np.log(at["unit_scale"]) / at["omega"])))
        told = built.arrays["unit_told"][0]
        total -= 0.5 * float(np.log1p(at["omega"] ** 2 * told).sum())
    if built.cells.regions is not None:  # of the components of a walk
        away = (at["lambda_region"] - at["lambda"]) / at["sigma_region"]
        walk = np.linalg.pinv(centred_drift(built.cells.time, 1.0))
        total -= 0.5 * float(np.einsum("gt,ts,gs", away, walk, away))
        # zeta is a root of A times x, A = 1 / (1 + sigma^2 d P)
        spread = at["sigma_region"] ** 2 * drift_basis(built.cells.time).variance
        total -= 0.5 * float(np.log1p(spread * built.arrays["region_weight"]).sum())
    if "beta" in at:
        total += float(stats.norm.logpdf(at["beta"], 0, priors["covariate"].scale).sum())
    if built.cells.sized:
        total += float(stats.halfnorm.logpdf(at["shock_scale"], scale=priors["s"].scale).sum())
    if built.cells.terms is not None:
        scales = {
            "event": at.get("sigma_event"),
            "cohort": at.get("sigma_cohort"),
            "moderator": priors["moderator"].scale,
        }
        spread = np.array([scales[group] for group in built.cells.terms.groups])
        total += float(stats.norm.logpdf(at["gamma"] / spread).sum())
        # gamma / spread is a root of R times x, beside what terms before it say; R = 1 / (1 + spread^2 P)
        total -= 0.5 * float(np.log1p(spread**2 * built.arrays["term_weight"]).sum())
    around = stats.t(1 / built.cells.tail) if built.cells.tail else stats.norm
    away = (at["tau_unit"] - at["tau"]) / at["sigma_tau"]
    return float(total + np.sum(around.logpdf(away) - np.log(at["sigma_tau"])))


def log_likelihood(built: Model, at: dict[str, Array], point: Point) -> float:
    cells, standard, seen = built.cells, built.standard, built.cells.observed
    linked = standard.centre + standard.spread * at["eta"]
    family, value = built.outcome.family, np.where(seen, cells.value, 1.0)
    if cells.standard_error is not None:
        noise = cells.standard_error / (value if family == "lognormal" else 1.0)
    else:
        sigma = at.get("sigma", np.asarray(1.0))
        noise = standard.spread * sigma / np.sqrt(np.where(seen, relative_size(cells), 1.0))
    density: Array | float
    if FACTS[family].kind in {"count", "events"}:
        density = log_probability(built, linked, float(at["sigma"] if built.family.noise else 1.0) ** 2)
    elif cells.bins is not None:
        density = log_multinomial(built, linked, float(at["sigma"]))
    else:
        around = {
            "normal": stats.norm(linked, noise / (np.sqrt(mixing(built, point)) if cells.mixed else 1.0)),
            "student_t": stats.t(4, linked, noise),
            "gamma": stats.gamma(1 / noise**2, scale=np.exp(linked) * noise**2),
            "lognormal": stats.lognorm(s=noise, scale=np.exp(linked)),
        }["normal" if cells.mixed else family]
        within = (cells.bounds[0] < cells.bounds[1]) & seen
        sampled = standard.centre + standard.spread * records(built, point)
        sampled = np.exp(sampled) if built.family.link == "log" else sampled
        # of the logarithm of a mean that is sampled, where it is that
        value = np.where(within, sampled, value)
        density = around.logpdf(value) + np.where(within & (built.family.link == "log"), np.log(np.abs(value)), 0.0)
    return float(np.asarray(density)[seen].sum())


def log_probability(built: Model, linked: Array, a: float) -> Array:
    """Of the counts that each cell may have, one after the other."""
    cells, (low, high), (share, other) = built.cells, built.cells.bounds, (expit(linked), expit(-linked))
    mu, found = cells.denominator * np.exp(linked), np.full(linked.shape, -np.inf)
    by_family: dict[str, Callable[[Array], Any]] = {
        "binomial": lambda count: stats.binom.logpmf(count, cells.denominator, share),
        "beta_binomial": lambda count: stats.betabinom.logpmf(count, cells.denominator, share / a, other / a),
        "poisson": lambda count: stats.poisson.logpmf(count, mu),
        "negative_binomial": lambda count: stats.nbinom.logpmf(count, 1 / a, 1 / (1 + a * mu)),
    }
    for beyond in range(int((high - low).max()) + 1):
        each = by_family[built.outcome.family](low + beyond)
        found = np.where(low + beyond <= high, np.logaddexp(found, each), found)
    return found


def log_multinomial(built: Model, linked: Array, sigma: float) -> Array:
    """Of the bins that are known, and of all that are not as one more; and of lasting beyond where bins begin."""
    bins, found = built.cells.bins, np.zeros(linked.shape)
    assert bins is not None
    binned = built.outcome.family == "binned"
    around = stats.norm if binned else stats.logistic
    inner = np.log(bins.edges) if binned else boundaries_of(built.cells)
    ends = np.concatenate([[-np.inf], inner, [np.inf]])
    for i, t in np.argwhere(built.cells.observed):
        z = (ends - linked[i, t]) / sigma if binned else sigma * ends - linked[i, t]
        # logarithms of both tails, of which the smaller one has the digits
        below, above = around.logcdf(z), around.logsf(z)
        upper = z[:-1] + z[1:] > 0
        larger, smaller = np.where(upper, above[:-1], below[1:]), np.where(upper, above[1:], below[:-1])
        chance = larger + np.log(-np.expm1(smaller - larger))
        hidden, rest = bins.hidden[i, t], bins.rest[i, t]
        counts = np.append(bins.counts[i, t][~hidden], rest)
        chances = np.append(chance[~hidden], np.logaddexp.reduce(chance[hidden]) if rest else 0.0)
        found[i, t] = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum() + counts @ chances
        found[i, t] += bins.open[i, t] @ above[:-1]
    return found


def cell_weight(built: Model, at: dict[str, Array], point: Point) -> Array:
    """Weights of the map: a cell's own, or where the scale of noise is learned the unit's mean in every cell."""
    if built.cells.apart:
        weight = own_weight(built, point)
        total = noise_of(built, at) ** 2 + cell_scales(built, at, point) ** 2 * weight
        return np.asarray(1e-3 + weight / total)
    if follows_scale(built.family, built.cells):
        return np.repeat(mean_weight(built, at)[:, None], built.cells.time.size, axis=1)
    own = np.where(built.cells.observed, working(built)[1], 0.0) / variance_of_noise(built, at)[:, None]
    return np.where(has_pseudo(built), mean_weight(built, at)[:, None], own)


def pseudo_gaps(built: Model, point: Point, where: Array) -> Array:
    """How far each pseudo-response lies from its location, 0 elsewhere: 0.3 xi further than the records of its unit."""
    order, gaps, seen = built.cells.order, np.zeros(built.cells.value.shape), built.cells.observed
    rows, columns = np.nonzero(has_pseudo(built)[order])
    for row, column, xi in zip(order[rows], columns, point.get("xi", ()), strict=True):
        away = (records(built, point) - where)[row][seen[row]]
        gaps[row, column] = 0.3 * xi + (away.mean() if away.size else 0.0)
    return gaps


def log_pseudo(built: Model, at: dict[str, Array], point: Point) -> float:
    """Density of the pseudo-responses, each z* from N(eta, 1 / w)."""
    where = centre(built, at, point)
    gap = at["eta"] - where - pseudo_gaps(built, point, where)
    scale = 1 / np.sqrt(mean_weight(built, at))[:, None]
    return float(np.asarray(stats.norm.logpdf(gap, 0, scale))[has_pseudo(built)].sum())


def effect_information(built: Model, at: dict[str, Array]) -> Array:
    """What each pilot's response says of its effect, P_i = d' (Sigma + I / w)^-1 d, components integrated out."""
    cells, sigma, weight = built.cells, covariances(built, at), effect_weight(built, at)
    eye, exposed = np.eye(cells.time.size), cells.exposure[cells.pilots]
    found = [d @ np.linalg.solve(sigma[i] + eye / weight[i], d) for i, d in zip(cells.pilots, exposed, strict=True)]
    return np.array(found)


def factors(built: Model) -> Array:
    """Lower triangular M of every unit, unpacked by hand."""
    after, others = built.cells.time.size - built.cells.leading, built.cells.comparators.size
    found = np.zeros((len(built.cells.value), after, after))
    blocks = -(-others // BLOCK)
    for place, unit in enumerate(built.cells.order):
        block, lane = divmod(place, BLOCK) if place < others else divmod(place - others, BLOCK)
        packed = built.arrays["factors"][block + (blocks if place >= others else 0), :, lane]
        found[unit][np.tril_indices(after)] = packed
    return found


def log_jacobian_of_paths(built: Model, at: dict[str, Array], point: Point) -> Array:
    """Half the log determinant of V = (Sigma^-1 + w I)^-1, p in place of w for leading components, and that of M.

    A unit; of (Sigma^-1 + W)^-1 apart.
    """
    if built.cells.apart:
        through = zip(covariances(built, at), cell_weight(built, at, point), strict=True)
        return np.array([-0.5 * np.linalg.slogdet(np.linalg.inv(each) + np.diag(w))[1] for each, w in through])
    basis, weight = built.cells.basis.vectors, mean_weight(built, at)
    precision = weight / built.arrays["mean_weight"][np.argsort(built.cells.order)]
    told = precision * built.arrays["lead_told"][:, np.argsort(built.cells.order)]
    found = []
    for each, w, p, factor in zip(covariances(built, at), weight, told.T, factors(built), strict=True):
        seen = np.concatenate([p, np.full(len(factor), w)])
        variance = np.diag(basis @ each @ basis.T)
        found.append(0.5 * np.log(variance / (1 + variance * seen)).sum() + np.linalg.slogdet(factor)[1])
    return np.array(found)


def log_jacobian_of_effects(built: Model, at: dict[str, Array]) -> Array:
    """Of tau_i = tau + sigma_tau (... + sqrt(A_i) x_i), with A_i = 1 / (1 + sigma_tau^2 P_i)."""
    known = effect_information(built, at)
    return np.asarray(np.log(at["sigma_tau"]) - 0.5 * np.log1p(at["sigma_tau"] ** 2 * known))


def textbook(built: Model, at: dict[str, Array], point: Point) -> float:
    """Log density of the textbook's model at the mapped point, plus the log Jacobian of the maps."""
    departure = without_shocks(at) - centre(built, at, point)
    rows = zip(departure, covariances(built, at), strict=True)
    return (
        sum(float(stats.multivariate_normal.logpdf(row, np.zeros(row.size), each)) for row, each in rows)
        + log_likelihood(built, at, point)
        + log_priors(built, at)
        + log_weighting(built, at, point)
        + log_pseudo(built, at, point)
        + log_slopes_inside(built, point)
        + log_shocks(built, at, point)
        + float(log_jacobian_of_paths(built, at, point).sum())
        + float(log_jacobian_of_effects(built, at).sum())
    )


def test_density_is_that_of_the_textbook(built: Model) -> None:
    gaps, sizes = [], []
    for point in built.points(12, seed=3):
        at = built(point)
        gaps.append(float(at["logp"]) - textbook(built, at, point))
        sizes.append(abs(float(at["logp"])))
    assert np.ptp(sizes) > 20, "the points must differ, or the comparison means nothing"
    assert np.ptp(gaps) < TOLERANCE * max(sizes)


def test_points_have_scales_of_both_signs(built: Model) -> None:
    """Or the density would be compared for one sign alone."""
    points = built.points(12, seed=3)
    signed = [name for name in points[0] if name.endswith("_signed")]
    one = built.cells.counted and not built.cells.sized
    assert len(signed) == 2 + one + learns_noise(built.family, built.cells) + built.cells.trends
    for name in signed:
        assert {float(np.sign(point[name])) for point in points} == {-1.0, 1.0}


def test_log_jacobian_of_paths_is_that_of_the_map(built: Model) -> None:
    """Eta is linear in x, so unit steps give the Jacobian without error of approximation."""
    point = built.points(1, seed=4)[0]
    at = built(point)
    unit = int(np.flatnonzero(~built.cells.observed.all(axis=1))[0]) if not built.cells.observed.all() else 0
    jacobian = np.zeros((built.cells.time.size, built.cells.time.size))
    for component in range(built.cells.time.size):
        moved = {**point, "x": point["x"].copy()}
        moved["x"][component, built.place(unit)] += 1.0
        change = without_shocks(built(moved)) - without_shocks(at)
        jacobian[:, component] = change[unit]
        change[unit] = 0.0
        if built.cells.weighting is not None:
            change[built.cells.pilots] = 0.0  # which follow the comparators
        assert np.abs(change).max() == 0.0, "a unit's coordinates must move no other unit"
    # eta, of size 1, is rounded at 1e-16, and the smallest steps are of size 1e-2
    assert np.linalg.slogdet(jacobian)[1] == pytest.approx(log_jacobian_of_paths(built, at, point)[unit], abs=1e-10)


def test_log_jacobian_of_effects_is_that_of_the_map(built: Model) -> None:
    point = built.points(1, seed=4)[0]
    moved = {**point, "x_tau": point["x_tau"] + 1.0}
    step = built(moved)["tau_unit"] - (at := built(point))["tau_unit"]
    # differences of numbers of size 1, rounded at 1e-16, of size 1e-2 and more
    np.testing.assert_allclose(np.log(np.abs(step)), log_jacobian_of_effects(built, at), atol=1e-12)


def test_effects_at_the_origin_are_their_conditional_means(built: Model) -> None:
    """With the rest given, in the Gaussian approximation: what makes the transport worth its while."""
    point = built.points(1, seed=9)[0]
    point["x_tau"] = np.zeros_like(point["x_tau"])
    at, cells = built(point), built.cells
    filled = built.arrays["pilot_response"] @ cells.basis.vectors  # tests/model/test_working.py
    sigma, known = covariances(built, at), effect_information(built, at)
    weight = effect_weight(built, at)
    own_path = np.broadcast_to(paths(cells, at), cells.value.shape) - at["lambda"]
    carried = (centre(built, at, point) - location(cells, at) + own_path)[cells.pilots] + term_effects(cells, at)
    expected = []
    for place, (i, information, drift) in enumerate(zip(cells.pilots, known, carried, strict=True)):
        before = filled[place] - at["mu"] - at["beta_pilot"] - at["lambda"] - drift
        pull = cells.exposure[i] @ np.linalg.solve(sigma[i] + np.eye(before.size) / weight[i], before)
        prior = 1 / at["sigma_tau"] ** 2
        expected.append((prior * at["tau"] + pull) / (prior + information))
    # rounding, and the condition of the matrices solved here
    np.testing.assert_allclose(at["tau_unit"], expected, rtol=1e-10, atol=1e-11)


def at_reference(built: Model, point: Point) -> Point:
    """The point with the scales that factors were made for."""
    cells, family, priors = built.cells, built.family, built.outcome.all_priors()
    work = working_of(cells, family)
    scales = reference_of(work, cells, family, priors)
    _, squares = scales_of_units(work, cells, scales, priors)
    named = scales._asdict()
    if not family.scaled:  # where working weights are right
        named["sigma"] = np.sqrt(family.rise(cells, built.standard)[1])
    if cells.sized:
        point = {**point, "s_period": np.full(cells.time.size, named.pop("s"))}
    moved = {**point, **{f"{name}_signed": np.asarray(value) for name, value in named.items()}}
    moved["logit_kappa_squared"] = np.asarray(logit(priors.kappa.shapes[0] / sum(priors.kappa.shapes)))
    if cells.varied:
        omega = 0.5 * np.sqrt(np.pi**2 / 6 - 1) if cells.scale_tail else built(point)["omega"]
        weight, pull = built.arrays["unit_told"]
        zeta, ratio = 0.5 * np.log(squares[cells.order]) / omega, 1 / (1 + omega**2 * weight)
        moved["x_unit"] = (zeta - ratio * omega * pull) / np.sqrt(ratio)
    return {name: moved[name] for name in point}


def conditional(covariance: Array, weight: Array) -> Array:
    """Covariance of a path given its cells."""
    noisy = weight[:, None] * covariance
    return np.asarray(covariance - covariance @ np.linalg.solve(np.eye(len(noisy)) + noisy, noisy))


def test_paths_at_the_origin_are_their_conditional_means(built: Model) -> None:
    """At the reference scales, given all else, in the Gaussian approximation with every cell's own weight."""
    point = at_reference(built, built.points(1, seed=10)[0])
    point["x"] = np.zeros_like(point["x"])
    at = built(point)
    where = centre(built, at, point)
    # a missing cell has a little weight where shocks are apart, and what working response it has does not matter
    response = built.arrays["response"].T[np.argsort(built.cells.order)]
    response = np.where(built.cells.bounds[0] < built.cells.bounds[1], records(built, point), response)
    gaps = np.where(has_pseudo(built), pseudo_gaps(built, point, where), response - where)
    rows = zip(covariances(built, at), cell_weight(built, at, point), gaps, strict=True)
    expected = np.array([conditional(each, w) @ (w * gap) for each, w, gap in rows])
    # factors have seven digits
    np.testing.assert_allclose(without_shocks(at) - where, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_coordinates_are_standard_normal_in_the_approximation(built: Model) -> None:
    """At the reference scales the map's covariance is that of the posterior, missing cells included."""
    point = at_reference(built, built.points(1, seed=12)[0])
    at, cells = built(point), built.cells
    complete = cells.observed.all(axis=1)
    unit = int(np.flatnonzero(~complete if (~complete).any() else complete)[0])
    moves = np.zeros((cells.time.size, cells.time.size))
    for component in range(cells.time.size):
        moved = {**point, "x": point["x"].copy()}
        moved["x"][component, built.place(unit)] += 1.0
        moves[:, component] = (without_shocks(built(moved)) - without_shocks(at))[unit]
    weight = cell_weight(built, at, point)[unit]
    expected = conditional(covariances(built, at)[unit], weight)
    # factors have seven digits
    np.testing.assert_allclose(moves @ moves.T, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if case.startswith(("normal", "lognormal", "gamma", "student_t"))
        and "with gaps" in case
        and "known" not in case
        and not model_case(case).cells.apart
        and model_case(case).cells.weighting is None
    ],
)
def test_pseudo_responses_integrate_out(case: str) -> None:
    """At one eta, the density less that of the pseudo-responses does not depend on them.

    Where comparators' components move pilots, eta does not come back unit by unit.
    """
    built = model_case(case)
    first, second = built.points(2, seed=5)
    other = {**first, "xi": second["xi"]}
    # x that brings eta back to where it was: eta is linear in a unit's x
    at, moved = built(first), built(other)
    units, periods = built.cells.value.shape
    jacobian = np.zeros((units, periods, periods))
    for component in range(periods):
        stepped = {**other, "x": other["x"].copy()}
        stepped["x"][component] += 1.0
        jacobian[:, :, component] = built(stepped)["eta"] - moved["eta"]
    assert np.abs(moved["eta"] - at["eta"]).max() > 0.01, "xi must move eta, or the comparison means nothing"
    back_again = np.linalg.solve(jacobian, (at["eta"] - moved["eta"])[..., None])[..., 0]
    other["x"] = other["x"] + back_again[built.cells.order].T
    back = built(other)
    np.testing.assert_allclose(back["eta"], at["eta"], atol=1e-10)
    without = float(at["logp"]) - log_pseudo(built, at, first)
    again = float(back["logp"]) - log_pseudo(built, back, other)
    assert abs(float(at["logp"]) - float(back["logp"])) > 0.1
    # eta returns to 1e-10 only, and the density's slope in eta is of the order of its size
    assert without == pytest.approx(again, abs=1e-8 * abs(without))


def test_gradient_is_finite_at_the_start_and_right_elsewhere(built: Model) -> None:
    start = {name: np.asarray(value) for name, value in built.model.initial_point(0).items()}
    at_zero = {name for name, value in start.items() if name.endswith("_signed") and value == 0}
    start |= {name: np.asarray(0.1) for name in at_zero}
    assert np.isfinite(built(start)["gradient"]).all()
    point = built.points(1, seed=6)[0]
    rng = np.random.default_rng(7)
    direction = {name: rng.normal(size=np.shape(value)) for name, value in point.items()}
    step = 1e-5

    def along(size: float) -> float:
        return float(built({name: value + size * direction[name] for name, value in point.items()})["logp"])

    by_name = built.split(built(point)["gradient"])
    slope = sum(float(np.sum(by_name[name] * direction[name])) for name in direction)
    # a central difference errs by step^2 times the third derivative, and by rounding over the step
    assert (along(step) - along(-step)) / (2 * step) == pytest.approx(slope, rel=1e-5)


def test_every_sampled_variable_has_a_gradient(built: Model) -> None:
    """A silently disconnected input would leave its part of the gradient at its prior's or at 0."""
    assert np.abs(built(built.points(1, seed=8)[0])["gradient"]).min() > 0


def test_dims_and_coords_are_named(built: Model) -> None:
    model, cells = built.model, built.cells
    dims = model.named_vars_to_dims
    expected = {
        "lambda": ("time",),
        "lambda_drift": ("drift",),
        "tau_unit": ("pilot",),
        "x_tau": ("pilot",),
        "eta": ("unit", "time"),
        "x": ("component", "ordered"),
    }
    assert {name: tuple(dims[name]) for name in expected} == expected
    coords: dict[str, Any] = model.coords
    units, periods = cells.value.shape
    assert list(coords["time"]) == list(cells.time)
    assert list(coords["unit"]) == list(range(units))
    assert list(coords["pilot"]) == list(cells.pilots)
    assert list(coords["component"]) == list(range(periods))
    assert list(coords["drift"]) == list(range(1, periods))


def test_names_of_units_are_kept() -> None:
    model = build(*evaluation("binomial", text_units=True))
    assert list(model.coords["unit"]) == [f"Area {i:02d}" for i in range(12)]
    assert list(model.coords["pilot"]) == ["Area 00", "Area 01", "Area 02"]


def test_reported_variables_depend_on_the_family() -> None:
    reported = {"mu", "beta_pilot", "sigma_alpha", "lambda", "q", "tau", "sigma_tau", "tau_unit", "eta"}
    coordinates = {"sigma_alpha_signed", "q_signed", "z_sigma_tau"}
    internal = {"x", "x_tau", "tau_away", "lambda_drift", "path_density", "sigma_tau_density"}

    def extra(case: str) -> set[str]:
        model = model_case(case).model
        names = set(model.named_vars) - {variable.name for variable in model.data_vars}
        assert names > reported | coordinates | internal
        return names - reported - coordinates - internal

    assert extra("binomial with gaps") == {"s", "s_signed"}
    assert extra("lognormal with gaps") == {"s", "s_signed", "sigma", "sigma_signed", "xi"}
    assert extra("normal without denominators, with gaps") == {"sigma", "sigma_signed", "xi"}
    assert extra("negative_binomial with gaps") == {"sigma", "sigma_signed"}
    assert extra("normal with known errors, with gaps") == {"s", "s_signed"}


def test_scales_are_reported_without_their_sign(built: Model) -> None:
    for point in built.points(3, seed=11):
        at = built(point)
        for name in [name for name in point if name.endswith("_signed")]:
            assert at[name.removesuffix("_signed")] == abs(point[name])


def test_priors_that_are_printed_are_those_of_the_model(built: Model) -> None:
    printed = {name for name, _ in built.outcome.priors_in_use()} - {"moderator", "covariate"}
    printed -= {"s"} if built.cells.sized else set()  # that of each period's
    free = {variable.name for variable in built.model.free_RVs}
    sampled = {"lambda_drift" if name == "lambda_t" else sampled_as(name) for name in printed}
    drifts = {"x_u"} if built.cells.white else set()
    weighting = {"x_donor", "x_pair"} | drifts if built.cells.weighting is not None else set()
    others = (
        ({"x_term"} if built.cells.terms is not None else set())
        | ({"xi"} if has_pseudo(built).any() else set())
        | ({"beta"} if len(built.cells.covariates) else set())
        | ({"x_inside"} if built.arrays["inside_unit"].size else set())
        | ({"x_unit"} if built.cells.varied else set())
        | ({"x_shock"} if built.cells.apart else set())
        | ({"x_tail"} if built.cells.heavy or built.cells.mixed else set())
        | ({"s_period"} if built.cells.sized else set())
        | ({"x_region"} if built.cells.regions is not None else set())
    )
    assert free == sampled | {"x_tau", "x"} | weighting | others


def test_outcome_is_chosen_by_name() -> None:
    spec, panel = evaluation("binomial", ("first", "second"))
    with pytest.raises(SpecError, match="outcome must be one of first, second, not third"):
        build(spec, panel, "third")
    with pytest.raises(SpecError, match="not None"):
        build(spec, panel)
    chosen = build(spec, panel, "second")
    cells = cells_of(panel.dataset, spec.outcome("second"))
    np.testing.assert_array_equal(chosen["fields"].get_value()[0].T, panel.dataset["second"][cells.order])


def test_outcome_may_be_left_out_where_there_is_one() -> None:
    spec, panel = evaluation("binomial")
    left_out, named = (build(spec, panel, name) for name in (None, "first"))
    point: Point = {name: np.asarray(value) + 0.3 for name, value in left_out.initial_point(0).items()}
    densities = [float(each.compile_logp(mode=MODE)(point)) for each in (left_out, named)]
    assert densities[0] == densities[1]
    assert np.isfinite(densities).all()
