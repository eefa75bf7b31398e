"""Panel: a table of areas by period, checked and frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import xarray as xr

from primum.errors import PanelError
from primum.panel.assemble import assemble
from primum.panel.base import base_weights
from primum.panel.design import design_problems, intervals, usable
from primum.panel.imputed import Name, differences, in_words, split
from primum.panel.read import read_rows
from primum.spec import Layout


@dataclass(frozen=True, eq=False)
class Panel:
    """Outcomes and exposure of units over periods; make one with `Panel.from_frame`.

    Attributes
    ----------
    dataset
        Dims (`unit`, `time`), arrays read-only. For each outcome ``<name>``, its count or
        mean (NaN where missing), or its counts in bins or categories, with a third dim ``<name>_bin``, and
        ``<name>_open`` of the same dims where records may be open;
        ``<name>_denominator`` or ``<name>_standard_error`` where it has one; ``<name>_low`` and
        ``<name>_high``, as the table gives them, where counts may be known as intervals; ``exposure``
        between 0 and 1; ``left_out``, true where a pilot's outcomes are not used because the programme was
        being embedded. Coordinate ``label`` (`unit`) holds readable names, and ``region`` (`unit`) regions
        where the layout has a column of them.
    layout
        How the table was read.
    """

    dataset: xr.Dataset
    layout: Layout

    def __post_init__(self) -> None:
        for variable in self.dataset.variables.values():
            if isinstance(variable.data, np.ndarray):
                variable.data.flags.writeable = False

    @classmethod
    def from_frame(cls, table: Any, layout: Layout) -> Self:
        """Read a long table, one row a unit and period.

        Parameters
        ----------
        table
            A pandas or polars data frame or a pyarrow table; it is not changed.
        layout
            Columns, periods and treatment; `Spec.data` makes one.

        Returns
        -------
        Panel
            Units in the order of their first row, periods sorted. Unit-periods without a
            row are missing in every outcome.

        Raises
        ------
        TypeError
            If `layout` is not a layout.
        PanelError
            With every problem found, naming rows (counted from 1, without the header), columns
            and values; or if the layout names a column of imputations, which `Panel.imputed` reads.

        Examples
        --------
        >>> import primum as pr
        >>> spec = pr.demo_spec()
        >>> table = pr.simulate(seed=1).table
        >>> pr.Panel.from_frame(table, spec.data)
        Panel: 150 units (9 pilots, 141 comparators) x 10 periods (2010 to 2019)
          rereferral: 1500 of 1500 cells observed
          escalation: 1500 of 1500 cells observed
          assessment: 1500 of 1500 cells observed
          kinship: 1500 of 1500 cells observed
        """
        if not isinstance(layout, Layout):
            raise TypeError(f"layout must be a Layout such as spec.data, not a {type(layout).__name__}")
        column = layout.columns.imputation
        if column is not None:
            advice = "where one panel is asked for; leave columns.imputation out, or read all with Panel.imputed"
            raise PanelError("the table", [f"column '{column}' makes it several panels, {advice}"])
        dataset, problems = _dataset_of(table, layout)
        if dataset is None:
            raise PanelError("the table (row 1 is the first below the header)", problems)
        return cls(dataset, layout)

    @classmethod
    def imputed(cls, table: Any, layout: Layout) -> dict[Name, Self]:
        """Read a long table of imputations, each a whole panel; one row an imputation, unit and period.

        Parameters
        ----------
        table, layout
            As in `from_frame`; ``layout.columns.imputation`` names the column that tells imputations apart.

        Returns
        -------
        dict
            A panel an imputation, by its name, in the order of first rows; for `primum.fit`.

        Raises
        ------
        PanelError
            With every problem of every imputation, rows counted from its own first. Imputations may differ in values
            and denominators alone: units, periods, exposure, and which cells are empty must be the same in all.

        Examples
        --------
        >>> import pandas as pd
        >>> import primum as pr
        >>> spec = pr.demo_spec().change({"columns.imputation": "imp"})
        >>> table = pr.simulate(seed=1).table
        >>> both = pd.concat([table.assign(imp=number) for number in (1, 2)])
        >>> list(pr.Panel.imputed(both, spec.data))
        [1, 2]
        """
        frames, problems = split(table, layout)
        if not problems:
            read = {name: _dataset_of(frame, layout) for name, frame in frames.items()}
            problems = in_words({name: found for name, (_, found) in read.items()})
            panels = {name: cls(dataset, layout) for name, (dataset, _) in read.items() if dataset is not None}
            problems = problems or differences({name: panel.dataset for name, panel in panels.items()})
        if problems:
            raise PanelError("the table (row 1 is the first of an imputation's rows)", problems)
        return panels

    def with_base_weights(self, table: Any) -> Self:
        """A copy with base weights of comparators, for specifications whose weights have ``base = "panel"``.

        Parameters
        ----------
        table
            A data frame with columns pilot, comparator and weight, one row a pair; a pair without
            a row has weight 0. A pilot's weights are divided by their sum. A further column outcome
            gives each outcome weights of its own; other columns are not read.

        Raises
        ------
        PanelError
            With every problem found: missing columns, outcomes and units that are not in the panel,
            units on the wrong side, pairs given twice, weights that are negative or not finite, and pilots
            without a comparator.

        Examples
        --------
        >>> import pandas as pd
        >>> import primum as pr
        >>> panel = pr.simulate(units=5, periods=6, pilots=2, seed=1).panel
        >>> pairs = pd.DataFrame({"pilot": [1, 1, 2], "comparator": [3, 4, 5], "weight": [2.0, 1.0, 1.0]})
        >>> panel.with_base_weights(pairs).dataset["base_weight"].values.round(2).tolist()
        [[0.0, 0.0, 0.67, 0.33, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]]
        """
        outcomes = [measure.name for measure in self.layout.measures]
        weights = base_weights(table, np.asarray(self.dataset["unit"]), self.pilots, outcomes)
        before = self.dataset.drop_dims(["base_outcome", "base_pilot", "base_unit"], errors="ignore")
        return type(self)(before.assign(base_weight=weights), self.layout)

    @property
    def pilots(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each unit is ever exposed in the panel; shape (unit,)."""
        return np.asarray((self.dataset["exposure"] > 0).any("time"))

    @property
    def labels(self) -> np.ndarray[Any, Any]:
        """Readable names of the units; shape (unit,)."""
        return np.asarray(self.dataset["label"])

    @property
    def uncompared(self) -> list[str]:
        """Regions without a comparator; none where the layout has no column of regions."""
        if "region" not in self.dataset.coords:
            return []
        regions = np.asarray(self.dataset["region"])
        return sorted(set(regions.tolist()) - set(regions[~self.pilots].tolist()))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of names, coordinates and values: equal for equal panels, whatever the table's type."""
        digest = hashlib.sha256()
        for name in sorted(map(str, self.dataset.variables)):
            values = np.asarray(self.dataset[name])
            digest.update(f"{name}{values.shape}".encode())
            content = values if values.dtype.kind in "biuf" else np.array("\0".join(map(str, values.ravel())))
            digest.update(np.ascontiguousarray(content).tobytes())
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Panel):
            return NotImplemented
        return self.layout == other.layout and self.dataset.identical(other.dataset)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        times = np.asarray(self.dataset["time"])
        pilots = int(self.pilots.sum())
        lines = [
            f"Panel: {units_in_words(self.pilots.size, pilots)} x {times.size} periods ({times[0]} to {times[-1]})"
        ]
        for measure in self.layout.measures:
            observed = usable(self.dataset, measure.name)
            bounded = int((observed & intervals(self.dataset, measure.name)).sum())
            known = f", {bounded} of them as intervals" if bounded else ""
            lines.append(f"  {measure.name}: {int(observed.sum())} of {observed.size} cells observed{known}")
        return "\n".join(lines)


def _dataset_of(table: Any, layout: Layout) -> tuple[xr.Dataset | None, list[str]]:
    """A panel's dataset, or None and every problem found."""
    rows, problems = read_rows(table, layout)
    if rows is None:
        return None, problems
    dataset, found = assemble(rows, layout)
    problems += found
    if not problems and dataset is not None:
        problems += design_problems(dataset, layout)
    return (None if problems else dataset), problems


def units_in_words(units: int, pilots: int) -> str:
    """Number of units, split into pilots and comparators, in words."""
    return f"{units} units ({pilots} pilot{'s' * (pilots != 1)}, {units - pilots} comparators)"
