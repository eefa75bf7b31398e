"""Boundary-stable units: local authorities merged where a reorganisation lies between years."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some
from primum.sources.dfe.cells import VALUES
from primum.sources.dfe.place import LOCAL_AUTHORITY, PLACE
from primum.sources.dfe.select import select
from primum.sources.geography.changes import Reorganisation, la_changes, reorganisations
from primum.sources.geography.merge import alone, stacked, summed

if TYPE_CHECKING:
    import pandas as pd

_WHO = ("old_la_code", "la_name", "period")
_SUBJECT = "the merging of local authorities"
_WHY = {
    "percentage": "percentages of parts do not add up to the percentage of the whole; merge the counts and divide",
    "rate": "rates of parts do not add up to the rate of the whole; merge the counts and divide",
    "average": "averages, medians and percentiles of parts do not give those of the whole",
    "unknown": "it is not known to be a count; say so with kinds, if it is",
}


@dataclass(frozen=True)
class Stable:
    """Cells of boundary-stable units.

    Attributes
    ----------
    cells
        One row a unit, period and measure, in the columns of `Release.cells` with ``unit``,
        ``unit_name`` and ``merged_from`` in place of the codes of authorities. A unit that was not
        merged has its three-digit code; a merged one the codes of its newest authorities, such as
        "838+839". For a sum, ``value`` is missing where any part is; ``low`` and ``high`` are the
        sums of the parts' ranges where all have one; ``reason`` is "suppressed" if nothing but
        suppression is in the way, and "part missing" otherwise; ``published`` lists the parts.
    merged
        The reorganisations that lie within the span.
    notices
        What was merged and left out, one sentence each.
    """

    cells: pd.DataFrame
    merged: tuple[Reorganisation, ...]
    notices: tuple[str, ...]


def stable_units(
    cells: pd.DataFrame,
    *,
    measures: Sequence[str] | None = None,
    first: int | None = None,
    last: int | None = None,
    units: Collection[str] | None = None,
) -> Stable:
    """Merge local authorities so that every unit is about one area over a span of years.

    Authorities are followed by their three-digit codes, which outlive new nine-digit codes. Those
    of a reorganisation are merged if codes from both sides of it are within the span; nothing is
    ever split. Counts add up. Other kinds do not, and are refused where something has to be merged.

    Parameters
    ----------
    cells
        `Release.cells`; only its local authorities are used.
    measures
        Those to keep; by default all.
    first, last
        First and last year; by default those of the cells.
    units
        Units to keep, by code; by default all. One that exists on one side of a reorganisation
        alone is refused.

    Raises
    ------
    SourceError
        If measures do not add up, units would have to be split, authorities before and after a
        reorganisation have numbers for one period, an authority has several rows for one number, or
        codes are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({
    ...     "period": [2021, 2022, 2022], "geographic_level": "Local authority",
    ...     "region_name": "East Midlands", "old_la_code": ["928", "940", "941"], "new_la_code": "",
    ...     "la_name": ["Northamptonshire", "North Northamptonshire", "West Northamptonshire"],
    ...     "measure": "referrals", "kind": "count", "value": [90.0, 50.0, None],
    ...     "low": [90.0, 50.0, 1.0], "high": [90.0, 50.0, 5.0], "reason": ["", "", "suppressed"],
    ...     "published": ["90", "50", "c"]})
    >>> stable = stable_units(cells)
    >>> stable.cells[["unit", "period", "value", "low", "high", "reason"]].values.tolist()
    [['940+941', 2021, 90.0, 90.0, 90.0, ''], ['940+941', 2022, nan, 51.0, 55.0, 'suppressed']]
    """
    rows, notices = _within(cells, measures, first, last)
    codes = set(rows["old_la_code"])
    merged = tuple(each for each in reorganisations() if _straddles(each, codes))
    problems = [*_repeated(rows), *_kinds(rows, merged), *_double(rows, merged), *_splits(units, merged, codes)]
    if problems:
        raise SourceError(_SUBJECT, problems)
    unit_of = {part.code: each for each in merged for part in (*each.before, *each.after)}
    tied = rows["old_la_code"].isin(list(unit_of))
    result = stacked([alone(rows[~tied]), *(summed(rows, each) for each in merged)])
    if units is not None:
        result = result[result["unit"].isin(list(units))].reset_index(drop=True)
    return Stable(result, merged, (*notices, *map(_told, merged), *_recoded(rows)))


def breaks(cells: pd.DataFrame) -> list[Reorganisation]:
    """Reorganisations whose authorities are in the cells on both sides of it."""
    own = cells.loc[cells["geographic_level"] == LOCAL_AUTHORITY, "old_la_code"]
    return [each for each in reorganisations() if _straddles(each, set(own))]


def _within(
    cells: pd.DataFrame, measures: Sequence[str] | None, first: int | None, last: int | None
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of local authorities, measures and years that are asked for, and what was left out."""
    chosen = select(cells, measures, first, last)
    problems = []
    own = chosen["geographic_level"] == LOCAL_AUTHORITY
    if not own.any():
        problems.append("no row is about a local authority")
    coded = chosen["old_la_code"].str.fullmatch(r"\d{3}")
    blank = own & (chosen["old_la_code"] == "")
    if blank.any():
        problems.append(f"local authorities have no three-digit code (old_la_code): {_names(chosen[blank])}; add it")
    if problems:
        raise SourceError(_SUBJECT, problems)
    notices = []
    if not own.all():
        notices.append(f"{int((~own).sum()):,} cells of other levels than local authorities were left out")
    if (own & ~coded).any():
        notices.append(f"rows that are about no authority were left out: {_names(chosen[own & ~coded])}")
    return chosen[own & coded], notices


def _names(rows: pd.DataFrame) -> str:
    return list_some(list(dict.fromkeys(rows["la_name"])))


def _straddles(each: Reorganisation, codes: Collection[str]) -> bool:
    return all(any(part.code in codes for part in side) for side in (each.before, each.after))


def _repeated(rows: pd.DataFrame) -> list[str]:
    """Authorities with several rows for one number, such as under an old and a new nine-digit code."""
    keys = ["old_la_code", *(name for name in rows.columns if name not in {*PLACE, *VALUES, "kind", "file"})]
    twice = rows[rows.duplicated(keys, keep=False)]
    if twice.empty:
        return []
    places = [f"{name} ({code}) {year}" for code, name, year in zip(*(twice[key] for key in _WHO), strict=True)]
    return [f"authorities have several rows for one number: {list_some(list(dict.fromkeys(places)))}; keep one of them"]


def _kinds(rows: pd.DataFrame, merged: Sequence[Reorganisation]) -> list[str]:
    """Measures that cannot be merged, if anything has to be."""
    if not merged:
        return []
    pairs = rows[["measure", "kind"]].drop_duplicates()
    wrong = pairs[pairs["kind"] != "count"].groupby("kind", sort=False)["measure"].agg(list)
    places = list_some([each.name for each in merged])
    return [
        f"{list_some(names)}: {kind}, so it cannot be merged for {places}: {_WHY[str(kind)]}; choose other measures, "
        "or years on one side of the reorganisation"
        for kind, names in wrong.items()
    ]


def _double(rows: pd.DataFrame, merged: Sequence[Reorganisation]) -> list[str]:
    """Periods for which authorities before and after a reorganisation have numbers: their sum would count twice."""
    problems = []
    applies = rows[rows["reason"] != "not applicable"]
    for each in merged:
        old, new = (
            set(applies.loc[applies["old_la_code"].isin([part.code for part in side]), "period"])
            for side in (each.before, each.after)
        )
        if old & new:
            names = list_some([part.name for part in each.before])
            problems.append(
                f"{names} and {each.name} both have numbers for {list_some(sorted(old & new))}, so a sum would count "
                "children twice; keep one side of the reorganisation in each year"
            )
    return problems


def _splits(units: Collection[str] | None, merged: Sequence[Reorganisation], codes: Collection[str]) -> list[str]:
    """Units that are asked for but exist on one side of a reorganisation only, or not at all."""
    part_of = {part.code: each for each in merged for part in (*each.before, *each.after)}
    whole = {each.unit for each in merged} | (set(codes) - set(part_of))
    problems = []
    for unit in units or ():
        if unit in part_of:
            each = part_of[unit]
            problems.append(
                f"unit {unit!r} cannot be followed across {each.date:%-d %B %Y} ({each.source}): figures cannot be "
                f"split between authorities; ask for {each.unit!r}, or for years on one side of it"
            )
        elif unit not in whole:
            problems.append(f"there is no unit {unit!r}; units are three-digit codes, or {list_some(sorted(whole))}")
    return problems


def _told(each: Reorganisation) -> str:
    before, after = (
        list_some([f"{part.name} ({part.code})" for part in side], 9) for side in (each.before, each.after)
    )
    return f"{before} and {after} were merged into {each.unit}: {each.source}, from {each.date:%-d %B %Y}"


def _recoded(rows: pd.DataFrame) -> list[str]:
    """Authorities with several nine-digit codes, and whether the table of changes knows them."""
    pairs = rows.loc[rows["new_la_code"] != "", ["old_la_code", "new_la_code", "la_name"]]
    known = {(change.after.code, change.after.ons_code) for change in la_changes()}
    notices = []
    for code, own in pairs.groupby("old_la_code", sort=False):
        codes = list(dict.fromkeys(own["new_la_code"]))
        if len(codes) > 1:
            explained = any((code, each) in known for each in codes)
            why = "one unit, as the area is the same" if explained else "why is not in the table of changes: check it"
            notices.append(f"{own['la_name'].iloc[-1]} ({code}) has the nine-digit codes {', '.join(codes)}: {why}")
    return notices
