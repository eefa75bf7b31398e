"""What it costs that boundaries of ordered categories are estimated, and then taken as fixed.

    python benchmarks/recovery/boundaries.py

Panels of 60 areas and 8 years (8 pilots, exposed from the fifth year; five categories, drawn at known boundaries) with
as many records in every cell. The effect on the share above a boundary is estimated by a plain difference in
differences of what each cell's records say of that share (`primum.model.families.ordered.likeliest`): with the true
boundaries, with estimated ones, and with estimated ones times the factor that brings them nearest to the true ones,
which is what sigma learns to be. The same records in all three, so that the difference is what boundaries do alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from primum.model import Cells
from primum.model.bins import bins_of
from primum.model.families.ordered import boundaries_of, likeliest

HERE = Path(__file__).parent
UNITS, PERIODS, PILOTS, PANELS = 60, 8, 8, 200
CUTS = np.array([-1.6, 0.0, 0.9, 2.2])
ABOVE = 2
Array = NDArray[np.float64]


def panel_of(rng: np.random.Generator, size: int) -> tuple[Array, Cells]:
    """True shares above the boundary, and a panel's cells."""
    grid = (UNITS, PERIODS)
    exposure = np.zeros(grid)
    exposure[:PILOTS, PERIODS // 2 :] = 1.0
    eta = -1.0 + rng.normal(0, 0.5, (UNITS, 1)) + np.cumsum(rng.normal(0, 0.15, grid), axis=1)
    eta += rng.normal(0, 0.2, grid) + 0.4 * exposure
    shares = np.diff(expit(CUTS - eta[..., None]), axis=-1, prepend=0.0, append=1.0)
    bins = bins_of(rng.multinomial(size, shares).astype(float), None, np.ones(grid, dtype=bool), above=ABOVE)
    value, places = bins.counts[..., ABOVE:].sum(axis=-1), np.arange(PILOTS)
    cells = Cells(value, bins.size, np.ones(grid, dtype=bool), exposure, places, np.arange(PERIODS), True, bins=bins)
    return expit(eta), cells


def effect_of(share: Array) -> float:
    """Difference in differences, in points."""
    change = share[:, PERIODS // 2 :].mean(axis=1) - share[:, : PERIODS // 2].mean(axis=1)
    return float(100 * (change[:PILOTS].mean() - change[PILOTS:].mean()))


def row_of(rng: np.random.Generator, size: int) -> dict[str, float]:
    """Errors of the effect in one panel."""
    share, cells = panel_of(rng, size)
    assert cells.bins is not None
    counts = cells.bins.counts + cells.bins.counts.mean(axis=(0, 1)) / size
    found = boundaries_of(cells)
    truth, scaled = effect_of(share), found * (found @ CUTS) / (found @ found)
    named = {"known": CUTS, "estimated": found, "scaled": scaled}
    return {name: effect_of(expit(likeliest(counts, cuts, ABOVE))) - truth for name, cuts in named.items()}


def main() -> None:
    """Simulate, keep and show."""
    rows = []
    for size in (20, 50, 500):
        rng = np.random.default_rng(size)
        errors = pd.DataFrame([row_of(rng, size) for _ in range(PANELS)])
        row = {"records_a_cell": size, "rmse_known": (errors["known"] ** 2).mean() ** 0.5}
        for name in ("estimated", "scaled"):
            apart = errors[name] - errors["known"]
            row |= {f"{name}_bias": apart.mean(), f"{name}_sd": apart.std()}
        rows.append(row)
    table = pd.DataFrame(rows).round(4)
    table.to_csv(HERE / "boundaries.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
