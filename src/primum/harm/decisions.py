"""The two decisions, kept apart: places that use the programme, and places that consider it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from primum.harm.losses import Losses
from primum.harm.probabilities import Probabilities
from primum.spec import Decisions

UsingVerdict = Literal["carry on", "carry on, and watch", "stop or rework", "withheld"]
ConsideringVerdict = Literal["grounds to adopt", "no grounds for or against", "pause for thought", "withheld"]


@dataclass(frozen=True)
class Decision:
    """Verdicts by the specification's rule, for one outcome or for all together.

    Attributes
    ----------
    using
        For places that already use the programme.
    considering
        For places that consider it.
    """

    using: UsingVerdict
    considering: ConsideringVerdict


WITHHELD = Decision("withheld", "withheld")


def decide(harm_beyond: float, new_harm_beyond: float, new_benefit_beyond: float, thresholds: Decisions) -> Decision:
    """Apply the thresholds to one outcome.

    Parameters
    ----------
    harm_beyond
        Probability that the average effect in the pilots is harm beyond the SESOI.
    new_harm_beyond, new_benefit_beyond
        Probabilities that the effect in a new unit is harm, and benefit, beyond it.
    thresholds
        Of the two decisions.

    Examples
    --------
    >>> from primum.spec import Decisions
    >>> decide(0.3, 0.1, 0.6, Decisions())
    Decision(using='carry on, and watch', considering='grounds to adopt')
    """
    using, considering = thresholds.using, thresholds.considering
    stay: UsingVerdict = (
        "stop or rework"
        if harm_beyond >= using.stop
        else "carry on, and watch"
        if harm_beyond >= using.watch
        else "carry on"
    )
    move: ConsideringVerdict = "no grounds for or against"
    if new_harm_beyond >= considering.pause:
        move = "pause for thought"
    elif new_benefit_beyond >= considering.adopt:
        move = "grounds to adopt"
    return Decision(stay, move)


def least_loss(found: Losses) -> Decision:
    """The choice of smaller expected loss in each of the two questions; where they are equal, what there is stays.

    Examples
    --------
    >>> least_loss(Losses(carry_on=0.4, stop=0.1, adopt=0.1, wait=0.3))
    Decision(using='stop or rework', considering='grounds to adopt')
    """
    return Decision(
        "stop or rework" if found.carry_on > found.stop else "carry on",
        "grounds to adopt" if found.wait > found.adopt else "pause for thought",
    )


def advice(pilots: Probabilities, new_unit: Probabilities, found: Losses, rules: Decisions) -> Decision:
    """Verdicts on one outcome by the specification's rule.

    Parameters
    ----------
    pilots, new_unit
        Probabilities for the average effect in the pilots and for the effect in a new unit.
    found
        Expected losses.
    rules
        Which rule, and its thresholds.
    """
    if rules.rule == "expected loss":
        return least_loss(found)
    beyond, new_beyond, new_benefit = (
        pilots.harm_beyond_sesoi,
        new_unit.harm_beyond_sesoi,
        new_unit.benefit_beyond_sesoi,
    )
    return decide(beyond.value, new_beyond.value, new_benefit.value, rules)


def overall(decisions: Mapping[str, Decision]) -> Decision:
    """All outcomes together: the most cautious verdict on any of them.

    A withheld outcome withholds the whole, since it might be the harmful one. Grounds to
    adopt on one outcome stand where no outcome asks for a pause.
    """
    if any(each == WITHHELD for each in decisions.values()):
        return WITHHELD
    stays = [each.using for each in decisions.values()]
    moves = [each.considering for each in decisions.values()]
    stay: UsingVerdict = next(
        verdict for verdict in ("stop or rework", "carry on, and watch", "carry on") if verdict in stays
    )
    move: ConsideringVerdict = next(
        verdict
        for verdict in ("pause for thought", "grounds to adopt", "no grounds for or against")
        if verdict in moves
    )
    return Decision(stay, move)
