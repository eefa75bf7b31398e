"""How an effect may differ: over event time, between cohorts, and with what is known of pilots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from primum.spec.strict import STRICT, Text


@dataclass(frozen=True)
class Effect:
    """The form of the effect (design, equation 6), beside its spread between pilots.

    Attributes
    ----------
    spread
        How the effects of single pilots scatter around what they share: "normal", or "heavy-tailed" (Student-t with 4
        degrees of freedom, `sigma_tau` its scale), so that one odd pilot neither carries the average nor is drawn
        into it.
    over_time
        "constant", or "event time": the effect moves with the periods since a pilot's start, as a
        random walk around its mean over those periods; or "event time by cohort": each cohort's departs
        from that by a random walk of its own, with steps of the same size.
    cohorts
        "together", or "apart": pilots that start together have an effect of their own around the
        average, partially pooled.
    moderators
        Columns with something known of pilots, constant within a unit, such as a rating or a dose.
        Each is centred and scaled over the pilots, and its coefficient is the change of the effect
        on the linear predictor for one SD.
    """

    __pydantic_config__ = STRICT

    spread: Literal["normal", "heavy-tailed"] = "normal"
    over_time: Literal["constant", "event time", "event time by cohort"] = "constant"
    cohorts: Literal["together", "apart"] = "together"
    moderators: tuple[Text, ...] = ()

    def problems(self, path: str) -> list[str]:
        """Columns that are named twice."""
        twice = sorted({name for name in self.moderators if self.moderators.count(name) > 1})
        return [f"{path}.moderators: '{name}' is named more than once; name it once" for name in twice]
