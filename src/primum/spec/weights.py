"""Comparator weights: which comparators a pilot's drift is expected to follow, and how closely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from primum.spec.strict import STRICT, Positive


@dataclass(frozen=True)
class Weights:
    """The prior on comparator weights (design, equations 4 and 5).

    A pilot's drift is a weighted mean of its comparators' drifts plus a drift of its own, which
    has the share kappa squared of a comparator's variance. Weights are logistic-normal around the
    base weights: on the log scale each departs from its base with SD `scale`.

    Attributes
    ----------
    base
        "none" leaves comparators' drifts out of the pilots' (kappa = 1: pilots drift like any
        comparator); "equal" gives every comparator the same base weight; "panel" takes those that
        `Panel.with_base_weights` was given.
    scale
        SD of the logarithm of a weight around its base; 0 fixes weights at their base. Larger ones
        let weights fit noise in short pre-periods.
    shared
        Share of that variance which pilots have in common: 1 gives all pilots the same departures.
    kappa
        Fixed kappa, or None to learn it under its prior (`priors.kappa`, on kappa squared).
    """

    __pydantic_config__ = STRICT

    base: Literal["none", "equal", "panel"] = "none"
    scale: Annotated[float, Field(ge=0, le=5)] = 0.5
    shared: Annotated[float, Field(ge=0, le=1)] = 0.5
    kappa: Positive | None = None

    def problems(self, path: str) -> list[str]:
        """Settings that contradict each other."""
        if self.base == "none" and self.kappa is not None:
            return [f"{path}.kappa: without weights kappa is 1; leave it out, or set base"]
        return []
