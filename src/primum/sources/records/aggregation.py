"""How records become cells, as data."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from primum.errors import SpecError
from primum.sources.records.calendar import Calendar
from primum.spec.strict import STRICT, Positive, Text
from primum.spec.toml import parse, read_toml

RecordReason = Literal[
    "no unit", "no date", "unreadable date", "outside the periods", "no stratum", "no weight", "impossible weight"
]
OutcomeReason = Literal[
    "no value", "not 0 or 1", "no start", "unreadable date", "start after the end of data", "event before the date",
    "end before the start", "follow-up does not fit",
]  # fmt: skip
_EXPOSURE = ("exposure", "start", "embedded")


@dataclass(frozen=True)
class RecordOutcome:
    """One outcome of records; exactly one of `value`, `event` and `end` says which kind.

    Attributes
    ----------
    name
        Short name, a Python identifier, with which its columns begin.
    value
        Column of a yes or no: 1 or 0, or true or false.
    event
        Column of the date of an event, empty where there was none: a yes where it happened within `follow_up`
        days of the record's date.
    end
        Column of the date on which a duration ended, empty where it has not: then it is censored at the end
        of data, and so is one that ended later.
    start
        Column of the date on which a duration began; the record's date where absent.
    follow_up
        Days for which a record must have been observable: those after its date (or a duration's start) that
        do not fit before the end of data make it unusable, whatever happened in them.
    edges
        Durations where bins meet, rising; between whole days, such as 10.5, since durations are whole days.
    log_mean
        Whether means and variances of logarithms of durations are made.
    same_day
        What a duration of 0 days counts as in logarithms, such as 0.5.
    open
        What becomes of durations that are open at the end of data and so make means of logarithms, or
        counts in bins, too short: "refuse" refuses them and names how many; "by bin" counts them by the bin in
        which their follow-up ended, as the key ``open`` of a binned outcome takes them, which is not biased;
        "apart" gives statistics of what is known, which is biased, and their number beside it.
    leave_out
        Reasons for which records are left out of this outcome, and counted; any other is an error.
    """

    __pydantic_config__ = STRICT

    name: Text
    value: Text | None = None
    event: Text | None = None
    end: Text | None = None
    start: Text | None = None
    follow_up: Annotated[int, Field(ge=1)] | None = None
    edges: tuple[Positive, ...] = ()
    log_mean: bool = True
    same_day: Positive | None = None
    open: Literal["refuse", "by bin", "apart"] = "refuse"
    leave_out: tuple[OutcomeReason, ...] = ()

    @property
    def is_duration(self) -> bool:
        """Whether it is a duration rather than a yes or no."""
        return self.end is not None

    @property
    def bins(self) -> tuple[str, ...]:
        """Names of its bins, such as days_0_10, days_11_20 and days_21_plus."""
        if not self.edges:
            return ()
        firsts = [0, *(int(edge) + 1 for edge in self.edges)]
        closed = [f"days_{low}_{high - 1}" for low, high in pairwise(firsts)]
        return (*closed, f"days_{firsts[-1]}_plus")

    @property
    def open_bins(self) -> tuple[str, ...]:
        """Names of counts of open durations by bin, such as open_days_0_10; none unless they are asked for."""
        return tuple(f"open_{name}" for name in self.bins) if self.open == "by bin" else ()

    def problems(self, *, weighted: bool) -> list[str]:
        """What is wrong beyond unknown keys and wrong types."""
        path, found = f"outcomes.{self.name}", []
        kinds = [key for key in ("value", "event", "end") if getattr(self, key) is not None]
        if not self.name.isidentifier():
            found.append(f"{path}: the name must be letters, digits and underscores, starting with a letter")
        if len(kinds) != 1:
            given = f"given are {' and '.join(kinds)}" if kinds else "none is given"
            return [*found, f"{path}: exactly one of value, event and end says what it is; {given}"]
        if kinds == ["event"] and self.follow_up is None:
            found.append(f"{path}.follow_up: this key is missing; an event counts within so many days of the date")
        if kinds == ["value"] and self.follow_up is not None:
            found.append(f"{path}.follow_up: this key goes only with event or end; leave it out")
        if self.is_duration:
            return found + self._duration_problems(path, weighted=weighted)
        foreign = {"start": None, "edges": (), "same_day": None, "log_mean": True, "open": "refuse"}
        return found + [
            f"{path}.{key}: this key goes only with end; leave it out"
            for key, default in foreign.items()
            if getattr(self, key) != default
        ]

    def _duration_problems(self, path: str, *, weighted: bool) -> list[str]:
        found = []
        whole = [f"{edge:g}" for edge in self.edges if edge % 1 == 0]
        if whole:
            words = ", ".join(whole)
            found.append(f"{path}.edges: durations are whole days, so bins cannot meet at {words}; give 10.5, say")
        if list(self.edges) != sorted({int(edge): edge for edge in self.edges}.values()):
            found.append(f"{path}.edges: they must rise, with a whole day between any two")
        if self.open == "by bin" and self.log_mean:
            found.append(f'{path}.open: "by bin" needs edges and log_mean = false, as means have no bins')
        if not self.log_mean and not self.edges:
            found.append(f"{path}: without log_mean, a duration needs edges, or nothing is made of it")
        if not self.log_mean and self.same_day is not None:
            found.append(f"{path}.same_day: this key goes only with log_mean; leave it out")
        if self.edges and weighted:
            found.append(f"{path}.edges: bins are counts of records and cannot be weighted; leave out edges or weight")
        return found


@dataclass(frozen=True)
class Disclosure:
    """What becomes of small counts.

    Attributes
    ----------
    below
        Counts from 1 to one less than this are small; 1 where none is.
    suppress
        Whether small counts are hidden: see `primum.sources.records.disclosure`.
    """

    __pydantic_config__ = STRICT

    below: Annotated[int, Field(ge=1)] = 5
    suppress: bool = False


@dataclass(frozen=True)
class Aggregation:
    """How child- or episode-level records become cells of unit by period, and by stratum where there are any.

    Attributes
    ----------
    unit
        Column of the area.
    date
        Column of the date that places a record in a period, and from which follow-up counts.
    end_of_data
        Day up to which the records are complete; nothing after it is known.
    periods
        How dates become periods, and which are used.
    outcomes
        What is made of the records.
    strata
        Columns of covariates that cells are split by, such as age bands.
    weight
        Column of a weight of each record, above 0.
    date_format
        How dates are written where they are text, such as "%d/%m/%Y"; by default as 2015-03-31, with or
        without a time of day.
    leave_out
        Reasons for which records are left out altogether, and counted; any other is an error.
    empty_cells
        What becomes of cells without records: "no row", and so missing, or a row of "zero" counts.
    disclosure
        What becomes of small counts.

    Examples
    --------
    >>> aggregation = Aggregation.from_dict(
    ...     {
    ...         "unit": "la", "date": "referred", "end_of_data": "2020-03-31",
    ...         "periods": {"rule": "financial year", "first": "2014-04-01", "last": "2019-03-31"},
    ...         "outcomes": {"rereferral": {"event": "referred_again", "follow_up": 365}},
    ...     }
    ... )
    >>> list(aggregation.periods.numbers)
    [2015, 2016, 2017, 2018, 2019]
    """

    __pydantic_config__ = STRICT

    unit: Text
    date: Text
    end_of_data: dt.date
    periods: Calendar
    outcomes: Annotated[tuple[RecordOutcome, ...], Field(min_length=1)]
    strata: tuple[Text, ...] = ()
    weight: Text | None = None
    date_format: Text | None = None
    leave_out: tuple[RecordReason, ...] = ()
    empty_cells: Literal["no row", "zero"] = "no row"
    disclosure: Disclosure = field(default_factory=Disclosure)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read an aggregation from a TOML file; see models/records/children.toml.

        Raises
        ------
        SpecError
            If the file is missing, is not TOML, or holds mistakes; all of them are listed.
        """
        return cls.from_dict(read_toml(Path(path)), str(path))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], subject: str = "the aggregation") -> Self:
        """Make an aggregation from the content of a TOML file.

        Raises
        ------
        SpecError
            With every mistake in the content.
        """
        aggregation = parse(cls, content, subject)
        aggregation.check(subject)
        return aggregation

    def check(self, subject: str = "the aggregation") -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        SpecError
            With everything that does.
        """
        found = [each for outcome in self.outcomes for each in outcome.problems(weighted=self.weight is not None)]
        found += self.periods.problems()
        if self.end_of_data < self.periods.last:
            found.append(
                f"periods.last: data end on {self.end_of_data}, before the last period does ({self.periods.last}), "
                "so its records are not complete; end with an earlier one"
            )
        made = Counter(self.columns)
        twice = [name for name, times in made.items() if times > 1]
        if twice:
            found.append(f"the table would have several columns named {', '.join(twice)}; rename outcomes or strata")
        if found:
            raise SpecError(subject, found)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table: cells, exposure, and those of each outcome."""
        made = [name for outcome in self.outcomes for name in self.columns_of(outcome)]
        return ("unit", "time", "period", *self.strata, *_EXPOSURE, "records", *made, "small")

    def columns_of(self, outcome: RecordOutcome) -> tuple[str, ...]:
        """Columns of one outcome; what they hold is said by `Cells`."""
        if not outcome.is_duration:
            bounds = ("low", "high") if self.disclosure.suppress else ()
            weighted = ("share", "standard_error") if self.weight else ()
            return tuple(f"{outcome.name}_{part}" for part in ("count", "n", *bounds, *weighted))
        spread = "standard_error" if self.weight else "log_variance"
        parts = ["n", "open", *(("geometric_mean", "log_mean", spread) if outcome.log_mean else ())]
        if outcome.bins:
            parts += [*outcome.bins, "binned", *outcome.open_bins]
        return tuple(f"{outcome.name}_{part}" for part in parts)
