"""How a table is laid out: its columns, the periods used, and when exposure starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from primum.spec.strict import STRICT, Text

Embedding = Literal["ramp", "leave out"]
Kind = Literal["count", "events", "positive", "real", "bins", "categories"]


@dataclass(frozen=True)
class Columns:
    """Names of the table's columns.

    Exposure comes from one of three places: `start` (with or without `embedded`), `pilot`
    together with a start in `Treatment`, or `exposure`.

    Attributes
    ----------
    unit
        The area, one value a unit.
    time
        The period, a whole number such as a year.
    label
        A readable name for the unit, constant within it; the unit itself where absent.
    start
        First period with any exposure, constant within a unit; empty for comparators.
    embedded
        First period of full exposure, constant within a unit; equal to `start` where absent.
    pilot
        1 for pilots and 0 for comparators, constant within a unit.
    exposure
        The exposure itself, between 0 and 1, one value a unit and period.
    regions
        The region of a unit, constant within it, for outcomes whose path goes by region.
    imputation
        Which imputation a row belongs to, where missing values were filled in several times; each holds all rows.
    """

    __pydantic_config__ = STRICT

    unit: Text
    time: Text
    label: Text | None = None
    start: Text | None = None
    embedded: Text | None = None
    pilot: Text | None = None
    exposure: Text | None = None
    regions: Text | None = None
    imputation: Text | None = None


@dataclass(frozen=True)
class Periods:
    """First and last period used, both included; all periods of the table where absent."""

    __pydantic_config__ = STRICT

    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class Treatment:
    """When exposure starts and what happens while the programme is being embedded.

    Attributes
    ----------
    start, embedded
        First period with any exposure and first period of full exposure, for all pilots
        alike; only with `Columns.pilot`.
    embedding
        "ramp": exposure rises in equal steps from the start to full exposure.
        "leave out": pilots' outcomes in the embedding window are not used.
    anticipation
        How long before its start a pilot may already have changed, in periods; its outcomes of
        that time are not used.
    """

    __pydantic_config__ = STRICT

    start: int | None = None
    embedded: int | None = None
    embedding: Embedding = "ramp"
    anticipation: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Measure:
    """The columns of one outcome: its value (a count, a mean, counts in bins or categories) and what is beside it."""

    name: str
    value: str | tuple[str, ...]
    denominator: str | None
    kind: Kind
    standard_error: str | None = None
    low: str | None = None
    high: str | None = None
    open: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.values, *self.open, *self.parts.values(), *self.covariates)

    @property
    def split(self) -> bool:
        """Whether its records are counted in several columns, one a bin or category."""
        return self.kind in ("bins", "categories")

    @property
    def parts(self) -> dict[str, str]:
        """Those beside the value's: denominator, standard error, and bounds of a count, as far as there are any."""
        named = {
            "denominator": self.denominator, "standard_error": self.standard_error, "low": self.low, "high": self.high
        }  # fmt: skip
        return {part: column for part, column in named.items() if column is not None}

    @property
    def values(self) -> tuple[str, ...]:
        """That of the value, or one a bin or category."""
        return (self.value,) if isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Layout:
    """Everything needed to turn a table into a panel; `Spec.data` makes one."""

    columns: Columns
    periods: Periods
    treatment: Treatment
    measures: tuple[Measure, ...]
    moderators: tuple[str, ...] = ()
