"""Covariates of a panel: from tables of units, or of units and periods."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
from numpy.typing import NDArray

from primum.errors import PanelError
from primum.match.cohorts import first_exposed
from primum.match.join import Array, Covariates, join
from primum.panel import Panel
from primum.panel.rows import list_some


def covariates(
    panel: Panel, tables: Any, *, use: Sequence[str] | None = None, measured: Mapping[str, int] | None = None
) -> Covariates:
    """Join covariates to a panel by unit, and by period where a table has them.

    Parameters
    ----------
    panel
        The panel.
    tables
        A data frame, a list of them, or a mapping from names to them (for messages), each with the
        panel's column of units; with its column of periods too, one row a unit and period, otherwise
        one row a unit. Columns of numbers become covariates, columns of text categories.
    use
        Columns to use; all but those that the panel's layout names where absent.
    measured
        Period in which a covariate that units have one of was measured, by name.

    Raises
    ------
    PanelError
        With every problem in all tables.

    Warns
    -----
    UserWarning
        Naming each covariate that was measured when a pilot was already exposed.

    Examples
    --------
    >>> import pandas as pd
    >>> import primum as pr
    >>> panel = pr.simulate(units=6, periods=6, pilots=1, seed=1).panel
    >>> table = pd.DataFrame({"la": range(1, 7), "idaci": [0.1, 0.2, 0.3, 0.2, 0.4, 0.1], "region": list("NNSNSS")})
    >>> found = pr.covariates(panel, table, measured={"idaci": 2010})
    >>> list(found.fixed), list(found.categories)
    (['idaci'], ['region'])
    """
    named = _named(tables)
    fixed: Mapping[str, Array] = {}
    varying: Mapping[str, Array] = {}
    categories: Mapping[str, NDArray[Any]] = {}
    problems: list[str] = []
    notes: list[str] = []
    given: list[str] = []
    for where, table in named.items():
        frame = nw.from_native(table, eager_only=True)
        joined, found = join(panel, frame, where, use)
        problems += found
        notes += joined.notes
        given += frame.columns
        twice = [name for part in (fixed, varying, categories) for name in part if name in _names(joined)]
        problems += [f"column '{name}' is in several tables; keep one, or rename it" for name in twice]
        fixed, varying = {**fixed, **joined.fixed}, {**varying, **joined.varying}
        categories = {**categories, **joined.categories}
    problems += [f"no table has column '{name}'; {_hint(name, given)}" for name in use or () if name not in given]
    measured = measured or {}
    problems += _measured_problems(measured, fixed, varying, use)
    if problems:
        raise PanelError("the covariates (row 1 is the first below the header)", problems)
    late = _late(panel, {name: at for name, at in measured.items() if name in fixed})
    for note in late:
        warnings.warn(note, UserWarning, stacklevel=2)
    unsaid = [name for name in fixed if name not in measured]
    if unsaid:
        notes.append(f"not said when these covariates were measured, taken to be before exposure: {list_some(unsaid)}")
    return Covariates(fixed, varying, categories, (*late, *notes))


def _named(tables: Any) -> Mapping[str, Any]:
    if isinstance(tables, Mapping):
        return tables
    if isinstance(tables, list | tuple):
        return {f"table {number}": table for number, table in enumerate(tables, start=1)}
    return {"the table": tables}


def _names(joined: Covariates) -> set[str]:
    return {*joined.fixed, *joined.varying, *joined.categories}


def _hint(name: str, given: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, given, n=1)
    return f"did you mean {close[0]!r}?" if close else f"columns are {list_some(given, 20)}"


def _measured_problems(
    measured: Mapping[str, int], fixed: Mapping[str, Any], varying: Mapping[str, Any], use: Sequence[str] | None
) -> list[str]:
    problems = []
    for name in measured:
        if name in varying:
            problems.append(
                f"measured: '{name}' has a value a period, so its table says when; leave it out of measured"
            )
        elif name not in fixed:
            problems.append(f"measured: there is no numeric covariate '{name}'; {_hint(name, [*fixed])}")
    return problems


def _late(panel: Panel, measured: Mapping[str, int]) -> list[str]:
    starts, names = first_exposed(panel), panel.labels
    notes = []
    for name, at in measured.items():
        exposed = [str(names[i]) for i, start in starts.items() if start <= at]
        if exposed:
            notes.append(
                f"covariate '{name}' was measured in {at}, when these pilots were already exposed, and may carry the "
                f"programme's effect: {list_some(exposed)}; give one from before, or leave it out"
            )
    return notes
