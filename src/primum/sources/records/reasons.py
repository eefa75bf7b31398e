"""Why records cannot be used, as conditions of DuckDB; a record counts for the first that it meets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from primum.sources.records.aggregation import Aggregation, RecordOutcome
from primum.sources.records.fields import Fields


@dataclass(frozen=True)
class Reason:
    """Why records cannot be used: a name, the condition in SQL, and which text shows it (in SQL)."""

    name: str
    condition: str
    shown: str | None = None


def record_reasons(aggregation: Aggregation, fields: Fields) -> tuple[Reason, ...]:
    """Why whole records cannot be used."""
    unit, day = fields[aggregation.unit, "unit"], fields[aggregation.date, "date"]
    bounds = f"DATE '{aggregation.periods.first}' AND DATE '{aggregation.periods.last}'"
    reasons = [
        Reason("no unit", unit.missing),
        Reason("no date", day.missing),
        Reason("unreadable date", f"{day.value} IS NULL", day.text),
        Reason("outside the periods", f"{day.value} NOT BETWEEN {bounds}", day.text),
    ]
    strata = [fields[name, "stratum"] for name in aggregation.strata]
    if strata:
        reasons.append(Reason("no stratum", " OR ".join(stratum.missing for stratum in strata)))
    if aggregation.weight is not None:
        weight = fields[aggregation.weight, "number"]
        usable = f"{weight.value} > 0 AND isfinite({weight.value})"
        reasons.append(Reason("no weight", weight.missing))
        reasons.append(Reason("impossible weight", f"({usable}) IS NOT TRUE", weight.text))
    return tuple(reasons)


def outcome_reasons(outcome: RecordOutcome, aggregation: Aggregation, fields: Fields) -> tuple[Reason, ...]:
    """Why an outcome cannot use records that can be used otherwise."""
    day = fields[aggregation.date, "date"]
    if outcome.value is not None:
        value = fields[outcome.value, "number"]
        return (
            Reason("no value", value.missing),
            Reason("not 0 or 1", f"({value.value} IN (0, 1)) IS NOT TRUE", value.text),
        )
    if outcome.event is not None:
        event = fields[outcome.event, "date"]
        return (
            Reason("unreadable date", f"NOT {event.missing} AND {event.value} IS NULL", event.text),
            Reason(
                "event before the date", f"{event.value} < {day.value}", f"{event.text} || ' before ' || {day.text}"
            ),
            *_follow_up(outcome, aggregation, day.value),
        )
    assert outcome.end is not None
    end, start = fields[outcome.end, "date"], fields[outcome.start or aggregation.date, "date"]
    bad = [f"(NOT {each.missing} AND {each.value} IS NULL)" for each in (start, end)]
    known = f"DATE '{aggregation.end_of_data}'"
    return (
        Reason("no start", start.missing),
        Reason("unreadable date", " OR ".join(bad), f"CASE WHEN {bad[0]} THEN {start.text} ELSE {end.text} END"),
        Reason("start after the end of data", f"{start.value} > {known}", start.text),
        Reason("end before the start", f"{end.value} < {start.value}", f"{end.text} || ' before ' || {start.text}"),
        *_follow_up(outcome, aggregation, start.value),
    )


def _follow_up(outcome: RecordOutcome, aggregation: Aggregation, start: str) -> tuple[Reason, ...]:
    if outcome.follow_up is None:
        return ()
    latest = aggregation.end_of_data - timedelta(days=outcome.follow_up)
    return (Reason("follow-up does not fit", f"{start} > DATE '{latest}'", f"CAST({start} AS VARCHAR)"),)
