"""Whether a family finds again what was simulated from its own model.

    python benchmarks/recovery/run.py negative_binomial gamma --panels 20

Every panel has hyperparameters from the middle of the default priors (scales from 0.2 to 0.8 of the prior's,
the rest with half its SD), 60 areas (8 of them pilots, exposed from the sixth of ten periods, every other one
over a ramp), denominators that differ ninefold, and one cell in twenty empty. It is fitted by
`primum.refits`; FAMILY.csv beside this script gets a row a panel. About 95% of intervals should hold the
truth, and errors in posterior SDs should be 0 on average. A run that was stopped goes on where it was.
``normal:known`` and ``lognormal:known`` are those families with known standard errors; ``binomial:walk``,
``binomial:region`` and ``binomial:trends`` have a common path that is a random walk, paths by region (four) and
trends by unit, ``binomial:shocks`` has heavy-tailed shocks, ``binomial:persistence`` a drift that forgets three tenths
of itself a period, ``binomial:variances`` drifts and shocks that are larger in some areas than in others (and
``binomial:odd`` far larger in a few),
``binomial:sizes`` shocks that are in some periods, ``binomial:effects`` effects that move with the time since the start
and differ between two cohorts (``binomial:spread`` heavy-tailed ones, ``binomial:moderator`` ones that differ with what
is known of a pilot), ``binomial:weights`` pilots that follow comparators, and ``binomial:matched`` ones that follow a
quarter of these, each pilot its own, which base weights name; ``binomial:covariates`` has two covariates, one of which
goes with exposure; ``binned:open`` has records whose follow-up ends before
they do, in two fifths of the bins that they would lie in; ``ordered:50`` and
``ordered:500`` have so many records in every cell, in place of some 200, and boundaries are those that are drawn from.
``binomial:suppressed``, and three more such, have some 20 records in a cell, and of counts from 1 to 5 no more is
known; of means in ``normal:limits``, and three more such, that lie beyond either of two limits, no more than that.
Without arguments all are run, and what is there is shown.

    python benchmarks/recovery/run.py binomial:variances --panels 100 --mirrored

adds the same panels with all that is normal or t in them of the other sign (CASE_mirrored.csv): errors that are chance
nearly cancel in a pair, so that pairs tell a bias with less than half the Monte Carlo error.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtr, softmax

import primum as pr
from primum.effects.averages import over_cells
from primum.model import Cells
from primum.model.drift import drift_basis
from primum.model.families import Standard, family_of
from primum.spec import Outcome, Spec
from primum.spec.families import FACTS

HERE = Path(__file__).parent
OPTIONS = {
    "walk": {"common_path": "random walk"}, "region": {"path_by": "region"}, "trends": {"trends": "by unit"},
    "shocks": {"shocks": "heavy-tailed"}, "persistence": {"phi": 0.7}, "variances": {"variances": "by unit"},
    "odd": {"variances": "heavy-tailed"}, "weights": {"weights": {"base": "equal"}},
    "sizes": {"shock_sizes": "by period"},
    "effects": {"effect": {"over_time": "event time", "cohorts": "apart"}},
    "spread": {"effect": {"spread": "heavy-tailed"}}, "moderator": {"effect": {"moderators": ["rating"]}},
    "matched": {"weights": {"base": "panel"}}, "covariates": {"covariates": ["first", "second"]},
}  # fmt: skip
CASES = (
    *FACTS, "normal:known", "lognormal:known", *(f"binomial:{option}" for option in OPTIONS),
    "binned:open", "ordered:50", "ordered:500",
    *(f"{family}:suppressed" for family in ("binomial", "beta_binomial", "poisson", "negative_binomial")),
    *(f"{family}:limits" for family in ("normal", "student_t", "lognormal", "gamma")),
)  # fmt: skip
MISSING = 0.05
CENTRES = {"share": Standard(-1.0, 1.0), "rate": Standard(-2.0, 1.0)}
REGIONS = 4
MATCHES = 4  # one comparator in so many belongs to a pilot's matched set
BATCH = 5
EDGES = (5.5, 10.5, 20.5, 30.5, 45.5)
MIRRORED = " mirrored"
LIMITS = 0.6  # on either side of where means are centred, in SDs of areas, about, beyond which no more is known of them
SUPPRESSED, FEW = (1, 5), 20  # counts of which no more is known, and records of a typical cell where they are common
FOLLOWED = (0.04, 0.08, 0.08, 0.1, 0.1, 0.6)  # shares of records by the bin in which their follow-up ends
CUTS = (-1.6, 0.0, 0.9, 2.2)  # the second is the one that the effect is about
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How large a panel is: areas, periods, pilots, and records of a typical cell."""

    units: int = 60
    periods: int = 10
    pilots: int = 8
    records: float = 200

    @property
    def grid(self) -> tuple[int, int]:
        """Areas by periods."""
        return self.units, self.periods


def spec_for(case: str, seed: int) -> Spec:
    """The specification of one outcome, all of whose priors are defaults."""
    name, _, option = case.partition(":")
    facts = FACTS[name]  # type: ignore[index]
    outcome = {
        "label": case, "family": name, "value": "value", "unit": next(iter(facts.units), "points"), "harm": "up",
        "sesoi": 1.0, **({"standard_error": "error"} if option == "known" else {"denominator": "size"}),
        **OPTIONS.get(option, {}),
    }  # fmt: skip
    if name == "binned":
        outcome |= {"value": columns_of("value", len(EDGES) + 1), "edges": list(EDGES)}
        outcome |= {"open": columns_of("open", len(EDGES) + 1)} if option == "open" else {}
    if option in ("suppressed", "limits"):
        outcome |= {"low": "low", "high": "high"}
    if name == "ordered":
        outcome |= {"value": columns_of("value", len(CUTS) + 1), "above": "value_1"}
    return Spec.from_dict(
        {
            "title": "Recovery", "programme": "it", "seed": seed,
            "columns": {"unit": "area", "time": "period", "exposure": "exposure", "regions": "region"},
            "outcomes": {"outcome": outcome},
        }
    )  # fmt: skip


def columns_of(name: str, count: int) -> list[str]:
    """Names of columns, one a bin or category."""
    return [f"{name}_{number}" for number in range(count)]


def hyper_of(outcome: Outcome, rng: np.random.Generator) -> dict[str, float]:
    """Every hyperparameter from the middle of its prior."""
    drawn = {}
    used = dict(outcome.priors_in_use())
    for name, prior in outcome.all_priors().items():
        if name in {"sigma_slope", "sigma_region", "covariate"} and name not in used:
            continue  # so that panels are those of before there were these
        scale = prior.distribution == "half-normal"
        drawn[name] = prior.location + prior.scale * (rng.uniform(0.2, 0.8) if scale else 0.5 * rng.normal())
    return drawn if outcome.shocked else {**drawn, "s": 0.0}


class Mirrored(np.random.Generator):
    """Random numbers whose normal and t draws have the other sign, so that errors of a pair of panels nearly cancel."""

    def normal(self, *args: Any, **given: Any) -> Any:
        """As of any generator, with the other sign."""
        return -super().normal(*args, **given)

    def standard_t(self, *args: Any, **given: Any) -> Any:
        """As of any generator, with the other sign."""
        return -super().standard_t(*args, **given)


def simulate(case: str, seed: int, of: Size | None = None) -> tuple[Spec, pr.Panel, float]:
    """A specification, a panel drawn from its model, and the true SATT."""
    case, mirrored, _ = case.partition(MIRRORED)
    hidden = case.endswith(":suppressed")
    of = of or (Size(records=FEW) if hidden else Size())
    spec = spec_for(case, seed)
    generator = Mirrored if mirrored else np.random.Generator
    rng = generator(np.random.PCG64([seed, crc32(case.encode())]))
    outcome = spec.outcomes[0]
    family, hyper = family_of(outcome.family), hyper_of(outcome, rng)
    standard = CENTRES.get(outcome.facts.shown, Standard(3.0, 1.0) if family.link == "log" else Standard(50.0, 7.0))
    exposure, grid = exposures(outcome, of), of.grid
    pilot = np.arange(of.units)[:, None] < of.pilots
    base = base_of(outcome, of, seed)
    drift = drifts(outcome, hyper, rng.normal(size=grid), base, rng)
    path = 0.5 * outcome.all_priors().lambda_t.scale * rng.normal(size=of.periods)
    if outcome.common_path == "random walk":
        path = np.cumsum(path) / np.sqrt(drift_basis(np.arange(of.periods)).variance.mean())
    odd = outcome.effect.spread == "heavy-tailed"
    tau = rng.standard_t(4, size=(of.units, 1)) if odd else rng.normal(size=(of.units, 1))
    tau = hyper["tau"] + hyper["sigma_tau"] * tau
    without = hyper["mu"] + hyper["beta_pilot"] * pilot + hyper["sigma_alpha"] * rng.normal(size=(of.units, 1))
    without = without + path - path.mean()
    heavy = outcome.shocks == "heavy-tailed"
    shocks = rng.standard_t(4, size=grid) if heavy else rng.normal(size=grid)
    if outcome.shock_sizes == "by period":
        shocks = shocks * outcome.all_priors().s.scale * rng.uniform(0.2, 0.8, of.periods) / hyper["s"]
    by = np.ones((of.units, 1))
    if outcome.variances == "by unit":
        by = np.exp(hyper["omega"] * rng.normal(size=(of.units, 1)))
    if outcome.variances == "heavy-tailed":  # paths are multivariate t
        by = np.sqrt(4 / rng.chisquare(4, size=(of.units, 1)))
    without = without + by * (drift - drift.mean(axis=1, keepdims=True) + hyper["s"] * shocks)
    without = without + movements(outcome, hyper, drift, rng)
    size = np.maximum(rng.poisson(of.records * rng.lognormal(0, 0.55, (of.units, 1)), grid), 5).astype(float)
    if case.partition(":")[2].isdigit():
        size[:] = float(case.partition(":")[2])
    cells = Cells(
        np.zeros(grid), size, np.ones(grid, dtype=bool), exposure, np.arange(of.pilots), np.arange(of.periods), True
    )
    if outcome.effect.over_time != "constant":
        tau = tau + terms(hyper, exposure, of.pilots, rng)
    columns = {"size": size, "exposure": exposure}
    if outcome.effect.moderators:
        rating = rng.normal(size=(of.units, 1))
        tau = tau + hyper["moderator"] * (rating - rating[: of.pilots].mean()) / rating[: of.pilots].std()
        columns["rating"] = np.broadcast_to(rating, grid)
    if outcome.covariates:
        first, second = np.cumsum(rng.normal(size=grid), axis=1), rng.normal(size=grid) + exposure
        columns |= {"first": first, "second": second}
        without = without + hyper["covariate"] * (first / first.std() - second / second.std())
    sigma, eta = np.full((1, 1), hyper["sigma"]), without + exposure * tau
    if outcome.measure.split:
        columns |= draw_split(rng, outcome, standard.centre + eta, hyper["sigma"], size)
    else:
        columns["value"] = family.draw(rng, eta, sigma, cells, standard).astype(float)
        noise = hyper["sigma"] / np.sqrt(size / np.median(size))
        columns["error"] = noise * (columns["value"] if family.link == "log" else standard.spread)
    if outcome.low:
        columns |= known_as_intervals(outcome, columns["value"], standard)
    empty = rng.random((of.units - of.pilots, of.periods)) < MISSING
    for name in (*outcome.measure.values, *outcome.measure.open, *(("low", "high") if outcome.low else ())):
        columns[name][of.pilots :][empty] = np.nan
    effect = family.mean(eta, sigma, cells, standard) - family.mean(without, sigma, cells, standard)
    truth = float(over_cells(outcome.factor * effect[: of.pilots], exposure[: of.pilots] == 1))
    columns["region"] = np.broadcast_to(np.arange(of.units)[:, None] % REGIONS, grid)
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    table["area"], table["period"] = (each.ravel() for each in np.indices(grid))
    panel = pr.Panel.from_frame(table, spec.data)
    return spec, panel.with_base_weights(pairs(base)) if outcome.weights.base == "panel" else panel, truth


def base_of(outcome: Outcome, of: Size, seed: int) -> Array:
    """Base weights: equal, or those of a matched set, each pilot's its own; shape (pilot, comparator)."""
    shape = of.pilots, of.units - of.pilots
    if outcome.weights.base != "panel":
        return np.full(shape, 1 / shape[1])
    matched = np.argsort(np.random.default_rng(seed).random(shape), axis=1) < shape[1] // MATCHES
    return np.asarray(matched / matched.sum(axis=1, keepdims=True))


def pairs(base: Array) -> pd.DataFrame:
    """Base weights as `Panel.with_base_weights` reads them; comparators come after pilots."""
    pilot, comparator = np.nonzero(base)
    return pd.DataFrame({"pilot": pilot, "comparator": len(base) + comparator, "weight": base[pilot, comparator]})


def known_as_intervals(outcome: Outcome, value: Array, standard: Standard) -> dict[str, Array]:
    """Values without those that are not published, and between what these lie; shape (area, period) each."""
    if outcome.facts.units:
        few = (value >= SUPPRESSED[0]) & (value <= SUPPRESSED[1])
        low, high = (np.where(few, end, np.nan) for end in SUPPRESSED)
        return {"value": np.where(few, np.nan, value), "low": low, "high": high}
    away = LIMITS * outcome.all_priors().sigma_alpha.scale * standard.spread
    ends = standard.centre - away, standard.centre + away
    floor, ceiling = np.exp(ends) if family_of(outcome.family).link == "log" else ends
    return {
        "value": np.where((value < floor) | (value > ceiling), np.nan, value),
        "low": np.where(value > ceiling, ceiling, np.nan), "high": np.where(value < floor, floor, np.nan),
    }  # fmt: skip


def exposures(outcome: Outcome, of: Size) -> Array:
    """From the middle of the panel on, every other pilot over a ramp; or in two cohorts, a period apart."""
    exposure, first = np.zeros(of.grid), of.periods // 2
    exposure[: of.pilots, first:] = 1.0
    exposure[: of.pilots : 2, first] = 0.5 if outcome.effect.cohorts == "together" else 0.0
    return exposure


def terms(hyper: dict[str, float], exposure: Array, pilots: int, rng: np.random.Generator) -> Array:
    """How effects depart from their average by time since the start and by cohort; shape (area, period)."""
    periods = exposure.shape[1]
    start, time = np.argmax(exposure > 0, axis=1), np.arange(periods)
    walk = hyper["sigma_event"] * np.cumsum(rng.normal(size=periods))
    walk -= walk[: periods - start[:pilots].min()].mean()
    cohort = hyper["sigma_cohort"] * rng.normal(size=periods)
    since = np.clip(time - start[:, None], 0, periods - 1)
    return np.asarray(walk[since] + cohort[start][:, None])


def drifts(
    outcome: Outcome, hyper: dict[str, float], steps: np.ndarray, base: Array, rng: np.random.Generator
) -> np.ndarray:
    """Drifts of areas, given standard normal steps, the pilots' with what weights carry; shape (area, period)."""
    pilots = len(base)
    steps = hyper["q"] * steps
    if outcome.phi < 1:
        steps[:, 0] /= np.sqrt(1 - outcome.phi**2)
    found = steps.copy()
    for t in range(1, steps.shape[1]):
        found[:, t] += outcome.phi * found[:, t - 1]
    if outcome.weights.base == "none":
        return found
    prior, others = outcome.weights, len(steps) - pilots
    logs = prior.shared**0.5 * rng.normal(size=others) + (1 - prior.shared) ** 0.5 * rng.normal(size=(pilots, others))
    with np.errstate(divide="ignore"):
        weight = softmax(np.log(base) + prior.scale * logs, axis=1)
    found[:pilots] = hyper["kappa"] ** 0.5 * found[:pilots] + weight @ found[pilots:]
    return found


def movements(outcome: Outcome, hyper: dict[str, float], drift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Trends of areas in place of their drifts' own, and what regions' paths depart by; shape (area, period)."""
    (units, periods), found = drift.shape, np.zeros(drift.shape)
    time = np.arange(periods) - (periods - 1) / 2
    if outcome.trends == "by unit":
        own = drift @ time / (time @ time)
        found += (hyper["sigma_slope"] * rng.normal(size=units) - own)[:, None] * time
    if outcome.path_by == "region":
        walk = hyper["sigma_region"] * np.cumsum(rng.normal(size=(REGIONS, periods)), axis=1)
        found += (walk - walk.mean(axis=1, keepdims=True))[np.arange(units) % REGIONS]
    return found


def draw_split(
    rng: np.random.Generator, outcome: Outcome, linked: Array, sigma: float, size: Array
) -> dict[str, Array]:
    """Counts in bins or categories, given linear predictors; shape (unit, time) each."""
    if outcome.family == "ordered":
        upto = expit(np.array(CUTS) - linked[..., None])
    else:
        upto = ndtr((np.log(EDGES) - linked[..., None]) / sigma)
    counts = rng.multinomial(size.astype(int), np.diff(upto, axis=-1, prepend=0.0, append=1.0)).astype(float)
    still = np.zeros(counts.shape)
    if outcome.open:
        lasted, counts = counts, np.zeros(counts.shape)
        for b in range(counts.shape[-1]):
            ending = rng.multinomial(lasted[..., b].astype(int), FOLLOWED)
            still[..., : b + 1] += ending[..., : b + 1]
            counts[..., b] = ending[..., b + 1 :].sum(axis=-1)
        counts[..., -1], still[..., -1] = still[..., -1], 0.0  # followed into the last bin, which has no end
    made = (*np.moveaxis(counts, -1, 0), *np.moveaxis(still, -1, 0))
    return dict(zip((*outcome.measure.values, *outcome.measure.open), made, strict=False))


def rows_for(case: str, seeds: list[int], cores: int) -> list[dict[str, object]]:
    """Fit some panels and compare them with their truths."""
    simulated = {seed: simulate(case, seed) for seed in seeds}
    found = pr.refits(
        {str(seed): (spec, panel) for seed, (spec, panel, _) in simulated.items()}, cores=cores, show_progress=False
    )
    rows: list[dict[str, object]] = []
    for seed, (_, _, truth) in simulated.items():
        each = found[str(seed)]
        mean, sd, low, high = each.effects.table.loc["satt", ["mean", "sd", "eti95_low", "eti95_high"]]
        rows.append(
            {
                "panel": seed, "truth": f"{truth:.5g}", "mean": f"{mean:.5g}", "sd": f"{sd:.4g}",
                "eti95_low": f"{low:.5g}", "eti95_high": f"{high:.5g}", "held": low <= truth <= high,
                "z": round((mean - truth) / sd, 3), "gate": each.gate.verdict,
                "max_rhat": round(each.gate.max_rhat, 4), "min_ess": round(each.gate.min_ess),
                "draws": each.posterior.sizes["draw"], "seconds": round(each.seconds, 1),
            }
        )  # fmt: skip
    return rows


def path_of(case: str) -> Path:
    """Where the results of a case are kept."""
    return HERE / f"{case.replace(':', '_').replace(' ', '_')}.csv"


def summary_of(results: pd.DataFrame) -> dict[str, object]:
    """What the panels of one case show.

    Errors are in posterior SDs; ``bias_error`` is the Monte Carlo error of their mean.
    """
    count = len(results)
    return {
        "panels": count,
        "coverage": round(float(results["held"].mean()), 3),
        "bias": round(float(results["z"].mean()), 3),
        "bias_error": round(float(results["z"].std(ddof=1) / count**0.5), 3),
        "rms_z": round(float((results["z"] ** 2).mean() ** 0.5), 3),
        "gate_pass": int((results["gate"] == "PASS").sum()),
        "median_seconds": round(float(results["seconds"].median()), 1),
    }


def run(case: str, panels: int, cores: int) -> None:
    """Fit the panels of a case that are not there yet."""
    path = path_of(case)
    done = pd.read_csv(path) if path.exists() else pd.DataFrame({"panel": []})
    waiting = [seed for seed in range(1, panels + 1) if seed not in set(done["panel"])]
    for first in range(0, len(waiting), BATCH):
        rows = pd.DataFrame(rows_for(case, waiting[first : first + BATCH], cores))
        done = rows if done.empty else pd.concat([done, rows], ignore_index=True)
        done.to_csv(path, index=False)
        print(f"{case}: {summary_of(pd.read_csv(path))}", flush=True)


def pairs_of(case: str) -> dict[str, object]:
    """Mean error of pairs of a panel and its mirror image, where there are any."""
    if not path_of(case + MIRRORED).exists():
        return {}
    first, second = (pd.read_csv(path_of(name)).set_index("panel")["z"] for name in (case, case + MIRRORED))
    pairs = ((first + second) / 2).dropna()
    return {"pairs": pairs.size, "pair_bias": round(pairs.mean(), 3), "pair_error": round(pairs.sem(), 3)}


def main() -> None:
    """Run the cases asked for, then show all that there are."""
    parser = argparse.ArgumentParser(description="Recovery of the SATT, family by family.")
    parser.add_argument("case", nargs="*", choices=[*CASES, []], default=[], help="families; all by default")
    parser.add_argument("--panels", type=int, default=20)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--mirrored", action="store_true", help="the same panels with the other sign")
    asked = parser.parse_args()
    for case in asked.case or CASES:
        run(case + MIRRORED * asked.mirrored, asked.panels, asked.cores)
    there = {case: summary_of(pd.read_csv(path_of(case))) | pairs_of(case) for case in CASES if path_of(case).exists()}
    print(pd.DataFrame.from_dict(there, orient="index").to_string())


if __name__ == "__main__":
    main()
