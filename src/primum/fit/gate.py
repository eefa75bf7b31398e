r"""The gate: whether a posterior was explored well enough for its numbers to be used.

Named quantities (hyperparameters, effects, and whatever else is reported) must each have
R-hat <= 1.01 and bulk and tail ESS >= 400 (Vehtari, Gelman, Simpson, Carpenter and Buerkner,
2021). The thousands of latent predictors, one a cell, are judged together: among so many, some
R-hat passes 1.01 by chance alone.

**Threshold for K latents.** With m split chains of n draws each, R-hat squared is
(n - 1)/n + B/(nW). If the chains agree and each holds e effective draws, B/(nW) is the sample
variance of m chain means, whose own variance is 1/e in units of W, so that approximately

.. math:: \hat R^2 \approx 1 + \frac{1}{e}\,\frac{\chi^2_{m-1}}{m-1}.

All K latents, each judged by two R-hats (of values and of folded values), stay below the quantile
at 1 - a/(2K) with probability at least 1 - a (Bonferroni). The gate takes a = 0.01 and e = 400/m,
the least effective draws it accepts, so the threshold is what honest noise can reach and no more:

.. math:: \hat R_{max} = \sqrt{1 + \frac{m}{400}\,\frac{\chi^2_{m-1}(1 - a/2K)}{m-1}}.

Latents must have bulk ESS >= 400 as well. That bites where the threshold on R-hat is lenient:
chains that disagree have few effective draws.

**Quantities with few values**, such as the share of pilots that are harmed, are judged like any other: tied draws
share a rank, and a quantile that all draws are on one side of has no error, so its effective draws are all draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from scipy.special import chdtri

from primum.fit import chains
from primum.fit.chains import Array, ess_bulk, ess_tail, ess_together, rhat
from primum.model.layout import LATENTS

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["PASS", "REVIEW", "FAIL"]

MAX_RHAT = 1.01
MIN_ESS = 400.0
MIN_BFMI = 0.3
FAIL_RHAT = 1.05
FAIL_ESS = 100.0
FAIL_DIVERGENT_SHARE = 0.001
FALSE_ALARM = 0.01
IMPUTATION = "imputation"
_ORDER: dict[Verdict, int] = {"PASS": 0, "REVIEW": 1, "FAIL": 2}


@dataclass(frozen=True)
class Finding:
    """One criterion that was not met.

    Attributes
    ----------
    verdict
        "REVIEW" where the numbers can be read with care, "FAIL" where they cannot be used.
    reason
        What was found.
    advice
        What to do.
    """

    verdict: Verdict
    reason: str
    advice: str


@dataclass(frozen=True)
class Gate:
    """Verdict on a posterior.

    Attributes
    ----------
    findings
        Criteria that were not met; none for a PASS.
    max_rhat, min_ess
        Largest R-hat, and smallest bulk or tail ESS, over the named quantities.
    """

    findings: tuple[Finding, ...]
    max_rhat: float
    min_ess: float

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return max((finding.verdict for finding in self.findings), key=_ORDER.__getitem__, default="PASS")

    @property
    def reasons(self) -> list[str]:
        """Findings as sentences, with what to do."""
        return [f"{finding.reason}; {finding.advice}" for finding in self.findings]

    def __and__(self, other: Gate) -> Gate:
        """The verdict on both together."""
        findings = tuple(dict.fromkeys([*self.findings, *other.findings]))
        return Gate(findings, max(self.max_rhat, other.max_rhat), min(self.min_ess, other.min_ess))


def diagnose(draws: xr.Dataset) -> pd.DataFrame:
    """R-hat and ESS of every quantity.

    Parameters
    ----------
    draws
        Dims (chain, draw, ...); chains of several imputations have a coordinate ``imputation``.

    Returns
    -------
    pandas.DataFrame
        One row a quantity, named as in ``tau_unit[304]``; columns rhat, ess_bulk, ess_tail.
        Quantities that never vary have R-hat 1 and as many effective draws as there are draws;
        those that are not finite in every draw have no diagnostics (NaN). Each imputation is judged by
        itself: the largest R-hat, and effective draws as in `primum.fit.chains.ess_together`.
    """
    import pandas as pd

    if IMPUTATION in draws.coords:
        each = [diagnose(own) for own in apart(draws)]
        found = {name: np.stack([own[name] for own in each]) for name in each[0]}
        together = {name: own.max(axis=0) if name == "rhat" else ess_together(own) for name, own in found.items()}
        return pd.DataFrame(together, index=each[0].index)
    names = [name for variable in draws.data_vars for name in names_of(draws[variable])]
    values = stacked(draws)
    total = float(values.shape[1] * values.shape[2])
    constant = values.max(axis=(1, 2)) == values.min(axis=(1, 2))
    # ranks hide infinite draws
    finite = np.isfinite(values).all(axis=(1, 2))
    moving = finite & ~constant
    columns = {}
    for name, measure, fallback in (("rhat", rhat, 1.0), ("ess_bulk", ess_bulk, total), ("ess_tail", ess_tail, total)):
        columns[name] = np.where(finite, fallback, np.nan)
        columns[name][moving] = measure(values[moving])
    return pd.DataFrame(columns, index=pd.Index(names, name="quantity"))


def stacked(draws: xr.Dataset) -> Array:
    """All quantities of a dataset above each other; shape (quantity, chain, draw), or as `sampled` has it."""
    sample = 3 if IMPUTATION in draws.coords else 2
    arrays = [sampled(draws[name]) for name in draws.data_vars]
    flat = [np.moveaxis(array.reshape(*array.shape[:sample], -1), -1, 0) for array in arrays]
    return np.ascontiguousarray(np.concatenate(flat))  # sums do not depend on what else is there


def sampled(values: xr.DataArray) -> Array:
    """Draws as an array: shape (chain, draw, ...), or (imputation, chain, draw, ...) where there are several."""
    array = np.asarray(values.variable.transpose("chain", "draw", ...), dtype=float)
    if IMPUTATION not in values.coords:
        return array
    return array.reshape(len(np.unique(values[IMPUTATION])), -1, *array.shape[1:])


def evenly(draws: xr.Dataset, count: int) -> xr.Dataset:
    """So many draws of each chain, evenly spaced; what was sampled twice may have more than others."""
    whole = draws.sizes["draw"]
    if whole == count:
        return draws
    return draws.isel(draw=np.arange(count) * whole // count).assign_coords(draw=np.arange(count))


def mixed(draws: Mapping[Any, xr.Dataset]) -> xr.Dataset:
    """Draws of all imputations, their chains one after the other, with a coordinate that says whose each is.

    Parameters
    ----------
    draws
        By imputation; dims (chain, draw, ...), with as many chains each. All count alike, so that those with more draws
        than the others are thinned.
    """
    fewest = min(own.sizes["draw"] for own in draws.values())
    each = [evenly(own, fewest) for own in draws.values()]
    whose = np.repeat(list(draws), each[0].sizes["chain"])
    both = xr.concat(each, "chain", data_vars="minimal", coords="minimal", compat="equals", join="exact")
    return both.assign_coords({"chain": np.arange(whose.size), IMPUTATION: ("chain", whose)})


def apart(draws: xr.Dataset) -> list[xr.Dataset]:
    """What `mixed` put together, in the same order."""
    whose = draws[IMPUTATION].values
    return [draws.isel(chain=whose == name).drop_vars(IMPUTATION) for name in dict.fromkeys(whose.tolist())]


def gate_of(posterior: xr.Dataset, stats: xr.Dataset, min_ess: float = MIN_ESS) -> Gate:
    """Judge a fit of one outcome: its sampler, its named quantities and its latents.

    Parameters
    ----------
    posterior
        Draws, eta among them; dims (chain, draw, ...).
    stats
        What the sampler said; dims (chain, draw).
    min_ess
        Effective draws that each named quantity must have.
    """
    found = [judge_sampler(stats), judge(diagnose(without_latents(posterior)), min_ess)]
    return together([*found, *(judge_latents(posterior[name]) for name in LATENTS if name in posterior)])


def without_latents(posterior: xr.Dataset) -> xr.Dataset:
    """Draws of the named quantities alone."""
    return posterior.drop_vars([name for name in LATENTS if name in posterior])


def judge(table: pd.DataFrame, min_ess: float = MIN_ESS) -> Gate:
    """Judge named quantities from their diagnostics.

    Parameters
    ----------
    table
        From `diagnose`.
    min_ess
        Effective draws that each must have.
    """
    ess = table[["ess_bulk", "ess_tail"]].min(axis=1)
    findings = []
    worst = table["rhat"].fillna(np.inf)
    if (worst > MAX_RHAT).any():
        verdict: Verdict = "FAIL" if worst.max() > FAIL_RHAT else "REVIEW"
        reason = f"R-hat above {MAX_RHAT:g} for {_some(worst[worst > MAX_RHAT].sort_values(ascending=False), '.3f')}"
        findings.append(Finding(verdict, reason, "the chains have not met: run more tuning and more draws"))
    short = ess.fillna(0.0)
    if (short < min_ess).any():
        verdict = "FAIL" if short.min() < FAIL_ESS else "REVIEW"
        reason = f"fewer than {min_ess:g} effective draws for {_some(short[short < min_ess].sort_values(), '.0f')}"
        findings.append(Finding(verdict, reason, "run more draws"))
    return Gate(tuple(findings), float(worst.max()), float(short.min()))


def judge_latents(latents: xr.DataArray) -> Gate:
    """Judge the latent predictors together; see the module's docstring for the threshold.

    Parameters
    ----------
    latents
        Dims (chain, draw, ...).
    """
    values = np.asarray(latents).reshape(*latents.shape[:2], -1)
    if latents.name == "weight":  # pairs that have none, and fixed weights, never move
        values = values[..., np.ptp(values, axis=(0, 1)) > 0]
        if not values.size:
            return Gate((), 1.0, np.inf)
    count = values.shape[2]
    limit = rhat_limit(count, values.shape[0])
    # a latent without a diagnostic counts as the worst
    with np.errstate(divide="ignore", invalid="ignore"):
        found = chains.latents(values)
    worst, fewest = float(np.nan_to_num(found[0], nan=np.inf).max()), float(np.nan_to_num(found[1], nan=0.0).min())
    findings = []
    if worst > limit:
        reason = f"R-hat of {worst:.3f} among {count} latent predictors, above the {limit:.3f} that chance explains"
        findings.append(Finding("FAIL", reason, "the chains have not met: run more tuning and more draws"))
    if fewest < MIN_ESS:
        verdict: Verdict = "FAIL" if fewest < FAIL_ESS else "REVIEW"
        reason = f"{fewest:.0f} effective draws for a latent predictor, fewer than {MIN_ESS:g}"
        findings.append(Finding(verdict, reason, "run more draws"))
    return Gate(tuple(findings), 1.0, np.inf)


def rhat_limit(count: int, chain_count: int) -> float:
    """Largest R-hat that chance explains among so many latents; see the module's docstring.

    Examples
    --------
    >>> round(rhat_limit(1, 4), 3), round(rhat_limit(1500, 4), 3)
    (1.029, 1.053)
    """
    split = 2 * chain_count
    quantile = chdtri(split - 1, FALSE_ALARM / (2 * count))
    return float(np.sqrt(1 + split / MIN_ESS * quantile / (split - 1)))


def judge_sampler(stats: xr.Dataset) -> Gate:
    """Judge what the sampler said of itself.

    Parameters
    ----------
    stats
        Group `sample_stats`, dims (chain, draw), with variables diverging and energy.
    """
    findings = []
    diverging = np.asarray(stats["diverging"])
    if diverging.any():
        verdict: Verdict = "FAIL" if diverging.mean() > FAIL_DIVERGENT_SHARE else "REVIEW"
        reason = f"{int(diverging.sum())} divergent transitions in {diverging.size} draws"
        findings.append(Finding(verdict, reason, "raise sampler.target_accept, or tighten the priors"))
    energy = np.asarray(stats["energy"])
    # energy that never moves is as bad as it gets
    with np.errstate(invalid="ignore"):
        bfmi = np.nan_to_num((np.diff(energy, axis=1) ** 2).mean(axis=1) / energy.var(axis=1), nan=0.0)
    if (bfmi < MIN_BFMI).any():
        reason = f"E-BFMI of {bfmi.min():.2f}, below {MIN_BFMI:g}"
        findings.append(Finding("REVIEW", reason, "the tails may be explored slowly: run more draws"))
    return Gate(tuple(findings), 1.0, np.inf)


def worst_of(gates: Mapping[Any, Gate]) -> Gate:
    """The verdict on imputations, each judged by itself: that of the worst, which its findings name."""
    found = {name: gate for name, gate in gates.items() if gate.findings}
    all_of_them = together(gates.values())
    if not found:
        return all_of_them
    name, worst = max(found.items(), key=lambda item: (_ORDER[item[1].verdict], item[1].max_rhat))
    others = f" (the worst of {len(found)} that do not pass)" if len(found) > 1 else ""
    findings = [replace(each, reason=f"imputation {name}{others}: {each.reason}") for each in worst.findings]
    return replace(all_of_them, findings=tuple(findings))


def together(gates: Iterable[Gate]) -> Gate:
    """The verdict on all of them."""
    result = Gate((), 1.0, np.inf)
    for gate in gates:
        result = result & gate
    return result


def names_of(values: xr.DataArray) -> list[str]:
    """Names of a variable's quantities, as in ``tau_unit[304]``, in the order of its own dims."""
    dims = [dim for dim in values.dims if dim not in ("chain", "draw")]
    if not dims:
        return [str(values.name)]
    grids = np.meshgrid(*[np.asarray(values[dim]).astype(str) for dim in dims], indexing="ij")
    return [f"{values.name}[{', '.join(labels)}]" for labels in zip(*[grid.ravel() for grid in grids], strict=True)]


def _some(values: pd.Series, style: str) -> str:
    shown = ", ".join(f"{name} ({value:{style}})" for name, value in values.head(3).items())
    return shown if len(values) <= 3 else f"{shown} and {len(values) - 3} more"
