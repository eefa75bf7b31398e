"""The two decisions, kept apart: places that use the programme, and places that consider it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from primum.harm.probabilities import Probabilities
from primum.spec import Considering, Using

UsingVerdict = Literal["carry on", "carry on, and watch", "stop or rework", "withheld"]
ConsideringVerdict = Literal["grounds to adopt", "no grounds for or against", "pause for thought", "withheld"]


@dataclass(frozen=True)
class Decision:
    """Verdicts by the specification's thresholds, for one outcome or for all together.

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


def decide(pilots: Probabilities, new_unit: Probabilities, using: Using, considering: Considering) -> Decision:
    """Apply the thresholds to one outcome.

    Parameters
    ----------
    pilots
        Probabilities for the average effect in the pilots.
    new_unit
        Probabilities for the effect in a new unit.
    using, considering
        The thresholds.
    """
    harm = pilots.harm_beyond_sesoi.value
    stay: UsingVerdict = (
        "stop or rework" if harm >= using.stop else "carry on, and watch" if harm >= using.watch else "carry on"
    )
    move: ConsideringVerdict = "no grounds for or against"
    if new_unit.harm_beyond_sesoi.value >= considering.pause:
        move = "pause for thought"
    elif new_unit.benefit_beyond_sesoi.value >= considering.adopt:
        move = "grounds to adopt"
    return Decision(stay, move)


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
