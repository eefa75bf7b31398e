"""The errors primum raises, all under one root.

::

    PrimumError
    ├── InputError            what the user gave cannot be used; lists every problem found
    │   ├── SpecError         the specification
    │   ├── PanelError        the table, or what the specification says about it
    │   ├── MatchError        how comparators are to be matched, or pilots that none can be found for
    │   └── SourceError       a file of official statistics or records, or what was asked of it
    └── StoreError            a file that is missing, not ours, or would be overwritten
"""

from __future__ import annotations

from collections.abc import Sequence


class PrimumError(Exception):
    """Root of all errors that primum raises on purpose."""


class InputError(PrimumError):
    """Input that cannot be used, with every problem found in it.

    Parameters
    ----------
    subject
        What was read, in words: "the table", or a file's name.
    problems
        One sentence a problem: what is wrong, where, and how to mend it.

    Examples
    --------
    >>> print(InputError("the table", ["column 'la' is missing", "column 'year' is missing"]))
    2 problems in the table:
      1. column 'la' is missing
      2. column 'year' is missing
    """

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join([f"{count} in {subject}:", *lines]))


class SpecError(InputError):
    """A specification that cannot be used."""


class PanelError(InputError):
    """A table that cannot become a panel under its specification."""


class MatchError(InputError):
    """Matching that contradicts itself, or pilots that no comparator can be found for."""


class SourceError(InputError):
    """A file of official statistics or of records that cannot be read without guessing, or a wish it cannot meet."""


class StoreError(PrimumError):
    """A file that is missing, is not one of ours, or would be overwritten."""
