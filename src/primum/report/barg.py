"""What a report of a Bayesian analysis should hold (Kruschke, 2021), and where this one has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from primum.checks.predictive import FEATURES
from primum.fit import Fit, Imputed
from primum.harm import Harm
from primum.report.methods import methods, rule_in_words, versions
from primum.spec import Frozen

Status = Literal["done", "not done", "does not apply"]


@dataclass(frozen=True)
class Item:
    """One item of the reporting guidelines, and what this evaluation has of it.

    Attributes
    ----------
    step, name
        Its step and its name in the guidelines.
    status
        "done", "not done" or "does not apply".
    what
        Where it is, or what is missing.
    """

    step: str
    name: str
    status: Status
    what: str


def barg(fit: Fit | Imputed, harm: Harm, frozen: Frozen | None = None) -> list[Item]:
    """The Bayesian analysis reporting guidelines (Kruschke, 2021, table 1), filled from a fit.

    Parameters
    ----------
    fit, harm
        The evaluation.
    frozen
        The specification as it was frozen, if it was.
    """
    spec, gate = fit.spec, harm.gate
    late = any(each.after for each in harm.outcomes.values())
    same = frozen is not None and not frozen.differences(spec) and not late
    said: Status = "done" if any(each.pilots is not None for each in harm.outcomes.values()) else "not done"
    doubts = f"in doubt for {', '.join(harm.doubted)}" if harm.doubted else "no doubts"
    return [
        Item(
            "Preamble", "Why Bayesian", "done", "decisions need the probability of harm, which only a posterior gives"
        ),
        Item("Preamble", "Goals", "done", f"effects of {spec.programme} in the pilots and in a new area"),
        Item("1 Model", "Data variables", "done", "methods; specification"),
        Item("1 Model", "Likelihood and parameters", "done", "methods; specification"),
        Item("1 Model", "Prior distribution", "done", "a table for each outcome, with source and reason of each prior"),
        Item(
            "1 Model", "Formal specification", "done", "specification; primum.build(spec, panel) is the model in PyMC"
        ),
        Item("1 Model", "Prior predictive check", "not done", "panels were not drawn from the priors"),
        Item("2 Computation", "Software", "done", "methods"),
        Item("2 Computation", "Convergence", "done", f"largest R-hat {gate.max_rhat:.3f}; {gate.verdict}"),
        Item("2 Computation", "Resolution", "done", f"fewest effective draws {gate.min_ess:,.0f}; each number's error"),
        Item("2 Computation", "If not MCMC", "does not apply", "exact MCMC"),
        Item("3 Posterior", "Predictive check", "done", f"{len(FEATURES)} features of each outcome; {doubts}"),
        Item("3 Posterior", "Summaries", said, "means, medians, central 95% intervals, densities"),
        Item("3 Posterior", "Bayes factors", "does not apply", "none are used"),
        Item("4 Decisions", "Why decide", "done", "places that use the programme, and places that consider it"),
        Item("4 Decisions", "Rule and loss", "done", rule_in_words(fit)),
        Item(
            "4 Decisions",
            "Limits of what is negligible",
            "done" if same else "not done",
            f"SESOIs of the specification; {'frozen beforehand' if same else 'nothing shows that they were set first'}",
        ),
        Item(
            "5 Sensitivity",
            "Priors",
            said,
            "which priors of the average effect, as far as draws tell, would change advice",
        ),
        Item(
            "5 Sensitivity", "Other choices", "not done", "priors of drift and shocks, periods, comparators: use refits"
        ),
        Item("6 Reproducibility", "Software versions", "done", versions()),
        Item(
            "6 Reproducibility",
            "Script and data",
            "done",
            f"specification; data with hash {fit.fingerprint[:16]}",
        ),
        Item("6 Reproducibility", "Chains", "done", "fit.nc holds all draws, the panel and the specification"),
        Item("6 Reproducibility", "Seed", "done", f"{spec.seed}"),
    ]


def as_markdown(fit: Fit | Imputed, harm: Harm, frozen: Frozen | None = None) -> str:
    """Methods and checklist as a Markdown text."""
    parts = [f"# Methods: {fit.spec.title}", *(f"## {title}\n\n{text}" for title, text in methods(fit, harm, frozen))]
    rows = [f"| {each.step} | {each.name} | {each.status} | {each.what} |" for each in barg(fit, harm, frozen)]
    table = "\n".join(["| Step | Item | | Where |", "|---|---|---|---|", *rows])
    source = "Bayesian analysis reporting guidelines (Kruschke, 2021, Nature Human Behaviour 5, 1282-1291)."
    return "\n\n".join([*parts, "## Reporting checklist", source, table]) + "\n"
