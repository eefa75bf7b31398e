"""refits: many refits at once, a row each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from primum.fit.gate import MIN_ESS
from primum.fit.progress import bar_of
from primum.panel import Panel
from primum.refits.refit import Refit, refit
from primum.spec import Spec

if TYPE_CHECKING:
    import pandas as pd


def refits(
    cases: Mapping[str, tuple[Spec, Panel]],
    outcome: str | None = None,
    *,
    ess: float = MIN_ESS,
    cores: int | None = None,
    show_progress: bool = True,
) -> dict[str, Refit]:
    """Refit one outcome under many specifications or to many panels: a grid, placebos, simulations.

    Parameters
    ----------
    cases
        What to fit, by name.
    outcome, ess
        As in `refit`.
    cores
        Refits that run at once; by default one a core.
    show_progress
        Whether to show progress, with the time left, in a terminal or notebook.

    Returns
    -------
    dict
        A `Refit` a case, in the order given.

    Examples
    --------
    >>> import primum as pr
    >>> spec, panel = pr.demo_spec(), pr.simulate(seed=1).panel
    >>> path = "outcomes.kinship.priors.q"
    >>> grid = {
    ...     f"q {scale}": (spec.change({path: {"scale": scale, "reason": "a grid"}}), panel)
    ...     for scale in (0.1, 0.3, 1.0)
    ... }
    >>> pr.refits(grid, "kinship")  # doctest: +SKIP
    """
    from threadpoolctl import threadpool_limits

    with (
        bar_of("refits", len(cases), show_progress) as advance,
        threadpool_limits(1),  # for all threads, which only this one can set
        ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool,
    ):
        # chains in turn and refits side by side: judging one does not keep the other cores waiting
        waiting = {
            name: pool.submit(refit, spec, panel, outcome, ess=ess, cores=1) for name, (spec, panel) in cases.items()
        }
        found = {}
        try:
            for name, each in waiting.items():
                found[name] = each.result()
                advance(1)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def table_of(found: Mapping[str, Refit]) -> pd.DataFrame:
    """The average effect of every refit, with its gate.

    Parameters
    ----------
    found
        From `refits`.

    Returns
    -------
    pandas.DataFrame
        One row a case: mean, sd and 95% interval of the SATT in the outcome's unit, the form of
        the posterior (always "exact"), the gate's verdict, largest R-hat and fewest effective
        draws, draws a chain, and seconds.
    """
    import pandas as pd

    rows = {}
    for name, each in found.items():
        satt = each.effects.table.loc["satt", ["mean", "sd", "eti95_low", "eti95_high"]].to_dict()
        rows[name] = {
            **satt,
            "form": "exact",
            "gate": each.gate.verdict,
            "max_rhat": each.gate.max_rhat,
            "min_ess": each.gate.min_ess,
            "draws": each.posterior.sizes["draw"],
            "seconds": each.seconds,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("case")
