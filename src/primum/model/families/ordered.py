r"""Records in ordered categories: a cumulative logit (McCullagh, 1980), measured from the boundary that matters.

A cell's records lie in categories :math:`k = 0, \dots, K - 1`, multinomially, with

.. math::
    P(\text{category} \le k) = \mathrm{expit}(u_k), \quad u_k = \sigma c_k - (\mathrm{centre} + \eta),

and :math:`c_k = 0` at the boundary that the effect is about. So :math:`\mathrm{centre} + \eta` is the log odds of a
record's being above that boundary, whatever :math:`\sigma`: the expected value is that share, and an effect on it is
one odds ratio at every boundary (proportional odds). How far the other boundaries lie from this one in the records
without exposure is estimated once, each cell having a linear predictor of its own, since boundaries of pooled records
lie closer together the more areas differ. These :math:`c_k` are data; :math:`\sigma`, near 1, moves them all apart or
together and is learned, so that with three categories nothing is fixed.

With :math:`u` and :math:`l` the ends of a category, and :math:`n_k` its records,

.. math::
    \mathrm{expit}(u) - \mathrm{expit}(l) = \mathrm{expit}(u)\,\mathrm{expit}(-l)\,(1 - e^{l - u}),

whose last factor has no :math:`\eta` in it. Hence a cell's log density is that of a binomial count at every boundary,
:math:`n_k` of :math:`n_k + n_{k+1}` with log odds :math:`u_k`, and a sum over categories that all cells share. Nothing
cancels, and it costs as much as K - 1 binomial counts.
"""

from __future__ import annotations

from math import exp, expm1, log
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, logit

from primum.errors import SpecError
from primum.model.bins import Bins
from primum.model.cells import Array, Cells
from primum.model.families.binned import log_counts, log_ways, rows_of
from primum.model.families.binomial import Binomial
from primum.model.families.family import Standard
from primum.spec.families import FamilyName

MIN_RECORDS = 20  # in each category, without exposure
_NOTHING = -1e300
_ROUNDS, _HALVINGS, _LONGEST = 40, 30, 2.0
_SETTLED = 1e-10


class Ordered(Binomial):
    """Counts of records in ordered categories; `sigma` is how far apart boundaries lie beside the fixed ones."""

    name: FamilyName = "ordered"
    link = "cumulative logit"
    noise = True

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Most likely eta of each cell, with a record more that is like all of them, and its information."""
        bins, cuts = _bins(cells), boundaries_of(cells)
        counts = np.where(cells.observed[..., None], bins.filled, 0.0)
        logits = likeliest(counts + counts.sum(axis=(0, 1)) / counts.sum(), cuts, bins.above)
        _, known = _at_boundaries(counts, cuts - logits[..., None])
        return logits - standard.centre, known.sum(axis=-1)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> None:  # type: ignore[override]
        """The most likely predictor of each cell, which has a record more, is far from none already."""

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Counts and marks of hidden categories, a row each; what these hold together; boundaries.

        Three rows a category, since there is a boundary less.
        """
        return rows_of(_bins(cells), boundaries_of(cells))

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to multinomial coefficients."""
        import pytensor.tensor as pt

        parts = pt.as_tensor(fields).reshape((3, -1, fields.shape[1], fields.shape[2]))
        counts, hidden, others = parts[0], parts[1], parts[2]
        cuts = pt.abs(sigma) * others[1:]
        u = cuts - (standard[0] + eta)
        below, above = -pt.softplus(-u), -pt.softplus(u)
        between = below[1:] + above[:-1] + pt.log(-pt.expm1(cuts[:-1] - cuts[1:]))
        return log_counts(counts, hidden, others[0], pt.concatenate([below[:1], between, above[-1:]]))

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        kinds, cells, scale = fields.shape[0] // 3, eta.size, abs(sigma)
        density, in_scale = 0.0, 0.0
        slope[:] = 0.0
        for k in range(1, kinds):  # the boundary below category k, the same in every cell
            cut = fields[2 * kinds + k, 0]
            for j in range(cells):
                logits = scale * cut - standard[0] - eta[j]
                tail, both = exp(-abs(logits)), fields[k - 1, j] + fields[k, j]
                share = (1.0 if logits >= 0 else tail) / (1.0 + tail)
                pull = fields[k - 1, j] - both * share
                density += fields[k - 1, j] * logits - both * (max(logits, 0.0) + log(1.0 + tail))
                slope[j] -= pull
                in_scale += cut * pull
        for k in range(1, kinds - 1):
            width, count = fields[2 * kinds + k + 1, 0] - fields[2 * kinds + k, 0], 0.0
            for j in range(cells):
                count += fields[k, j]
            density += count * log(-expm1(-scale * width))
            in_scale += count * width / expm1(scale * width)
        for j in range(cells):
            rest = fields[2 * kinds, j]
            if rest == 0:
                continue
            largest, total, pull, widen = _NOTHING, 0.0, 0.0, 0.0
            for k in range(kinds):
                if fields[kinds + k, j] == 0:
                    continue
                chance, along, across = 0.0, 0.0, 0.0
                if k > 0:
                    cut = fields[2 * kinds + k, j]
                    logits = scale * cut - standard[0] - eta[j]
                    tail = exp(-abs(logits))
                    share = (1.0 if logits >= 0 else tail) / (1.0 + tail)
                    chance -= max(logits, 0.0) + log(1.0 + tail)
                    along += share
                    across -= cut * share
                if k < kinds - 1:
                    cut = fields[2 * kinds + k + 1, j]
                    logits = scale * cut - standard[0] - eta[j]
                    tail = exp(-abs(logits))
                    others = (tail if logits >= 0 else 1.0) / (1.0 + tail)
                    chance -= max(-logits, 0.0) + log(1.0 + tail)
                    along -= others
                    across += cut * others
                if 0 < k < kinds - 1:
                    width = fields[2 * kinds + k + 1, j] - fields[2 * kinds + k, j]
                    chance += log(-expm1(-scale * width))
                    across += width / expm1(scale * width)
                ratio = exp(-abs(chance - largest))
                old, new = (ratio, 1.0) if chance > largest else (1.0, ratio)
                largest, total = max(chance, largest), old * total + new
                pull, widen = old * pull + new * along, old * widen + new * across
            density += rest * (largest + log(total))
            slope[j] += rest * pull / total
            in_scale += rest * widen / total
        return density, in_scale if sigma > 0 else -in_scale

    def records(
        self, rng: np.random.Generator, eta: Array, sigma: float, cells: Cells, standard: Standard
    ) -> tuple[Array, Array]:
        """Replicated records of a panel by category, and none that are open; shape (unit, time, category) each."""
        bins = _bins(cells)
        upto = expit(sigma * boundaries_of(cells) - (standard.centre + eta)[..., None])
        inside = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
        return rng.multinomial(bins.size.astype(np.int64), inside).astype(float), bins.open

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Multinomial log probability."""
        bins, cuts = _bins(cells), boundaries_of(cells)
        density, together = np.zeros(eta.shape) + log_ways(bins), np.full(eta.shape, -np.inf)
        for k in range(cuts.size + 1):
            each = np.zeros(eta.shape)
            if k > 0:
                each = each + log_expit(standard.centre + eta - sigma * cuts[k - 1])
            if k < cuts.size:
                each = each + log_expit(sigma * cuts[k] - standard.centre - eta)
            if 0 < k < cuts.size:
                each = each + np.log(-np.expm1(sigma * (cuts[k - 1] - cuts[k])))
            density += bins.counts[..., k] * each
            together = np.logaddexp(together, np.where(bins.hidden[..., k], each, -np.inf))
        density += bins.rest * np.where(bins.rest > 0, together, 0.0)
        return np.where(cells.observed, density, np.nan)


def boundaries_of(cells: Cells) -> Array:
    """How far boundaries of categories lie from the one that the effect is about, in log odds; shape (category - 1,).

    Most likely values in the cells without exposure, each with a linear predictor of its own and a record more that is
    like all of them. By Newton's method: the density is concave (Pratt, 1981), and the cells' predictors are
    eliminated, which costs no more than there are cells.

    Raises
    ------
    SpecError
        If a category has too few records to say where its boundaries are.
    """
    bins = _bins(cells)
    counts = bins.filled[cells.unexposed]
    pooled = counts.sum(axis=0)
    few = [f"the {k + 1}. has {pooled[k]:g}" for k in np.flatnonzero(pooled < MIN_RECORDS)]
    if few:
        problem = (
            f"every category needs {MIN_RECORDS} records without exposure, in all areas and periods together, to say "
            f"where it begins and ends; of {pooled.size} {', '.join(few)}; add it to its neighbour in the table"
        )
        raise SpecError("ordered categories", [problem])
    counts = counts + pooled / pooled.sum()
    at = bins.above - 1
    upto = logit(pooled.cumsum()[:-1] / pooled.sum())
    cuts, logits = upto - upto[at], logit(counts[:, bins.above :].sum(axis=-1) / counts.sum(axis=-1))
    free = np.arange(cuts.size) != at
    for _ in range(_ROUNDS):
        step, along = _newton(counts, cuts, logits, free)
        size = 1.0
        for _ in range(_HALVINGS):
            moved, others = cuts + size * step, logits + size * along
            if (np.diff(moved) > 0).all() and _log_density(counts, moved, others) >= _log_density(counts, cuts, logits):
                break
            size /= 2
        else:
            break
        cuts, logits = moved, others
        if np.abs(step).max() < _SETTLED:
            break
    return np.asarray(cuts)


def likeliest(counts: Array, cuts: Array, above: int) -> Array:
    """Most likely log odds of cells' records above a boundary, given where all boundaries lie; shape (...).

    Parameters
    ----------
    counts
        Records, some on either side of the boundary; shape (..., category).
    cuts
        Boundaries, as `boundaries_of` gives them.
    above
        How many categories lie at or below the boundary that the effect is about.

    Examples
    --------
    >>> likeliest(np.array([[10.0, 20.0, 10.0]]), np.array([0.0, np.log(9)]), 1).round(3)
    array([1.099])
    """
    logits = logit(counts[..., above:].sum(axis=-1) / counts.sum(axis=-1))
    for _ in range(_ROUNDS):  # Newton's method: the density is concave
        gap, known = _at_boundaries(counts, cuts - logits[..., None])
        logits = logits - np.clip(gap.sum(axis=-1) / known.sum(axis=-1), -1, 1)
    return np.asarray(logits)


def _newton(counts: Array, cuts: Array, logits: Array, free: Array) -> tuple[Array, Array]:
    """Newton's steps of boundaries and of cells' log odds; shape (category - 1,) and (cell,)."""
    gap, known = _at_boundaries(counts, cuts - logits[:, None])
    widths, inner = np.diff(cuts), counts.sum(axis=0)[1:-1]
    pull, bend = inner / np.expm1(widths), inner / (4 * np.sinh(widths / 2) ** 2)
    score = gap.sum(axis=0) + np.append(0.0, pull) - np.append(pull, 0.0)
    curved = np.diag(known.sum(axis=0) + np.append(0.0, bend) + np.append(bend, 0.0))
    curved -= np.diag(bend, 1) + np.diag(bend, -1)
    own = known.sum(axis=1)
    share = known / own[:, None]
    score, curved = score - share.T @ gap.sum(axis=1), curved - share.T @ known
    step = np.zeros(cuts.size)
    step[free] = np.linalg.solve(curved[np.ix_(free, free)], score[free])
    along = (known @ step - gap.sum(axis=1)) / own
    return step, np.clip(along, -_LONGEST, _LONGEST)


def _log_density(counts: Array, cuts: Array, logits: Array) -> float:
    u = cuts - logits[:, None]
    below, both = counts[:, :-1], counts[:, :-1] + counts[:, 1:]
    widths = np.log(-np.expm1(-np.diff(cuts)))
    return float((below * u + both * log_expit(-u)).sum() + counts.sum(axis=0)[1:-1] @ widths)


def _at_boundaries(counts: Array, u: Array) -> tuple[Array, Array]:
    """Slopes in log odds of the binomial counts at boundaries, and what they know of them; last dim category - 1."""
    both, share = counts[..., :-1] + counts[..., 1:], expit(u)
    return counts[..., :-1] - both * share, both * share * (1 - share)


def _bins(cells: Cells) -> Bins:
    assert cells.bins is not None
    return cells.bins
