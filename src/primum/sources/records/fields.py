"""Columns of records as expressions of DuckDB: what is missing, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from primum.sources.records.aggregation import Aggregation

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_TEXT = {"VARCHAR"}
_DATES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_NUMBERS = _WHOLE | {"FLOAT", "DOUBLE", "BOOLEAN"}
_ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f")
_USES = {
    "unit": (_WHOLE | _TEXT, "text or whole numbers"),
    "date": (_DATES | _TEXT, "dates, or text"),
    "number": (_NUMBERS | _TEXT, "numbers, or true and false"),
    "stratum": (_WHOLE | _TEXT | {"BOOLEAN"}, "text or whole numbers"),
}


@dataclass(frozen=True)
class Field:
    """A column in SQL.

    Attributes
    ----------
    value
        Its value, null where it is missing or cannot be read.
    missing
        Whether it is missing.
    text
        How it stands in the file.
    """

    value: str
    missing: str
    text: str


type Fields = dict[tuple[str, str], Field]


def fields_of(aggregation: Aggregation, types: Mapping[str, str]) -> tuple[Fields, list[str]]:
    """The columns that an aggregation reads, by name and use, and what is wrong with their types.

    Parameters
    ----------
    aggregation
        What is read.
    types
        Types of DuckDB, of all columns it names.
    """
    fields, problems = {}, []
    for name, use in uses_of(aggregation):
        allowed, words = _USES[use]
        if _plain(types[name]) in allowed:
            fields[name, use] = _field(name, use, types[name], aggregation.date_format)
        else:
            what = "times with a time zone" if "TIME ZONE" in types[name] else types[name]
            problems.append(f"column '{name}' holds {what}, but a {use} must be {words}; give it as such")
    return fields, problems


def uses_of(aggregation: Aggregation) -> list[tuple[str, str]]:
    """Each column that is read and what for."""
    uses = [(aggregation.unit, "unit"), (aggregation.date, "date"), *((name, "stratum") for name in aggregation.strata)]
    uses += [] if aggregation.weight is None else [(aggregation.weight, "number")]
    for outcome in aggregation.outcomes:
        uses += [(name, "date") for name in (outcome.event, outcome.start, outcome.end) if name is not None]
        uses += [] if outcome.value is None else [(outcome.value, "number")]
    return list(dict.fromkeys(uses))


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _plain(stored: str) -> str:
    """A type without what it holds: decimals are numbers, and categories text."""
    if stored.startswith("ENUM"):
        return "VARCHAR"
    return "DOUBLE" if stored.startswith("DECIMAL") else stored


def _field(name: str, use: str, stored: str, date_format: str | None) -> Field:
    column = quoted(name)
    is_text = _plain(stored) in _TEXT
    text = f"CAST({column} AS VARCHAR)"
    given = f"nullif(trim({text}), '')"
    missing = f"{given} IS NULL" if is_text else f"{column} IS NULL"
    if use == "date":
        if not is_text:
            return Field(f"CAST({column} AS DATE)", missing, text)
        formats = ", ".join(map(literal, _ISO if date_format is None else (date_format,)))
        return Field(f"CAST(try_strptime({given}, [{formats}]) AS DATE)", missing, text)
    if use == "number":
        if not is_text:
            return Field(f"CAST({column} AS DOUBLE)", f"({missing} OR isnan(CAST({column} AS DOUBLE)))", text)
        read = f"CASE lower({given}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE TRY_CAST({given} AS DOUBLE) END"
        return Field(read, missing, text)
    return Field(f"CASE WHEN {missing} THEN NULL ELSE {text} END" if is_text else column, missing, text)
