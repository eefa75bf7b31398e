"""Corners of the model that have an answer of their own, and changes of the data that must not matter.

    python benchmarks/limits/run.py [fixed_effects] [simplex] [invariance]

**fixed_effects**: a normal outcome with flat priors, next to no drift, and equal comparator weights with scale 0 is
two-way fixed effects: posterior mean and SD of the SATT beside ordinary least squares, on five simulated block designs.

**simplex**: one pilot, weights whose logarithms have the widest prior there is (SD 5), and next to no drift of the
pilot's own is a synthetic control with an intercept. The mode of the model's density over logarithms of weights, by
L-BFGS, given the scales and an error of the pilot's values that is made smaller and smaller, is compared with the
least squares of cvxpy on the simplex (simplex.py, which uv runs in an environment of its own), on California's
Proposition 99 and the Basque Country: outcomes of the years before and of the first year of exposure, which the effect
takes for itself. ``weights.csv`` has
every comparator's weight, beside posterior means: of the same corner, the pilot's error being what least squares leave,
and of the model with its default priors on the same years.

**invariance**: the demonstration's kinship outcome, and a simulated mean with comparator weights, after their rows are
shuffled, units renamed, values rescaled or moved, or a comparator added that has nothing to do with the rest.

``results.csv`` beside this script has a row a comparison with what was allowed. The panels are read from
../shared/data/panels, which this repository does not ship; PRIMUM_DATA names another folder.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyfixest as pf
from scipy.optimize import minimize
from scipy.special import expit

import primum as pr
from primum.fit.draws import model_for
from primum.model import cells_of
from primum.model.families import family_of
from primum.model.layout import layout_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CVXPY = "cvxpy==1.9.3"
FLAT, NONE = 50.0, 1e-3
# the largest of some twenty z-scores passes 4 once in eight hundred runs
Z_LIMIT = 4.0
MODE_LIMIT = 0.002
ODD_LIMIT = 0.1
ERRORS = (0.1, 0.03, 0.01, 0.003, 0.001)
MOVES = {f"a comparator moves by {move:+g} in log odds": move for move in (1.0, -1.0, 2.0, 4.0)}
SETTINGS: dict[str, dict[str, object]] = {
    "default": {},
    "weights": {"outcomes.kinship.weights.base": "equal"},
    "by unit": {"outcomes.kinship.variances": "by unit"},
    "heavy-tailed variances": {"outcomes.kinship.variances": "heavy-tailed"},
    "heavy-tailed shocks": {"outcomes.kinship.shocks": "heavy-tailed"},
}


def data_folder() -> Path:
    """Folder of the shared data."""
    return Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data"))


def spec_of(outcome: Mapping[str, object], seed: int = 1) -> pr.Spec:
    """One mean in a table with columns unit, time and exposure."""
    common = {"label": "Value", "family": "normal", "value": "value", "unit": "units", "harm": "up", "sesoi": 1.0}
    columns = {"unit": "unit", "time": "time", "exposure": "exposure"}
    content = {
        "title": "A limit", "programme": "It", "seed": seed, "columns": columns,
        "outcomes": {"y": {**common, **outcome}},
    }  # fmt: skip
    return pr.Spec.from_dict(content)


def walks(seed: int, units: int = 30, periods: int = 10, pilots: int = 5) -> pd.DataFrame:
    """Units' levels, a common path, drift, noise, and an effect of 2, in some units of measurement."""
    rng = np.random.default_rng(seed)
    unit, time = np.indices((units, periods))
    values = 50 + 7 * rng.normal(size=(units, 1)) + np.cumsum(rng.normal(size=periods))
    values = values + np.cumsum(rng.normal(size=(units, periods)), axis=1) + 2 * rng.normal(size=(units, periods))
    exposure = ((unit < pilots) & (time >= periods // 2)).astype(float)
    table = {"unit": unit, "time": time, "exposure": exposure, "value": values + 2 * exposure}
    return pd.DataFrame({name: column.ravel() for name, column in table.items()})


# ---------------------------------------------------------------- two-way fixed effects


def fixed_effects(seeds: Sequence[int] = range(1, 6)) -> list[dict[str, object]]:
    """Rows of posterior means and SDs beside those of least squares, two a simulated panel."""
    flat = dict.fromkeys(("mu", "beta_pilot", "sigma_alpha", "lambda_t", "tau", "sigma"), FLAT)
    scales = flat | {"q": NONE, "sigma_tau": NONE}
    priors = {name: {"scale": scale, "reason": "the limit of a flat or of no prior"} for name, scale in scales.items()}
    spec = spec_of({"weights": {"base": "equal", "scale": 0.0, "kappa": 1.0}, "priors": priors})
    cases = {str(seed): walks(seed) for seed in seeds}
    found = pr.refits(
        {name: (spec, pr.Panel.from_frame(table, spec.data)) for name, table in cases.items()},
        ess=2000, show_progress=False,
    )  # fmt: skip
    rows = []
    for name, table in cases.items():
        least = pf.feols("value ~ exposure | unit + time", table, vcov="iid").tidy().loc["exposure"]
        satt = found[name].effects.table.loc["satt"]
        z = (satt["mean"] - least["Estimate"]) / satt["mcse"]
        rows.append(
            row("fixed_effects", f"panel {name}", "SATT", satt["mean"], least["Estimate"], z, Z_LIMIT, found[name].gate)
        )
        # an SD of 2,000 effective draws has an error of a sixtieth; sigma is learned, so the posterior is a t
        error = np.log(satt["sd"] / least["Std. Error"]) * np.sqrt(2 * 2000)
        rows.append(
            row(
                "fixed_effects",
                f"panel {name}",
                "SD",
                satt["sd"],
                least["Std. Error"],
                error,
                Z_LIMIT,
                found[name].gate,
            )
        )
    return rows


def row(
    part: str, case: str, what: str, ours: float, reference: float, difference: float, limit: float, gate: Any = None
) -> dict[str, object]:
    """One comparison; the difference is in the units of its limit."""
    return {
        "part": part, "case": case, "what": what, "ours": f"{ours:.5g}", "reference": f"{reference:.5g}",
        "difference": round(float(difference), 4), "limit": limit,
        "holds": "" if np.isnan(limit) else bool(abs(difference) <= limit), "gate": gate.verdict if gate else "",
    }  # fmt: skip


# ---------------------------------------------------------------- synthetic control


@dataclass(frozen=True)
class Study:
    """One exposed unit: values by unit and year, until the first year of exposure."""

    name: str
    values: pd.DataFrame
    pilot: str

    @property
    def donors(self) -> pd.Index:
        """Names of comparators."""
        return self.values.index.drop(self.pilot)


def studies() -> list[Study]:
    """California's Proposition 99 (1989) and the Basque Country (1970)."""
    folder = data_folder() / "panels"
    smoking = pd.read_csv(folder / "california_prop99.csv", sep=";")
    basque = pd.read_csv(folder / "basque_pysyncon.csv").query("regionno != 1").astype({"year": int})  # 1 is Spain
    california = smoking.pivot_table("PacksPerCapita", "State", "Year").loc[:, :1989]
    regions = basque.pivot_table("gdpcap", "regionname", "year").loc[:, :1970]
    return [
        Study("Proposition 99", california, "California"),
        Study("Basque Country", regions, next(name for name in regions.index if "Basque" in name)),
    ]


def panel_of(study: Study, spec: pr.Spec, pilot_error: float) -> pr.Panel:
    """The study as a panel; errors of comparators' values are a hundredth of the pilot's, in SDs of all values."""
    table = study.values.rename_axis(index="unit").reset_index().melt("unit", var_name="time")
    table["time"] = table["time"].astype(int)
    own = table["unit"] == study.pilot
    table["exposure"] = (own & (table["time"] == table["time"].max())).astype(float)
    table["error"] = table["value"].std() * np.where(own, pilot_error, pilot_error / 100)
    return pr.Panel.from_frame(table, spec.data)


def corner(pilot_error: float) -> pr.Spec:
    """Weights as free as can be, and no drift of the pilot's own that would show beside its error."""
    kappa = pilot_error / 1e3
    return spec_of({"standard_error": "error", "weights": {"base": "equal", "scale": 5.0, "kappa": kappa}})


def least_squares(study: Study) -> tuple[pd.Series, float]:
    """Weights by cvxpy, each unit measured from its mean before exposure, and the root mean square that they leave."""
    before = study.values.iloc[:, :-1]
    moved = before.sub(before.mean(axis=1), axis=0)
    donors, pilot = moved.loc[study.donors].to_numpy().T, moved.loc[study.pilot].to_numpy()
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    command = [uv, "run", "--no-project", "--quiet", "--with", CVXPY, "python", str(HERE / "simplex.py")]
    given = json.dumps({"donors": donors.tolist(), "pilot": pilot.tolist()})
    found = json.loads(subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout)
    weights = np.array(found["weights"])
    return pd.Series(weights, study.donors), float(np.sqrt(((donors @ weights - pilot) ** 2).mean()))


class Density:
    """The model's log density of one panel, as compiled, at given scales."""

    def __init__(self, panel: pr.Panel, spec: pr.Spec, scales: Mapping[str, float]) -> None:
        outcome = spec.outcomes[0]
        self.cells, family = cells_of(panel.dataset, outcome), family_of(outcome.family)
        self.layout = layout_of(self.cells, family)
        self.model = model_for(family, self.cells, outcome.all_priors())
        pointer, word = ctypes.c_void_p, ctypes.c_int64
        address, expand = self.model.compiled_logp_func.address, self.model.compiled_expand_func.address
        self.call = ctypes.CFUNCTYPE(word, word, *[pointer] * 4)(address)
        self.expand = ctypes.CFUNCTYPE(word, word, word, *[pointer] * 3)(expand)
        self.point = np.zeros(self.layout.points)
        self.free = np.ones(self.point.size, dtype=bool)
        for name, value in scales.items():
            self.point[self.layout.free[name].start] = value
            self.free[self.layout.free[name].start] = False

    def negative(self, coordinates: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log density and its gradient."""
        point = self.at(coordinates)
        gradient, value = np.empty_like(point), np.empty(1)
        arrays = [each.ctypes.data for each in (point, gradient, value, self.model.user_data)]
        if self.call(point.size, *arrays) != 0:
            raise RuntimeError("the log density is not finite")
        return -float(value[0]), -gradient[self.free]

    def at(self, coordinates: np.ndarray) -> np.ndarray:
        """The whole point."""
        point = self.point.copy()
        point[self.free] = coordinates
        return point

    def weights(self, coordinates: np.ndarray) -> np.ndarray:
        """Comparators' weights."""
        point, kept = self.at(coordinates), np.empty(self.model.n_expanded)
        arrays = [each.ctypes.data for each in (point, kept, self.model.user_data)]
        self.expand(point.size, kept.size, *arrays)
        first = self.layout.reported["weight"].start - self.layout.head
        latents = kept[self.layout.head :].view(np.float32)
        return latents[first : first + self.cells.weighting.base.size].astype(float)


def mode(study: Study, error: float, start: dict[str, np.ndarray]) -> tuple[pd.Series, dict[str, np.ndarray]]:
    """Weights at the mode of the density, and their coordinates, where the next search may start."""
    spec = corner(error)
    # levels and comparators' drifts as wide as their data, next to no shocks, and one unit has no spread of effects
    scales = {"q": 1.0, "s": error / 1e3, "sigma_alpha": 1.0, "sigma_tau": -2.0}
    density = Density(panel_of(study, spec, error), spec, scales)
    fields = density.layout.free
    for name, values in start.items():
        fields[name].of(density.point)[...] = values
    found = minimize(
        density.negative, density.point[density.free], jac=True, method="L-BFGS-B",
        options={"maxiter": 20_000, "maxfun": 40_000, "maxcor": 300, "ftol": 1e-16, "gtol": 1e-8},
    ).x  # fmt: skip
    point = density.at(found)
    return pd.Series(density.weights(found), study.donors), {
        name: fields[name].of(point).copy() for name in ("x_donor", "x_pair")
    }


def posterior_means(study: Study, left: float) -> dict[str, tuple[pr.Gate, pd.Series]]:
    """Mean weights with their gates: in the corner, and with defaults."""
    sd, found = float(study.values.to_numpy().std(ddof=1)), {}
    for name, spec in {
        "free": corner(left / sd),
        "default": spec_of({"standard_error": "error", "weights": {"base": "equal"}}),
    }.items():
        fit = pr.fit(spec, panel_of(study, spec, left / sd), show_progress=False)
        mean = fit.posterior("y")["weight"].mean(("chain", "draw")).isel(pilot=0)
        found[name] = fit.gates["y"], mean.to_series()[study.donors]
    return found


def simplex() -> list[dict[str, object]]:
    """Rows of weights at the mode and on average beside those of cvxpy; writes weights.csv."""
    rows, tables = [], {}
    for study in studies():
        reference, left = least_squares(study)
        table, place = {"least_squares": reference}, {}
        for error in ERRORS:
            table["mode"], place = mode(study, error, place)
            apart = float((table["mode"] - reference).abs().max())
            limit = MODE_LIMIT if error == ERRORS[-1] else np.nan
            what = f"largest difference of weights, mode, error {error:g}"
            rows.append(row("simplex", study.name, what, apart, 0.0, apart, limit))
        for name, (gate, mean) in posterior_means(study, left).items():
            table[f"mean_{name}"] = mean
            apart = float((mean - reference).abs().max())
            what = f"largest difference of weights, mean, {name}"
            rows.append(row("simplex", study.name, what, apart, 0.0, apart, np.nan, gate))
        tables[study.name] = pd.DataFrame(table)
    pd.concat(tables, names=["study", "comparator"]).round(4).to_csv(HERE / "weights.csv")
    return rows


# ---------------------------------------------------------------- what must not matter


def invariance() -> list[dict[str, object]]:
    """Rows of SATTs before and after changes that must not matter."""
    spec = spec_of({"weights": {"base": "equal"}})
    table = walks(1)
    changed = {
        "rows shuffled": (table.sample(frac=1, random_state=1), 1.0),
        "units renamed": (table.assign(unit=table["unit"].map(lambda unit: f"u{(7 * unit) % 31}")), 1.0),
        "10,000 added": (table.assign(value=table["value"] + 1e4), 1.0),
        "in millions": (table.assign(value=table["value"] / 1e6), 1e-6),
        "in millionths": (table.assign(value=table["value"] * 1e6), 1e6),
    }
    rows = compared("a mean, weights", spec, table, changed)
    demo = pr.demo_spec()
    kinship = demo.change({"outcomes": {"kinship": demo.to_dict()["outcomes"]["kinship"]}})
    table = pr.simulate(seed=demo.seed).table
    rows += compared("kinship", kinship, table, {"rows shuffled": (table.sample(frac=1, random_state=1), 1.0)})
    for name, change in SETTINGS.items():
        rows += with_odd(f"kinship, {name}", kinship.change(change), table)
    return rows


def compared(
    case: str, spec: pr.Spec, table: pd.DataFrame, changed: Mapping[str, tuple[pd.DataFrame, float]]
) -> list[dict[str, object]]:
    """Differences of the SATT, brought back to the same unit, in their Monte Carlo errors."""
    tables = {"": (table, 1.0), **changed}
    found = pr.refits(
        {name: (spec, pr.Panel.from_frame(each, spec.data)) for name, (each, _) in tables.items()},
        ess=2000, show_progress=False,
    )  # fmt: skip
    base, rows = found[""].effects.table.loc["satt"], []
    for name, (_, factor) in changed.items():
        satt = found[name].effects.table.loc["satt", ["mean", "mcse", "sd"]] / factor
        z = (satt["mean"] - base["mean"]) / np.hypot(satt["mcse"], base["mcse"])
        rows.append(row("invariance", case, name, satt["mean"], base["mean"], z, Z_LIMIT, found[name].gate))
    return rows


def with_odd(case: str, spec: pr.Spec, table: pd.DataFrame) -> list[dict[str, object]]:
    """Differences of the SATT, in its SDs, once a comparator is added that has nothing to do with the rest.

    Its share of kinship care is 0.4 until half of the years are over and then moves by some log odds; the
    other comparators' median share is about 0.4 throughout.
    """
    cases = {"": table, **{name: pd.concat([table, odd(table, move)]) for name, move in MOVES.items()}}
    found = pr.refits(
        {name: (spec, pr.Panel.from_frame(each, spec.data)) for name, each in cases.items()},
        ess=1500, show_progress=False,
    )  # fmt: skip
    base, rows = found[""].effects.table.loc["satt"], []
    for name in MOVES:
        satt = found[name].effects.table.loc["satt"]
        shift = (satt["mean"] - base["mean"]) / base["sd"]
        rows.append(row("invariance", case, name, satt["mean"], base["mean"], shift, ODD_LIMIT, found[name].gate))
    return rows


def odd(table: pd.DataFrame, move: float) -> pd.DataFrame:
    """The added comparator's rows."""
    first = table.loc[table["start"].isna(), "la"].iloc[0]
    rows = table[table["la"] == first].assign(la=9_999, la_name="Oddland", care_periods=400)
    late = np.arange(len(rows)) >= len(rows) // 2
    return rows.assign(kinship_periods=np.rint(400 * expit(np.log(0.4 / 0.6) + move * late)).astype(int))


def main() -> None:
    """Run the parts asked for, keep the rows of others, and show all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"fixed_effects": fixed_effects, "simplex": simplex, "invariance": invariance}
    parser.add_argument("part", nargs="*", choices=[*parts, []], default=[])
    path = HERE / "results.csv"
    for name in parser.parse_args().part or parts:
        rows = pd.DataFrame(parts[name]())
        if path.exists():
            before = pd.read_csv(path)
            rows = pd.concat([before[before["part"] != rows["part"].iloc[0]], rows], ignore_index=True)
        rows.to_csv(path, index=False)
    print(pd.read_csv(path).to_string())


if __name__ == "__main__":
    main()
