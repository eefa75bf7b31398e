"""Release: a file of official statistics as it was understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Release:
    """A release in tidy form: one row a published number, and nothing lost.

    Attributes
    ----------
    subject
        The file.
    cells
        One row a number or its absence. Columns:

        ``period``
            Year in which the period ends (whole number); ``time_period`` and ``time_identifier``
            as published.
        ``geographic_level``, ``country_code`` ... ``la_name``
            The place; empty where it does not apply. Other kinds of places follow.
        filters
            Columns of the file that label rows, such as category.
        ``measure``, ``kind``
            What is measured, and "count", "percentage", "rate", "average" or "unknown".
        ``value``
            The number; NaN where it is missing.
        ``low``, ``high``
            The range that it is known to lie in, ends included: both equal the value where there
            is one, 1 and 5 for a suppressed count (or what a total in the file allows: see the module
            `suppression`), NaN where nothing is known. So a panel can hold either, and a likelihood
            can use the range.
        ``reason``
            Why the value is missing: "suppressed", "not available", "not applicable", "rounds to
            zero" (positive, but too small to print), "low reliability", "empty" or
            "spreadsheet error"; "" where it is not.
        ``published``
            The cell as it stands in the file.
    marks
        Data-confidence marks of releases before 2016 (3, 2, 1 high to low; A aggregate, P pilot),
        by place, period and the measures that they are about.
    columns
        One row a column of the file: published name, name, role, year, kind, and whether the
        kind is guessed from the values.
    vintage
        Name of the vintage by which symbols were read.
    notices
        Everything that was guessed, mended or renamed, one sentence each.
    sha256
        Digest of the file.
    """

    subject: str
    cells: pd.DataFrame
    marks: pd.DataFrame
    columns: pd.DataFrame
    vintage: str
    notices: tuple[str, ...]
    sha256: str
