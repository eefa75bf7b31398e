"""One self-contained page a manager can open: findings first, evidence after, method last."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from primum.checks import PredictiveCheck
from primum.effects import (
    Correlations,
    Effects,
    OutcomeEffects,
    coefficients,
    comparator_weights,
    correlations,
    outliers,
    regional_paths,
    shock_sizes,
    unit_sizes,
    unpooled,
)
from primum.effects.correlations import SHOWN
from primum.effects.spread import SHARE_HARMED, SHARE_HARMED_BEYOND
from primum.errors import StoreError
from primum.fit import Fit, Imputed
from primum.fit.gate import diagnose, without_latents
from primum.harm import Harm, OutcomeHarm, Probabilities, Probability
from primum.harm.doubts import in_numbers
from primum.harm.likelihood import SCALES
from primum.harm.words import amount, decimals, number, short_percent
from primum.model import describe
from primum.plots import (
    plot_coefficients,
    plot_correlations,
    plot_density,
    plot_diagnostics,
    plot_event_study,
    plot_exceedance,
    plot_forest,
    plot_groups,
    plot_imputations,
    plot_outliers,
    plot_overview,
    plot_paths,
    plot_predictive,
    plot_shock_sizes,
    plot_trends,
    plot_unit_sizes,
    plot_weights,
)
from primum.report.barg import as_markdown, barg
from primum.report.estimates import about_rows, imputation_rows, main_rows, other_rows, path_rows
from primum.report.methods import methods, rule_in_words, versions
from primum.report.turning import loss_rows, tip_rows
from primum.sources import Truth
from primum.spec import Frozen, ScaleName

_DECISIONS = {
    "stop or rework": "bad",
    "pause for thought": "watch",
    "carry on, and watch": "watch",
    "carry on": "good",
    "grounds to adopt": "good",
    "no grounds for or against": "plain",
    "withheld": "bad",
}

type _Said = tuple[str, str]  # a percentage and its word


@dataclass(frozen=True)
class _Drawing:
    """A figure, made when it is needed, and how it is called and described."""

    name: str
    title: str
    make: Callable[[], Figure]


def write_report(
    fit: Fit | Imputed,
    effects: Effects,
    harm: Harm,
    folder: str | Path,
    *,
    truth: Truth | None = None,
    frozen: Frozen | None = None,
    force: bool = False,
) -> Path:
    """Write ``report.html``, the figures it shows, and ``methods.md``, which it holds too.

    Parameters
    ----------
    fit, effects, harm
        The evaluation.
    folder
        Where to; figures go to ``figures`` within it, and into the page, as SVG.
    truth
        What was simulated, where the data are simulated.
    frozen
        The specification as it was frozen, if it was; the report says whether it is still the same.
    force
        Whether to write over what is there.

    Returns
    -------
    pathlib.Path
        The page, which needs nothing beside it and no network.

    Raises
    ------
    StoreError
        If there is a report and `force` is false.
    """
    folder = Path(folder)
    page = folder / "report.html"
    if page.exists() and not force:
        raise StoreError(f"{page} exists; choose another folder, or write over it with force (--force)")
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    together = correlations(fit) if fit.spec.joint and harm.gate.verdict != "FAIL" else None
    overview = _Drawing("overview", "Probability of harm and benefit", lambda: plot_overview(harm))
    sections = [
        _section(fit, _as_chosen(effects[name], each), each, truth, folder) for name, each in harm.outcomes.items()
    ]
    environment = Environment(
        loader=PackageLoader("primum.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    text = environment.get_template("report.html.j2").render(
        spec=fit.spec,
        gate=harm.gate,
        harm=harm,
        across=_across_rows(harm),
        correlations=list(_correlation_rows(together)) if together is not None else [],
        going_together=None
        if together is None
        else _figure(_Drawing("correlations", "How outcomes go together", lambda: plot_correlations(together)), folder),
        chosen_after={each.outcome.label: each.after for each in harm.outcomes.values() if each.after},
        scale=SCALES[fit.spec.words.scale],
        tones=_DECISIONS,
        overview=_figure(overview, folder),
        sections=sections,
        simulated=truth is not None,
        imputed=len(fit.fits) if isinstance(fit, Imputed) else 0,
        frozen=None if frozen is None else frozen.statement(fit.spec),
        losses=loss_rows(harm) if fit.spec.decisions.rule == "expected loss" else [],
        rule=rule_in_words(fit),
        methods=methods(fit, harm, frozen),
        barg=barg(fit, harm, frozen),
        description=describe(fit.spec, fit.panels if isinstance(fit, Imputed) else fit.panel),
        fingerprint=fit.fingerprint,
        versions=versions(),
    )
    page.write_text(text, encoding="utf-8")
    (folder / "methods.md").write_text(as_markdown(fit, harm, frozen), encoding="utf-8")
    return page


def _as_chosen(effects: OutcomeEffects, harm: OutcomeHarm) -> OutcomeEffects:
    """Effects under the outcome's name in the report, without what counts harm as the specification had it."""
    old = [each.name for each in (SHARE_HARMED, SHARE_HARMED_BEYOND)] if harm.after else []
    return replace(effects, outcome=harm.outcome, draws=effects.draws.drop_vars(old, errors="ignore"))


def _section(
    fit: Fit | Imputed, effects: OutcomeEffects, harm: OutcomeHarm, truth: Truth | None, folder: Path
) -> dict[str, Any]:
    """Everything the page shows of one outcome."""
    outcome, name = harm.outcome, harm.outcome.name
    usable = harm.gate.verdict != "FAIL"
    parameters = diagnose(without_latents(fit.posterior(name)))
    reported = effects.table[["rhat", "ess_bulk", "ess_tail"]]
    drawings = [_Drawing("trends", "Observed trends", lambda: plot_trends(fit.panel, outcome))]
    if usable:
        drawings += [
            _Drawing("effect", "Posterior of the effect", lambda: plot_density(effects, harm)),
            _Drawing("exceedance", "Probability of an effect worse than any", lambda: plot_exceedance(harm)),
            _Drawing("forest", "Effect by area", lambda: plot_forest(effects, unpooled(fit, name))),
            _Drawing("groups", "Probabilities by pilot, time and start", lambda: plot_groups(harm)),
        ]
    if usable and (outcome.effect.over_time != "constant" or outcome.effect.cohorts == "apart"):
        drawings.append(_Drawing("event", "Effect by time since the start", lambda: plot_event_study(effects)))
    if usable and effects.imputation_names:
        drawings.append(_Drawing("imputations", "Effect in each imputation", lambda: plot_imputations(effects)))
    if usable and outcome.weights.base != "none":
        weights = comparator_weights(fit, name)
        drawings.append(_Drawing("weights", "Comparator weights", lambda: plot_weights(weights)))
    if usable and outcome.path_by == "region":
        drawings.append(_Drawing("paths", "Paths by region", lambda: plot_paths(regional_paths(fit, name))))
    if usable and outcome.covariates:
        drawings.append(_Drawing("covariates", "Covariates", lambda: plot_coefficients(coefficients(fit, name))))
    records = outliers(fit, name) if usable and outcome.shocks == "heavy-tailed" else None
    if records is not None and not records.little.empty:
        drawings.append(_Drawing("outliers", "Records that hardly count", lambda: plot_outliers(records)))
    sizes = shock_sizes(fit, name) if usable and outcome.shock_sizes == "by period" else None
    if sizes is not None:
        drawings.append(_Drawing("sizes", "Shocks by period", lambda: plot_shock_sizes(sizes)))
    areas = unit_sizes(fit, name) if usable and outcome.variances != "equal" else None
    if areas is not None:
        drawings.append(_Drawing("areas", "Areas that move more than others", lambda: plot_unit_sizes(areas)))
    import pandas as pd

    quantities = pd.concat([parameters, reported])
    drawings += [
        _Drawing("checks", "Does the model look like the data?", lambda: plot_predictive(harm.checks, outcome.label)),
        _Drawing("diagnostics", "Convergence", lambda: plot_diagnostics(quantities, outcome.label)),
    ]
    return {
        "harm": harm,
        "outcome": outcome,
        "outliers": "" if records is None else records.sentence,
        "sizes": "" if sizes is None else sizes.sentence,
        "areas": "" if areas is None else areas.sentence,
        "figures": {
            drawing.name: _figure(_Drawing(f"{name}-{drawing.name}", drawing.title, drawing.make), folder)
            for drawing in drawings
        },
        "effects": main_rows(effects, truth) if usable else [],
        "others": other_rows(effects) if usable else [],
        "paths": path_rows(effects) if usable else [],
        "imputations": imputation_rows(effects) if usable else [],
        "about": about_rows(effects) if usable else [],
        "realised": "realised" in set(effects.estimands["uncertainty"]),
        "probabilities": list(_probability_rows(harm)),
        "amounts": list(_amount_rows(effects, harm)),
        "tips": list(tip_rows(harm)),
        "checks": [_check_row(check) for check in harm.checks],
        "diagnostics": [
            (row.Index, f"{row.rhat:.3f}", f"{row.ess_bulk:,.0f}", f"{row.ess_tail:,.0f}")
            for row in quantities.itertuples()
        ],
        "priors": [(key, str(prior), prior.source, prior.reason) for key, prior in outcome.priors_in_use()],
    }


def _figure(drawing: _Drawing, folder: Path) -> dict[str, Any]:
    """A figure as SVG for the page, kept as a file beside it too."""
    buffer = io.StringIO()
    drawing.make().savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    (folder / "figures" / f"{drawing.name}.svg").write_text(svg, encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    # ids are unique within a figure only, and a page holds many
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{drawing.name}-", svg)
    return {"svg": Markup(svg), "title": drawing.title, "name": drawing.name}


def _probability_rows(harm: OutcomeHarm) -> Iterator[tuple[str, list[_Said], str]]:
    places: tuple[tuple[str, Probabilities | None], ...] = (
        (f"Average in the pilots{harm.outcome.average}", harm.pilots),
        ("A new area", harm.new_unit),
        *((group.label, group.found) for group in harm.groups),
    )
    for label, found in places:
        if found is not None:
            four = (found.harm, found.harm_beyond_sesoi, found.negligible, found.benefit_beyond_sesoi)
            yield _said_row(label, four, harm.scale)


def _across_rows(harm: Harm) -> list[tuple[str, list[_Said], str]]:
    """Probabilities of how many outcomes are harmed, at all and beyond their SESOIs."""
    if harm.across is None or len(harm.outcomes) == 1:
        return []
    either = (harm.across.harm, harm.across.harm_beyond_sesoi)
    total = len(harm.outcomes)
    names = {0: "No outcome", 1: "Exactly one", total: f"All {total}"}
    rows = [
        (names.get(number, f"Exactly {number}"), [count.exactly[number] for count in either])
        for number in range(total + 1)
    ]
    rows.insert(1, ("At least one", [count.some for count in either]))
    return [_said_row(label, each, harm.spec.words.scale) for label, each in rows]


def _said_row(label: str, found: Sequence[Probability], scale: ScaleName) -> tuple[str, list[_Said], str]:
    """Percentages with their words, and the largest of their errors."""
    error = max(0.1, 100 * max(each.mcse for each in found))
    return label, [(short_percent(each), SCALES[scale].word(each)) for each in found], f"±{error:.1f} points"


def _amount_rows(effects: OutcomeEffects, harm: OutcomeHarm) -> Iterator[tuple[str, ...]]:
    labels = {"satt": f"Average in the pilots{harm.outcome.average}", "new_unit": "A new area"}
    for name, found in harm.exceedance.items():
        sd = float(effects.draws[name].std())
        error = max(found.expected_harm.mcse, found.shortfall.mcse)
        worst = number(found.shortfall.value, decimals(sd, found.shortfall.mcse), signed=True)
        yield labels[name], amount(found.expected_harm, sd), worst, f"{error:.2g}"


def _correlation_rows(found: Correlations) -> Iterator[tuple[str, ...]]:
    """Pair, what is correlated, mean, interval, probability of a positive one, effective draws."""
    labels = {each.name: each.label for each in found.spec.outcomes}
    rows: Any = found.table.itertuples()
    for row in rows:
        kind, first, second = row.Index
        mean, low, high = (number(each, 2, signed=True) for each in (row.mean, row.eti95_low, row.eti95_high))
        positive = short_percent(Probability(row.p_positive, row.p_positive_mcse))
        names = f"{labels[first]} and {labels[second]}"
        yield names, SHOWN[kind], mean, f"{low} to {high}", positive, f"{min(row.ess_bulk, row.ess_tail):,.0f}"


def _check_row(check: PredictiveCheck) -> tuple[str, str, str, str, bool]:
    return check.feature, *in_numbers(check), f"{check.p_value:.2f}", check.reproduced
