r"""Several outcomes jointly: correlated levels, paths and effects.

For outcome o, unit i and component k of its path (`primum.model.build`), let :math:`e^{(o)}_{ik} = c^{(o)}_{ik} /
\sqrt{v^{(o)}_k}` be its component in SDs, and :math:`\zeta^{(o)}_i` its effect in SDs from the average one. By
themselves all are standard normal and independent. Jointly, over outcomes,

.. math::
    \mathrm{corr}(e_{i0}) = R_{level}, \quad \mathrm{corr}(e_{ik}) = R_{path} \ (k \ge 1), \quad
    \mathrm{corr}(\zeta_i) = R_{effect}, \quad R = L L' \sim \mathrm{LKJ}(\eta)

(Lewandowski, Kurowicka and Joe, 2009); units and components stay independent, and each outcome by itself has the
model that it has apart. :math:`R_{path}` is common to drift and shock, which component by component cannot be told
apart but by their size.

**A chain of single outcomes.** With independent standard normal innovations :math:`\epsilon`, :math:`e^{(o)} =
\sum_{j \le o} L_{oj} \epsilon^{(j)}`. Given the outcomes before it, an outcome's component therefore has

.. math::
    c^{(o)}_{ik} \sim N\Big(\sqrt{v^{(o)}_k} \sum_{j < o} L_{oj} \epsilon^{(j)}_{ik}, \ L_{oo}^2 v^{(o)}_k\Big), \quad
    \epsilon^{(o)}_{ik} = \frac{c^{(o)}_{ik} - E\,c^{(o)}_{ik}}{L_{oo} \sqrt{v^{(o)}_k}}

and its effects likewise, and so are the departures :math:`a_j` of log weights that pilots have in common
(`primum.model.weights`), with :math:`\mathrm{corr}(a_j) = R_{weight}`: weights are partially pooled over outcomes. What
a comparator's path in one outcome says of its drift there it says as if that outcome were apart. So an outcome has the
model of one outcome with its location moved and less variance, sampled through the same transport. The joint density
is the product of these, and exact. A posterior does not depend on the order; the sampler's geometry does, since an
outcome's transport does not know of those after it. Outcomes come in the order of how much their own data say of
their paths.

**Signs.** A scale that is sampled with its sign and may touch 0 has a root of its variance with that sign, so that the
density is smooth there. Its mirror image turns an outcome's correlations over, which the LKJ prior does not tell
apart; what is reported has the signs of positive roots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.model.build import Found, Given, add_outcome, coords_of
from primum.model.cells import Cells, cells_of
from primum.model.data import reference_of
from primum.model.families import Family, family_of
from primum.model.working import working_of
from primum.panel import Panel
from primum.spec import Outcome, Priors, Spec

if TYPE_CHECKING:
    import pymc as pm

KINDS = ("level", "path", "effect", "weight")


@dataclass(frozen=True)
class Part:
    """One of the outcomes that are fitted jointly."""

    outcome: Outcome
    family: Family
    cells: Cells
    priors: Priors

    @property
    def name(self) -> str:
        """The outcome's name."""
        return self.outcome.name

    @property
    def certainty(self) -> float:
        """Roughly the share of the comparators' paths that their own cells tell."""
        work, others = working_of(self.cells, self.family), self.cells.comparators
        scales = reference_of(work, self.cells, self.family, self.priors)
        known = scales.variances(self.cells.basis) * work.mean_weight[others, None] / scales.sigma**2
        return float((known / (1 + known)).mean())


def kinds_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """Of what outcomes have correlations: of weights only where pilots share departures of theirs in every outcome."""
    weightings = [part.cells.weighting for part in parts]
    return KINDS if all(each is not None and each.scale * each.shared > 0 for each in weightings) else KINDS[:-1]


def parts_of(spec: Spec, panel: Panel) -> tuple[Part, ...]:
    """An evaluation's outcomes in the order in which they are joined: from the one that cells say most of on.

    Shocks of outcomes are correlated as part of their paths, so that none are apart from them.
    """
    parts = [
        Part(each, family_of(each.family), replace(cells_of(panel.dataset, each), mixed=False), each.all_priors())
        for each in spec.outcomes
    ]
    return tuple(sorted(parts, key=lambda part: -part.certainty))


def build_joint(spec: Spec, panel: Panel) -> pm.Model:
    """PyMC model of all outcomes jointly.

    Parameters
    ----------
    spec, panel
        The evaluation, with ``joint = true``.

    Returns
    -------
    pymc.Model
        Variables of an outcome are those of `primum.build`, after its name, as in ``kinship::tau``. Correlations are
        correlation_level, correlation_path, correlation_effect and, where outcomes have comparator weights,
        correlation_weight, in the order of coordinate ``outcome``.

    Examples
    --------
    >>> import primum as pr
    >>> simulation = pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> model = build_joint(pr.demo_spec().change({"joint": True}), simulation.panel)
    >>> sorted(model.coords["outcome"])
    ['assessment', 'escalation', 'kinship', 'rereferral']
    """
    return joint_model(parts_of(spec, panel), spec.lkj, np.asarray(panel.dataset["unit"]))


def joint_model(parts: Sequence[Part], prior: float, units: Any) -> pm.Model:
    """PyMC model of outcomes in the order given; see `build_joint`."""
    import pymc as pm
    import pytensor.tensor as pt

    names = [part.name for part in parts]
    with pm.Model(coords={**coords_of(parts[0].cells, units), "outcome": names, "other": names}) as model:
        kinds = kinds_of(parts)
        roots = [_root(kind, len(parts), prior) for kind in kinds]
        found: list[Found] = []
        for row, part in enumerate(parts):
            given = _given(roots, row, found, part.cells)
            with pm.Model(name=part.name):
                found.append(add_outcome(part.cells, part.family, part.priors, given))
        for kind, root, place in zip(kinds, roots, (0, 1, None, None), strict=False):
            signs = [pt.as_tensor(1.0) if place is None else each.sign[place] for each in found]
            turned = pt.stack(signs)[:, None] * root
            pm.Deterministic(f"correlation_{kind}", turned @ turned.T, dims=("outcome", "other"))
    return model


def _root(kind: str, count: int, prior: float) -> Any:
    """Cholesky factor of a correlation matrix, from partial correlations' inverse hyperbolic tangents."""
    import pymc as pm
    import pytensor.tensor as pt

    rows, columns = np.tril_indices(count, -1)
    z = pm.Flat(f"z_{kind}", shape=rows.size)
    power = 2 * prior + count - 2 - columns
    pm.Potential(f"{kind}_density", -(power * (pt.softplus(2 * z) - z - np.log(2))).sum())  # of log cosh z
    partial = pt.set_subtensor(pt.eye(count)[rows, columns], pt.tanh(z))
    beyond = pt.set_subtensor(pt.ones((count, count))[rows, columns], 1 / pt.cosh(z))
    rest = pt.concatenate([pt.ones((count, 1)), pt.cumprod(beyond, axis=1)[:, :-1]], axis=1)
    return partial * rest


def _given(roots: Sequence[Any], row: int, found: Sequence[Found], cells: Cells) -> Given:
    """What the outcomes before say of one."""
    import pytensor.tensor as pt

    level, path, effect = (root[row] for root in roots[:3])
    weight = (roots[3] if len(roots) > 3 else pt.eye(row + 1))[row]  # each by itself where they are not pooled
    units, periods = cells.value.shape
    by_component = pt.concatenate([level[None, :], pt.repeat(path[None, :], periods - 1, axis=0)])
    known, effects = pt.zeros((periods, units)), pt.zeros(cells.pilots.size)
    donors = pt.zeros(0 if cells.weighting is None else cells.comparators.size)
    for place, each in enumerate(found):
        known += by_component[:, place, None] * each.innovations
        effects += effect[place] * each.effects
        donors += weight[place] * each.donors
    return Given(known, effects, donors, by_component[:, row], effect[row], weight[row])
