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
from primum.panel.read import read_rows
from primum.spec import Layout


@dataclass(frozen=True, eq=False)
class Panel:
    """Outcomes and exposure of units over periods; make one with `Panel.from_frame`.

    Attributes
    ----------
    dataset
        Dims (`unit`, `time`), arrays read-only. For each outcome ``<name>``, its count or
        mean (NaN where missing), or its counts in bins, with a third dim ``<name>_bin``;
        ``<name>_denominator`` or ``<name>_standard_error`` where it has one; ``<name>_low`` and
        ``<name>_high``, as the table gives them, where counts may be known as intervals; ``exposure``
        between 0 and 1; ``left_out``, true where a pilot's outcomes are not used because the programme was
        being embedded. Coordinate ``label`` (`unit`) holds readable names.
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
            and values.

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
        rows, problems = read_rows(table, layout)
        dataset = None
        if rows is not None:
            dataset, found = assemble(rows, layout)
            problems += found
            if not problems and dataset is not None:
                problems += design_problems(dataset, layout)
        if problems or dataset is None:
            raise PanelError("the table (row 1 is the first below the header)", problems)
        return cls(dataset, layout)

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


def units_in_words(units: int, pilots: int) -> str:
    """Number of units, split into pilots and comparators, in words."""
    return f"{units} units ({pilots} pilot{'s' * (pilots != 1)}, {units - pilots} comparators)"
