"""What would change the advice, and what each choice is expected to cost, in rows for people."""

from __future__ import annotations

from collections.abc import Iterator

from primum.harm import Harm, OutcomeHarm
from primum.harm.losses import Losses
from primum.harm.tipping import Tip
from primum.spec import Outcome

_QUESTIONS = {"using": "using it", "considering": "considering it"}
_THRESHOLDS = {
    "stop": "threshold to stop",
    "watch": "threshold to watch",
    "pause": "threshold to pause",
    "adopt": "threshold to adopt",
}
_COSTS = {"continuing": "cost of continuing with harm", "adopting": "cost of adopting harm"}
_PRIORS = {
    "prior scale": "width of the prior of the average effect",
    "prior centre": "centre of the prior of the average effect",
}
_NAMES = {**_THRESHOLDS, **_COSTS, **_PRIORS, "SESOI": "smallest effect of interest"}
_NONE = "none"


def tip_rows(harm: OutcomeHarm) -> Iterator[tuple[str, str, str, str, str]]:
    """Question, what is changed, what it is, what it would have to be, and the advice then."""
    for tip in harm.tips:
        now, at = _now(tip, harm.outcome), _at(tip, harm.outcome)
        yield _QUESTIONS[tip.question], _NAMES[tip.what], now, at, tip.verdict or "\N{EN DASH}"


def loss_rows(harm: Harm) -> list[tuple[str, ...]]:
    """Expected losses of the four choices, an important outcome a row, and all of them together."""
    each = {one.outcome.label: one.losses for one in harm.outcomes.values() if one.outcome.important}
    rows = [(label, *_amounts(found)) for label, found in each.items() if found is not None]
    total = harm.losses
    return rows if total is None else [*rows, ("All that count", *_amounts(total))]


def _amounts(found: Losses) -> list[str]:
    return [f"{each:.2f} \N{PLUS-MINUS SIGN} {error:.2f}" for each, error in zip(found.each, found.errors, strict=True)]


def _now(tip: Tip, outcome: Outcome) -> str:
    if tip.what in _THRESHOLDS:
        return f"{tip.now:.0%}"
    if tip.what in _PRIORS:
        return "as it is"
    return f"{tip.now:g} {outcome.unit}" if tip.what == "SESOI" else f"{tip.now:g}"


def _at(tip: Tip, outcome: Outcome) -> str:
    if tip.at is None:
        return _NONE if tip.tried is None else _tried(tip.what, *tip.tried)
    if tip.what in _THRESHOLDS:
        return f"{'more than ' if tip.at >= tip.now else ''}{100 * tip.at:.3g}%"
    if tip.what == "prior scale":
        return f"{tip.at:.2g} times as wide"
    if tip.what == "prior centre":
        return f"{abs(tip.at):g} of its SDs towards {_side(tip.at)}"
    return f"{tip.at:.3g} {outcome.unit}" if tip.what == "SESOI" else f"{tip.at:.3g}"


def _tried(what: str, low: float, high: float) -> str:
    """That no prior changes it, and how far the draws could tell."""
    if low == high:
        return "not told by these draws"
    if what == "prior scale":
        return f"none from {low:.2g} to {high:.2g} times as wide"
    return f"none from {abs(low):g} of its SDs towards benefit to {high:g} towards harm"


def _side(shift: float) -> str:
    return "harm" if shift > 0 else "benefit"
