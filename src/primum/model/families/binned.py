r"""Durations counted in bins, lognormal within a cell.

Of n records in a cell whose log durations are normal around :math:`\eta' = \mathrm{centre} + \eta` with SD
:math:`\sigma`, bins between edges hold numbers that are multinomial with probabilities

.. math::
    P_b = \Phi(z_b) - \Phi(z_{b-1}), \quad z_b = (\log \mathrm{edge}_b - \eta') / \sigma,

:math:`z_0 = -\infty` and, for the last bin, :math:`z = \infty`: records longer than the last edge are
right-censored there. Bins whose own counts are hidden, as suppressed ones are, count as one bin whose
probability is the sum of theirs. The expected value is the median :math:`\exp(\eta')`, which, other than the mean,
says little of durations beyond the last edge.

**Records still open when their own follow-up ended.** Follow-up is counted by bins as durations are: what is known of
a record is whether it finished in one of the bins that were over by the end of its follow-up, and if so in which. One
that did not, whose follow-up ended in bin b, has the probability :math:`1 - \Phi(z_{b-1})` of lasting beyond the
beginning of that bin, whatever it did within it. That is exact where follow-up does not depend on the duration; what
a record did in the bin in which its follow-up ended is not used, since records that did not finish there by then say
nothing that bins can hold. Had those that did been counted as finished, bins would hold too many short durations:
the life table's old difficulty, for which its half a bin of exposure is a guess.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log
from typing import Any

import numpy as np
from scipy.special import gammaln, log_ndtr, ndtr

from primum.errors import SpecError
from primum.model.bins import Bins, at_risk, median_of
from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.tails import (
    END,
    LOG_PEAK,
    PEAK,
    SQRT_HALF,
    log_between,
    log_between_of,
    log_tail,
    part_between,
)
from primum.spec.families import FamilyName

_NOTHING = -1e300
_LEAST = 1e-12
# (1 + 2 x) exp(x^2) erfc(x) is a polynomial in (x - 3.75) / (x + 3.75) to rounding, for any x from 0 on
# (Shepherd and Laframboise, 1981); with it a tail costs the exponential that the density at its edge needs anyway
_MIDDLE = 3.75
_TAIL = (
    -2.7293921314235865e-09, -1.9527882767302858e-09, 3.2564981104796906e-08, 1.877849198527279e-08,
    -2.499653602394019e-07, -5.0816892839617925e-08, 1.743857718006322e-06, -9.792975508939216e-07,
    -1.1439615243921874e-05, 2.238759274056903e-05, 5.1647371231658466e-05, -0.00029015536564612357,
    0.00029371408777419193, 0.0017556261692294765, -0.009746579620815399, 0.028362277371369756,
    -0.058693398584491824, 0.09230432116435619, -0.10880393014193915, 0.08227673848999159,
    0.003585415485466307, -0.14024059858554522, 1.2375126308378275,
)  # fmt: skip
_ROUNDS = 30


class Binned:
    """Counts of records in bins of their duration; `sigma` is the SD of log durations."""

    name: FamilyName = "binned"
    link = "log"
    noise = True
    scaled = False  # many records tell sigma, and working weights are right at the value that they tell

    def standard(self, cells: Cells) -> Standard:
        """Centre on the product-limit median of all records in unexposed cells.

        Raises
        ------
        SpecError
            If fewer than half of them were seen to finish.
        """
        bins = _bins(cells)
        pooled, still = (each[cells.unexposed].sum(axis=0) for each in (bins.filled, bins.open))
        median = float(median_of(pooled, bins.edges, still))
        if np.isnan(median):
            problem = (
                "fewer than half of the records without exposure were followed until they finished, so there is no "
                "median to compare; leave out periods whose records could not be followed long enough"
            )
            raise SpecError("durations counted in bins", [problem])
        return Standard(float(np.log(median)), 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Most likely eta of each cell, with a record more that is like all of them, and its information.

        A cell is a life table: of the records at risk in a bin, a binomial number finish there.
        """
        bins = _bins(cells)
        own = [np.where(cells.observed[..., None], each, 0.0) for each in (bins.filled, bins.open)]
        everyone = own[0].sum() + own[1].sum()
        counts, still = (each + each.sum(axis=(0, 1)) / everyone for each in own)
        finished, risk, risk_own = (each[..., :-1] for each in (counts, at_risk(counts, still), at_risk(*own)))
        edges, eta, sigma = np.log(bins.edges) - standard.centre, np.zeros(cells.observed.shape), 1.0
        for _ in range(_ROUNDS):  # Fisher scoring, every cell and sigma by turns
            stay, slope, slope_sigma = _staying(eta, sigma, edges)
            gap, known = risk - finished / (1 - stay), risk * stay / (1 - stay)
            eta = eta + np.clip((slope * gap).sum(axis=-1) / (slope**2 * known).sum(axis=-1), -1, 1)
            along, across = (slope_sigma * gap).sum() * sigma, (slope_sigma**2 * known).sum() * sigma**2
            sigma *= float(np.exp(np.clip(along / across, -0.5, 0.5)))
        stay, slope, _ = _staying(eta, sigma, edges)
        return eta, (slope**2 * risk_own * stay / (1 - stay)).sum(axis=-1)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> None:
        """Medians of many records."""

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """Many records tell sigma, and weights are right at the value that they tell."""
        return np.zeros(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """What the density needs, four rows a bin.

        Counts and marks of hidden bins, a row a bin; what these hold together, and logarithms of edges from the centre,
        of which there is one less than bins; and open records by the bin in which their follow-up ended, 0 in the
        first, where they say nothing.
        """
        bins = _bins(cells)
        edges = np.log(bins.edges) - standard.centre
        still = np.where(np.arange(edges.size + 1) > 0, bins.open, 0.0)
        return np.concatenate([rows_of(bins, edges), np.moveaxis(still, -1, 0)])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to multinomial coefficients."""
        import pytensor.tensor as pt

        parts = pt.as_tensor(fields).reshape((4, -1, fields.shape[1], fields.shape[2]))
        counts, hidden, others, still = parts[0], parts[1], parts[2], parts[3]
        z = (others[1:] - eta) / pt.abs(sigma)
        beyond = log_tail(z)
        each = pt.concatenate([log_tail(-z[:1]), log_between_of(z[:-1], z[1:]), beyond[-1:]])
        return log_counts(counts, hidden, others[0], each) + (still[1:] * beyond).sum(axis=0)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        bins, cells, scale = fields.shape[0] // 4, eta.size, abs(sigma)
        z, tail, peak = np.full((bins + 1, cells), END), np.zeros((bins + 1, cells)), np.zeros((bins + 1, cells))
        z[0] = -END
        far, series = np.empty(cells), np.empty(cells)
        largest, total, pull_hidden, widen_hidden = (
            np.full(cells, _NOTHING), np.zeros(cells), np.zeros(cells), np.zeros(cells)
        )  # fmt: skip
        for edge in range(1, bins):  # loop by loop, as some can do several cells at once
            for j in range(cells):
                z[edge, j] = (fields[2 * bins + edge, j] - eta[j]) / scale
            for j in range(cells):
                peak[edge, j] = exp(-0.5 * z[edge, j] ** 2)
            for j in range(cells):
                x = abs(z[edge, j]) * SQRT_HALF
                far[j], series[j] = (x - _MIDDLE) / (x + _MIDDLE), 0.0
            for coefficient in _TAIL:
                for j in range(cells):
                    series[j] = series[j] * far[j] + coefficient
            for j in range(cells):
                tail[edge, j] = 0.5 * peak[edge, j] * series[j] / (1.0 + 2.0 * SQRT_HALF * abs(z[edge, j]))
                peak[edge, j] *= PEAK
        density, in_scale = 0.0, 0.0
        slope[:] = 0.0
        for b in range(bins):
            for j in range(cells):
                count, hidden, still = fields[b, j], fields[bins + b, j] > 0, fields[3 * bins + b, j]
                low, high = z[b, j], z[b + 1, j]
                if count > 0 or hidden:
                    chance, before, after = part_between(
                        low, high, tail[b, j], tail[b + 1, j], peak[b, j], peak[b + 1, j]
                    )
                    along, across = before - after, low * before - high * after
                    density += count * chance
                    slope[j] += count * along
                    in_scale += count * across
                    if hidden:
                        ratio = exp(-abs(chance - largest[j]))
                        old, new = (ratio, 1.0) if chance > largest[j] else (1.0, ratio)
                        largest[j], total[j] = max(chance, largest[j]), old * total[j] + new
                        pull_hidden[j] = old * pull_hidden[j] + new * along
                        widen_hidden[j] = old * widen_hidden[j] + new * across
                if still > 0:
                    chance, before, after = part_between(low, END, tail[b, j], 0.0, peak[b, j], 0.0)
                    density += still * chance
                    slope[j] += still * before
                    in_scale += still * low * before
        for j in range(cells):
            rest = fields[2 * bins, j]
            if rest > 0:
                density += rest * (largest[j] + log(total[j]))
                slope[j] += rest * pull_hidden[j] / total[j]
                in_scale += rest * widen_hidden[j] / total[j]
            slope[j] /= scale
        return density, in_scale / sigma

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Median duration."""
        return np.asarray(np.exp(standard.centre + eta))

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Medians of replicated records, counted in the same bins and followed as the observed ones were."""
        bins, (units, periods) = _bins(cells), cells.observed.shape
        sigmas = np.broadcast_to(sigma, (*eta.shape[:-2], 1, 1)).reshape(-1)
        medians = np.empty((sigmas.size, units, periods))
        rows = zip(eta.reshape(-1, units, periods), sigmas, medians, strict=True)
        for one, scale, found in rows:  # one draw's panel at a time, as each has as many numbers as bins
            counts, still = self.records(rng, one, scale, cells, standard)
            found[:] = median_of(counts, bins.edges, still)
        return medians.reshape(eta.shape)

    def records(
        self, rng: np.random.Generator, eta: Array, sigma: float, cells: Cells, standard: Standard
    ) -> tuple[Array, Array]:
        """Replicated records of a panel by bin: those that finished, and open ones; shape (unit, time, bin) each.

        Where some were open, each is followed no longer than observed ones were: a life table, in which follow-up
        ends for some as a bin begins, and others finish within it.
        """
        bins, left = _bins(cells), _bins(cells).size.astype(np.int64)
        edges = np.log(bins.edges) - standard.centre
        if not bins.open.any():
            upto = ndtr((edges - eta[..., None]) / sigma)
            inside = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
            return rng.multinomial(left, inside / inside.sum(axis=-1, keepdims=True)).astype(float), bins.open
        there = at_risk(bins.filled, bins.open) + bins.open
        ending = np.divide(bins.open, there, out=np.zeros_like(there), where=there > 0)
        stay, _, _ = _staying(eta, sigma, edges)
        counts, still = np.zeros(there.shape), np.zeros(there.shape)
        for b in range(edges.size + 1):
            still[..., b] = rng.binomial(left, ending[..., b])
            left = left - still[..., b].astype(np.int64)
            counts[..., b] = rng.binomial(left, 1 - stay[..., b]) if b < edges.size else left
            left = left - counts[..., b].astype(np.int64)
        return counts, still

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Multinomial log probability of finished records; of open ones, that of lasting to where their bin begins."""
        bins = _bins(cells)
        edges = [-np.inf, *(np.log(bins.edges) - standard.centre), np.inf]
        density, together = np.zeros(eta.shape) + log_ways(bins), np.full(eta.shape, -np.inf)
        for b, (low, high) in enumerate(pairwise(edges)):
            each = log_between((low - eta) / sigma, (high - eta) / sigma)
            density += bins.counts[..., b] * each + bins.open[..., b] * log_ndtr((eta - low) / sigma)
            together = np.logaddexp(together, np.where(bins.hidden[..., b], each, -np.inf))
        density += bins.rest * np.where(bins.rest > 0, together, 0.0)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed product-limit medians; NaN also where fewer than half of a cell's records were seen to finish."""
        return np.where(cells.observed, cells.value, np.nan)


def rows_of(bins: Bins, edges: Array) -> Array:
    """Counts, marks of hidden bins that hold something, and what these hold with edges; shape (3 bin, unit, time)."""
    hidden = bins.hidden & (bins.rest > 0)[..., None]
    rows = [bins.counts, hidden, bins.rest[..., None], np.broadcast_to(edges, (*bins.rest.shape, edges.size))]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(rows, axis=-1), -1, 0), dtype=float)


def log_counts(counts: Any, hidden: Any, rest: Any, each: Any) -> Any:
    """Log density of counts as a PyTensor expression, given logarithms of bins' probabilities (bin first)."""
    import pytensor.tensor as pt

    some = pt.where(hidden > 0, each, np.float64(_NOTHING))
    largest = some.max(axis=0)
    together = largest + pt.log(pt.exp(some - largest).sum(axis=0))
    return (counts * each).sum(axis=0) + rest * together


def log_ways(bins: Bins) -> Array:
    """Logarithm of the multinomial coefficient of records that finished; shape (unit, time)."""
    finished = bins.counts.sum(axis=-1) + bins.rest
    return np.asarray(gammaln(finished + 1) - gammaln(bins.counts + 1).sum(axis=-1) - gammaln(bins.rest + 1))


def _bins(cells: Cells) -> Bins:
    assert cells.bins is not None
    return cells.bins


def _staying(eta: Array, sigma: float, edges: Array) -> tuple[Array, Array, Array]:
    """Chances of lasting beyond a bin once in it, and their logarithms' slopes in eta and sigma; last dim bin - 1."""
    z = (edges - eta[..., None]) / sigma
    beyond = log_ndtr(-z)
    hazard = np.exp(LOG_PEAK - 0.5 * z**2 - beyond) / sigma
    steps = (np.diff(each, axis=-1, prepend=0.0) for each in (beyond, hazard, z * hazard))
    stay, slope, slope_sigma = steps
    return np.clip(np.exp(stay), _LEAST, 1 - _LEAST), slope, slope_sigma
