"""One pass of DuckDB over records: why some cannot be used, and sums of the others in each cell.

Records are read once and nothing is kept but a row a cell, so that memory grows with cells and not with
records. Logarithms are summed as decimals of twelve places, which do not depend on the order of records or
the number of threads: a table is made again bit by bit. Weighted sums are compensated (Kahan).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from primum.sources.records.aggregation import Aggregation, RecordOutcome
from primum.sources.records.fields import Fields
from primum.sources.records.reasons import Reason, outcome_reasons, record_reasons

_EXACT = "DECIMAL(18, 12)"


@dataclass(frozen=True)
class Query:
    """SQL of an aggregation over a source, and the reasons it counts.

    Attributes
    ----------
    cells
        A row a cell, or a reason for which whole records cannot be used: ``reason`` (its number, from 0, null
        for cells), ``unit``, ``time``, ``stratum_0`` ..., ``records``; for outcome 0 ``o0_n`` and other
        sums, and ``o0_reason_0`` ...
    examples
        One row: the least and greatest text of each reason, as ``r0_low``, ``r0_high``, ``o0_r0_low`` ...
    record_reasons, outcome_reasons
        The reasons, of whole records and of each outcome; a record counts for the first that it meets.
    """

    cells: str
    examples: str
    record_reasons: tuple[Reason, ...]
    outcome_reasons: tuple[tuple[Reason, ...], ...]
    outcomes: tuple[str, ...]

    def examples_of(self, outcome: str, reason: str) -> tuple[str, str]:
        """Names in `examples` of a reason's least and greatest text; the outcome is empty for whole records."""
        place = self.outcomes.index(outcome) if outcome else None
        reasons = self.record_reasons if place is None else self.outcome_reasons[place]
        prefix = "r" if place is None else f"o{place}_r"
        k = [each.name for each in reasons].index(reason)
        return f"{prefix}{k}_low", f"{prefix}{k}_high"


def query_of(aggregation: Aggregation, fields: Fields, source: str) -> Query:
    """Write the SQL of an aggregation.

    Parameters
    ----------
    aggregation
        What is made.
    fields
        Columns of the records, of `fields_of`.
    source
        The table in SQL.
    """
    of_records = record_reasons(aggregation, fields)
    of_outcomes = tuple(outcome_reasons(outcome, aggregation, fields) for outcome in aggregation.outcomes)
    values = [
        f"{fields[aggregation.unit, 'unit'].value} AS unit",
        f"{aggregation.periods.sql(fields[aggregation.date, 'date'].value)} AS time",
        *(f"{fields[name, 'stratum'].value} AS stratum_{k}" for k, name in enumerate(aggregation.strata)),
        *([] if aggregation.weight is None else [f"{fields[aggregation.weight, 'number'].value} AS weight"]),
        f"{_first(of_records)} AS reason",
        *_shown("r", of_records),
    ]
    for i, (outcome, reasons) in enumerate(zip(aggregation.outcomes, of_outcomes, strict=True)):
        values += [f"{sql} AS o{i}_{name}" for name, sql in _values(outcome, aggregation, fields).items()]
        values += [f"{_first(reasons)} AS o{i}_why", *_shown(f"o{i}_r", reasons)]
    cell = ["unit", "time", *(f"stratum_{k}" for k in range(len(aggregation.strata)))]
    keys = ["reason", *(f"CASE WHEN reason IS NULL THEN {name} END AS {name}" for name in cell)]
    sums = ["count(*) AS records"]
    for i, (outcome, reasons) in enumerate(zip(aggregation.outcomes, of_outcomes, strict=True)):
        sums += [f"{sql} AS o{i}_{name}" for name, sql in _sums(i, outcome, weighted=bool(aggregation.weight)).items()]
        sums += [f"count(*) FILTER (reason IS NULL AND o{i}_why = {k}) AS o{i}_reason_{k}" for k in range(len(reasons))]
    read = f"WITH read AS (SELECT {', '.join(values)} FROM {source})"
    grouped = ", ".join(str(place + 1) for place in range(len(keys)))
    return Query(
        cells=f"{read} SELECT {', '.join([*keys, *sums])} FROM read GROUP BY {grouped}",
        examples=f"{read} SELECT {', '.join(_examples(of_records, of_outcomes))} FROM read",
        record_reasons=of_records,
        outcome_reasons=of_outcomes,
        outcomes=tuple(outcome.name for outcome in aggregation.outcomes),
    )


def _values(outcome: RecordOutcome, aggregation: Aggregation, fields: Fields) -> dict[str, str]:
    """What is known of a record: a yes or no, or the days it lasted, whether it is open or ended later, and follow-up.

    Follow-up is the first duration that could not have been seen, one day more than what could.
    """
    if outcome.value is not None:
        return {"yes": f"{fields[outcome.value, 'number'].value} = 1"}
    day = fields[aggregation.date, "date"].value
    if outcome.event is not None:
        return {"yes": f"coalesce({fields[outcome.event, 'date'].value} - {day} <= {outcome.follow_up}, false)"}
    assert outcome.end is not None
    end, start = fields[outcome.end, "date"].value, fields[outcome.start or aggregation.date, "date"].value
    known = f"DATE '{aggregation.end_of_data}'"
    later = f"coalesce({end} > {known}, false)"
    is_open = f"({end} IS NULL OR {later})"
    days = f"(CASE WHEN {is_open} THEN {known} ELSE {end} END) - {start}"
    return {"days": days, "open": is_open, "later": later, "beyond": f"{known} - {start} + 1"}


def _sums(i: int, outcome: RecordOutcome, *, weighted: bool) -> dict[str, str]:
    """Sums over the usable records of a cell, by name."""
    usable = f"reason IS NULL AND o{i}_why IS NULL"

    def count(condition: str) -> str:
        return f"count(*) FILTER ({usable} AND {condition})"

    if not outcome.is_duration:
        sums = {"n": count("true"), "count": count(f"o{i}_yes")}
        return sums | (_weighted(f"CAST(o{i}_yes AS DOUBLE)", usable) if weighted else {})
    days, is_open = f"o{i}_days", f"o{i}_open"
    finished = f"{usable} AND NOT {is_open}"
    sums = {"n": count(f"NOT {is_open}"), "open": count(is_open), "later": count(f"o{i}_later")}
    for k, (low, high) in enumerate(pairwise([-1.0, *outcome.edges, None]) if outcome.edges else ()):
        within = f"{days} > {low}" + ("" if high is None else f" AND {days} < {high}")
        ended, lasting = f"NOT {is_open} AND {within}", f"{is_open} AND {within}"
        if outcome.open == "by bin":  # what a record did in the bin in which its follow-up ended is not used
            ended += "" if high is None else f" AND o{i}_beyond > {high}"
            lasting = f"({is_open} OR {days} > {low}) AND o{i}_beyond > {low}"
            lasting += "" if high is None else f" AND o{i}_beyond < {high}"
        sums |= {f"bin_{k}": count(ended), f"open_{k}": count(lasting)}
    if not outcome.log_mean:
        return sums
    sums["zero"] = count(f"NOT {is_open} AND {days} = 0")
    # a CASE is lazy: days of 0 or less, which a FILTER leaves out, would have no logarithm
    log = f"CASE WHEN {days} > 0 THEN ln({days}) ELSE {math.log(outcome.same_day or 1)} END"
    sums["shortest"], sums["longest"] = (f"{side}({days}) FILTER ({finished})" for side in ("min", "max"))
    if weighted:
        return sums | _weighted(log, finished)
    return sums | {
        "log": f"sum(CAST({log} AS {_EXACT})) FILTER ({finished})",
        "log_square": f"sum(CAST(({log}) * ({log}) AS {_EXACT})) FILTER ({finished})",
    }


def _weighted(value: str, usable: str) -> dict[str, str]:
    """Sums of weights w and values y: of w, w y, w^2, w^2 y and w^2 y^2."""
    terms = {
        "w": "weight", "wy": f"weight * ({value})", "ww": "weight * weight", "wwy": f"weight * weight * ({value})",
        "wwyy": f"weight * weight * ({value}) * ({value})",
    }  # fmt: skip
    return {name: f"fsum({term}) FILTER ({usable})" for name, term in terms.items()}


def _first(reasons: Sequence[Reason]) -> str:
    """Number of the first reason that a record meets, null where it meets none."""
    cases = " ".join(f"WHEN {reason.condition} THEN {k}" for k, reason in enumerate(reasons))
    return f"CASE {cases} END"


def _shown(prefix: str, reasons: Sequence[Reason]) -> list[str]:
    return [f"{reason.shown} AS {prefix}{k}" for k, reason in enumerate(reasons) if reason.shown is not None]


def _examples(of_records: Sequence[Reason], of_outcomes: Sequence[Sequence[Reason]]) -> list[str]:
    wanted = [("r", f"reason = {k}", k, reason) for k, reason in enumerate(of_records)]
    for i, reasons in enumerate(of_outcomes):
        wanted += [(f"o{i}_r", f"reason IS NULL AND o{i}_why = {k}", k, reason) for k, reason in enumerate(reasons)]
    return [
        f"{side}({prefix}{k}) FILTER ({condition}) AS {prefix}{k}_{name}"
        for prefix, condition, k, reason in wanted
        if reason.shown is not None
        for side, name in (("min", "low"), ("max", "high"))
    ]
