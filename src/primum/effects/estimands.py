"""The registry of estimands: those that are reported by default, and makers of more.

`ESTIMANDS` are computed for every outcome they apply to; `CORE`, the first of them, are those that everything
else needs. Give `primum.effects` others beside them, made here or by `primum.Estimand`.
"""

from __future__ import annotations

from primum.effects.average import RELATIVE, average
from primum.effects.averages import COHORT, CUMULATIVE, EVENT, PERIOD, SATT, UNIT
from primum.effects.counts import COUNT, COUNT_BY_PERIOD
from primum.effects.moderators import MODERATOR_SLOPE
from primum.effects.new_unit import NEW_UNIT, new_unit_with
from primum.effects.placebo import PLACEBO
from primum.effects.realised import realised
from primum.effects.spread import SHARE_HARMED, SHARE_HARMED_BEYOND, UNIT_SD
from primum.effects.variance import VARIANCE

CORE = (SATT, NEW_UNIT, UNIT, EVENT, COHORT)
ESTIMANDS = (
    *CORE, PERIOD, CUMULATIVE, PLACEBO, *RELATIVE, COUNT, COUNT_BY_PERIOD, UNIT_SD, SHARE_HARMED, SHARE_HARMED_BEYOND,
    MODERATOR_SLOPE,
)  # fmt: skip

__all__ = [
    "COHORT",
    "CORE",
    "COUNT",
    "COUNT_BY_PERIOD",
    "CUMULATIVE",
    "ESTIMANDS",
    "EVENT",
    "MODERATOR_SLOPE",
    "NEW_UNIT",
    "PERIOD",
    "PLACEBO",
    "RELATIVE",
    "SATT",
    "SHARE_HARMED",
    "SHARE_HARMED_BEYOND",
    "UNIT",
    "UNIT_SD",
    "VARIANCE",
    "average",
    "new_unit_with",
    "realised",
]
