"""operating: how often a rule would cry harm falsely, miss it, or advise to adopt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from primum.design.kept import Kept
from primum.design.simulated import Learned, learn, simulate
from primum.errors import SpecError
from primum.fit.progress import bar_of
from primum.harm.decisions import WITHHELD, advice
from primum.harm.losses import losses
from primum.harm.probabilities import probabilities
from primum.panel import Panel
from primum.refits import Refit, refits
from primum.refits.refit import apart_only
from primum.spec import Outcome, Spec

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_EFFECTS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # SESOIs, harm above 0
ALARM = 0.95
_BATCH = 4


@dataclass(frozen=True, eq=False)
class Operating:
    """Operating characteristics of the decision rules for one outcome; make them with `primum.operating`.

    Attributes
    ----------
    spec, outcome
        The evaluation and the outcome.
    simulations
        One row an effect and simulation: ``effect`` (the true SATT, in the outcome's unit), ``simulation``, ``mean``,
        ``sd``, ``eti95_low``, ``eti95_high``, ``p_harm``, ``p_harm_beyond_sesoi``, ``using`` and ``considering`` (the
        verdicts), ``gate`` and ``seconds``.
    """

    spec: Spec
    outcome: Outcome
    simulations: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """How often each verdict was given, a row a true effect.

        Columns: ``simulations``; the share of each verdict for places that use it and that consider it; ``error``,
        the largest binomial standard error of these shares; ``alarm``, the share with P(harm) above 0.95; ``held``,
        the share of 95% intervals that hold the truth; ``bias`` and ``mean_sd``, in the outcome's unit; ``gate_pass``.
        """
        import pandas as pd

        rows = self.simulations
        effects: list[float] = rows["effect"].unique().tolist()
        rows_of = {effect: _row(effect, rows[rows["effect"] == effect]) for effect in effects}
        return pd.DataFrame.from_dict(rows_of, orient="index").rename_axis("effect")

    def __str__(self) -> str:
        return "\n".join(_sentences(self.outcome, self.table))


def operating(
    spec: Spec,
    panel: Panel,
    outcome: str | None = None,
    *,
    effects: Sequence[float] | None = None,
    simulations: int = 50,
    cores: int | None = None,
    checkpoints: str | Path | None = None,
    show_progress: bool = True,
) -> Operating:
    """Simulate evaluations under known effects, and count what the specification's rules would advise.

    Levels, drift, shocks, noise and the common path are learned from the comparators and from the pilots before
    their exposure; the pilots' outcomes since are not looked at, so that a rule can be fixed before they are. The
    spread of effects between pilots has its prior. Each simulated panel has new units in the panel's shape (Gelman
    and Carlin, 2014, advise to work out such errors before data are interpreted), and is fitted whole, as the panel
    itself will be. Effects of a simulation differ in nothing else, so that verdicts can be compared between them.

    Parameters
    ----------
    spec, panel
        The evaluation.
    outcome
        Name of the outcome; may be left out where the specification has only one.
    effects
        True SATTs, in the outcome's unit; by default two SESOIs of harm to two of benefit.
    simulations
        How many for each effect. A share has a standard error of at most 0.5 over its root.
    cores
        Refits that run at once; by default one a core.
    checkpoints
        A CSV file in which finished simulations are kept; what it holds of the same evaluation is not run again.
    show_progress
        Whether to show progress, with the time left, in a terminal or notebook.

    Returns
    -------
    Operating

    Raises
    ------
    SpecError
        If outcomes are fitted jointly, the outcome is not given and is needed, an effect is out of its reach, or what
        should be learned from the comparators fails its checks.

    Examples
    --------
    >>> import primum as pr
    >>> spec, panel = pr.demo_spec(), pr.simulate(units=30, periods=8, pilots=4, seed=1).panel
    >>> print(pr.operating(spec, panel, "kinship", simulations=20))  # doctest: +SKIP
    """
    import pandas as pd

    chosen = _chosen(spec, outcome)
    truths = sorted(
        float(each) + 0.0 for each in effects or [chosen.sign * each * chosen.sesoi for each in DEFAULT_EFFECTS]
    )
    kept = Kept.open(checkpoints, spec, panel, chosen)
    waiting = [(number, effect) for number in range(simulations) for effect in truths if not kept.has(effect, number)]
    if waiting:
        learned = _learned(spec, panel, chosen, cores)
        with bar_of("simulated evaluations", len(waiting), show_progress) as advance:
            for batch in _batches(waiting, _BATCH * len(truths)):
                kept.add(_rows(learned, spec, panel, chosen, batch, cores))
                advance(len(batch))
    rows = pd.DataFrame(kept.rows)
    wanted = rows["effect"].isin(truths) & (rows["simulation"] < simulations)
    return Operating(spec, chosen, rows[wanted].sort_values(["effect", "simulation"], ignore_index=True))


def _chosen(spec: Spec, name: str | None) -> Outcome:
    problems = apart_only(spec, "each simulated evaluation")
    if problems:
        raise SpecError("the simulations", problems)
    return spec.chosen(name)


def _learned(spec: Spec, panel: Panel, outcome: Outcome, cores: int | None) -> Learned:
    found = learn(spec, panel, outcome, cores)
    if found.gate.verdict == "FAIL":
        raise SpecError(f"what comparators say of {outcome.name}", found.gate.reasons)
    return found


def _rows(
    learned: Learned,
    spec: Spec,
    panel: Panel,
    outcome: Outcome,
    batch: Sequence[tuple[int, float]],
    cores: int | None,
) -> list[dict[str, Any]]:
    """Simulate, fit and judge some evaluations."""
    seed = [spec.seed, crc32(b"operating"), crc32(outcome.name.encode())]
    cases = {}
    for number, effect in batch:
        try:
            made = simulate(learned, panel, outcome, effect, number, seed)
        except ValueError as error:
            raise SpecError("the effects to simulate", [str(error)]) from None
        cases[f"{number}, {effect!r}"] = (
            replace(spec, seed=int(np.random.default_rng([*seed, number]).integers(2**32))),
            made,
        )
    found = refits(cases, outcome.name, cores=cores, show_progress=False)
    return [
        {"effect": effect, "simulation": number, **_judged(spec, outcome, each)}
        for (number, effect), each in zip(batch, found.values(), strict=True)
    ]


def _judged(spec: Spec, outcome: Outcome, found: Refit) -> dict[str, Any]:
    """What would be said and advised of one evaluation."""
    effects = found.effects
    satt_draws, new_draws = (np.asarray(effects.draws[name]) for name in ("satt", "new_unit"))
    pilots, new_unit = (probabilities(each, outcome.sign, outcome.sesoi) for each in (satt_draws, new_draws))
    expected = losses(satt_draws, new_draws, outcome.sign, outcome.sesoi, spec.decisions.costs)
    failed = found.gate.verdict == "FAIL"
    decision = WITHHELD if failed else advice(pilots, new_unit, expected, spec.decisions)
    satt: Any = effects.table.loc["satt"]
    return {
        **{name: float(satt[name]) for name in ("mean", "sd", "eti95_low", "eti95_high")},
        "p_harm": pilots.harm.value,
        "p_harm_beyond_sesoi": pilots.harm_beyond_sesoi.value,
        "using": decision.using,
        "considering": decision.considering,
        "gate": found.gate.verdict,
        "seconds": found.seconds,
    }


def _batches[T](items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))


def _row(effect: float, group: pd.DataFrame) -> dict[str, Any]:
    using = ("stop or rework", "carry on, and watch", "carry on")
    considering = ("pause for thought", "grounds to adopt", "no grounds for or against")
    count = len(group)
    shares = {verdict: float((group["using"] == verdict).mean()) for verdict in using}
    shares |= {verdict: float((group["considering"] == verdict).mean()) for verdict in considering}
    widest = max(share * (1 - share) for share in shares.values())
    return {
        "simulations": count,
        **shares,
        "withheld": float((group["using"] == "withheld").mean()),
        "error": (widest / count) ** 0.5,
        "alarm": float((group["p_harm"] > ALARM).mean()),
        "held": float(((group["eti95_low"] <= effect) & (group["eti95_high"] >= effect)).mean()),
        "bias": float(group["mean"].mean() - effect),
        "mean_sd": float(group["sd"].mean()),
        "gate_pass": int((group["gate"] == "PASS").sum()),
    }


def _sentences(outcome: Outcome, table: pd.DataFrame) -> Iterator[str]:
    """What the rules would advise, a sentence a true effect."""
    yield f"{outcome.label}, by the true average effect in the pilots:"
    for effect, row in table.iterrows():
        kind = "no effect" if effect == 0 else f"{effect:+g} {outcome.unit}"
        meaning = "" if effect == 0 else " (harm)" if float(str(effect)) * outcome.sign > 0 else " (benefit)"
        yield (
            f"  {kind}{meaning}: stop or rework {row['stop or rework']:.0%}, watch {row['carry on, and watch']:.0%}, "
            f"carry on {row['carry on']:.0%}; pause {row['pause for thought']:.0%}, "
            f"adopt {row['grounds to adopt']:.0%}, neither {row['no grounds for or against']:.0%} "
            f"of {row['simulations']:.0f}"
        )
