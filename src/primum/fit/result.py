"""Fit: draws of every outcome, with the specification and the panel that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import xarray as xr

from primum.errors import StoreError
from primum.fit.gate import Gate, together
from primum.fit.store import FORMAT, pack, read, unpack, write
from primum.panel import Panel
from primum.spec import Spec


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted evaluation; make one with `primum.fit`.

    Attributes
    ----------
    spec, panel
        What was fitted, and to what.
    tree
        One child an outcome, each with the groups posterior, posterior_predictive,
        observed_data, sample_stats and log_likelihood; dims chain, draw, unit, time, pilot. Predictions and log
        likelihood are of some 1,000 evenly spaced draws, close to independent: give ``reff=1`` to `arviz.loo`, which
        would take the effective draws of the whole posterior for theirs.
    gates
        Verdict on each outcome's sampler, parameters and latents, and on the correlations where there are any.
    correlations
        Draws of the correlations between outcomes that were fitted jointly: variables level, path, effect and, with
        comparator weights, weight, dims (chain, draw, outcome, other). Draws of all outcomes then go together, one by
        one. None where outcomes were fitted apart.
    """

    spec: Spec
    panel: Panel
    tree: xr.DataTree
    gates: Mapping[str, Gate]
    correlations: xr.Dataset | None = None

    @property
    def gate(self) -> Gate:
        """Verdict on all outcomes together."""
        return together(self.gates.values())

    def __getitem__(self, outcome: str) -> xr.DataTree:
        """Draws of one outcome, a tree that ArviZ understands."""
        return self.tree.children[self.spec.outcome(outcome).name]

    def posterior(self, outcome: str) -> xr.Dataset:
        """Posterior draws of one outcome's parameters; dims (chain, draw, ...)."""
        return self[outcome]["posterior"].to_dataset()

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Save as one netCDF file.

        Parameters
        ----------
        path
            Where to.
        force
            Whether to write over a file that is there.

        Raises
        ------
        StoreError
            If there is a file and `force` is false.
        """
        write(self.packed(), Path(path), force=force)

    def packed(self) -> xr.DataTree:
        """All of it as one tree, which `save` writes."""
        return pack(self.tree, self.spec, self.panel, self.gates, self.correlations)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a fit that `save` wrote; equal to the one that was saved.

        Raises
        ------
        StoreError
            If there is no such file, or it is not a fit of this format, or one of several imputations.
        """
        whole = read(Path(path))
        if whole.attrs["format"] != FORMAT:
            raise StoreError(f"{path} holds fits of several imputations; load it with primum.Imputed.load")
        return cls(*unpack(whole, Path(path)))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the panel."""
        return self.panel.fingerprint

    @property
    def seconds(self) -> dict[str, float]:
        """How long it took to compile and to sample."""
        return {
            name: sum(float(tree.attrs[f"seconds_{name}"]) for tree in self.tree.children.values())
            for name in ("compile", "sample")
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fit):
            return NotImplemented
        same = self.spec == other.spec and self.panel == other.panel and dict(self.gates) == dict(other.gates)
        mine, theirs = self.correlations, other.correlations
        alike = mine is theirs if mine is None or theirs is None else mine.identical(theirs)
        return same and alike and self.tree.identical(other.tree)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        lines = [f"Fit of '{self.spec.title}': gate {self.gate.verdict}"]
        for outcome in self.spec.outcomes:
            gate = self.gates[outcome.name]
            sizes = self.posterior(outcome.name).sizes
            lines.append(
                f"  {outcome.name}: {gate.verdict}, {sizes['chain']} chains x {sizes['draw']} draws, "
                f"R-hat at most {gate.max_rhat:.3f}, at least {gate.min_ess:.0f} effective draws"
            )
        return "\n".join(lines)
