"""Imputed: fits of several imputations of one panel, whose draws together are one posterior."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import xarray as xr

from primum.errors import StoreError
from primum.fit.gate import Gate, mixed, together, worst_of
from primum.fit.result import Fit
from primum.fit.store import IMPUTED, read, unpack, write
from primum.panel import Name, Panel
from primum.spec import Spec


@dataclass(frozen=True, eq=False)
class Imputed:
    """An evaluation fitted to every imputation of its panel; make one with `primum.fit`.

    Its posterior is the mixture of theirs, with equal weights: draws of all of them together (Gelman and others, 2013,
    *Bayesian Data Analysis*, section 18.2; Zhou and Reiter, 2010).

    Attributes
    ----------
    spec
        What was fitted.
    fits
        A fit an imputation, by its name, each with a seed of its own.
    """

    spec: Spec
    fits: Mapping[Name, Fit]

    @property
    def panel(self) -> Panel:
        """The first imputation; units, periods and exposure are those of all."""
        return next(iter(self.fits.values())).panel

    @property
    def panels(self) -> dict[Name, Panel]:
        """All imputations by name."""
        return {name: each.panel for name, each in self.fits.items()}

    @property
    def gates(self) -> dict[str, Gate]:
        """Verdict on each outcome: that of the worst imputation, which is named."""
        return {
            outcome.name: worst_of({name: each.gates[outcome.name] for name, each in self.fits.items()})
            for outcome in self.spec.outcomes
        }

    @property
    def gate(self) -> Gate:
        """Verdict on all outcomes together."""
        return together(self.gates.values())

    def posterior(self, outcome: str) -> xr.Dataset:
        """Draws of one outcome's parameters, eta left out; dims (chain, draw, ...), chains with ``imputation``."""
        return mixed({name: each.posterior(outcome).drop_vars("eta") for name, each in self.fits.items()})

    @property
    def correlations(self) -> xr.Dataset | None:
        """Draws of the correlations between outcomes, chains with ``imputation``; None where they were fitted apart."""
        each = {name: found.correlations for name, found in self.fits.items() if found.correlations is not None}
        return mixed(each) if each else None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all panels."""
        return hashlib.sha256("".join(each.fingerprint for each in self.fits.values()).encode()).hexdigest()

    @property
    def seconds(self) -> dict[str, float]:
        """How long it took to compile and to sample, in all."""
        return {name: sum(each.seconds[name] for each in self.fits.values()) for name in ("compile", "sample")}

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Save as one netCDF file; as `Fit.save`."""
        parts = {str(place): each.packed() for place, each in enumerate(self.fits.values())}
        whole = xr.DataTree(children=parts)
        whole.attrs = {"format": IMPUTED, "spec": self.spec.to_json(), "names": json.dumps(list(self.fits))}
        write(whole, Path(path), force=force)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load what `save` wrote; equal to what was saved.

        Raises
        ------
        StoreError
            If there is no such file, or it does not hold fits of several imputations.
        """
        path = Path(path)
        whole = read(path)
        if whole.attrs["format"] != IMPUTED:
            raise StoreError(f"{path} holds a fit of one panel; load it with primum.Fit.load")
        try:
            spec, names = Spec.from_json(whole.attrs["spec"]), json.loads(whole.attrs["names"])
            parts = [whole.children[str(place)] for place in range(len(names))]
        except (ValueError, KeyError) as error:
            raise StoreError(f"{path} is damaged, a part of it is missing or cannot be read: {error}") from None
        return cls(spec, {name: Fit(*unpack(part, path)) for name, part in zip(names, parts, strict=True)})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Imputed):
            return NotImplemented
        return self.spec == other.spec and dict(self.fits) == dict(other.fits)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        lines = [f"{len(self.fits)} imputations of '{self.spec.title}': gate {self.gate.verdict}"]
        for name, gate in self.gates.items():
            lines.append(
                f"  {name}: {gate.verdict}, R-hat at most {gate.max_rhat:.3f}, "
                f"at least {gate.min_ess:.0f} effective draws in each"
            )
        return "\n".join(lines)


def load_fit(path: str | Path) -> Fit | Imputed:
    """Load a fit of one panel or of several imputations.

    Raises
    ------
    StoreError
        If there is no such file, or it is not a fit.
    """
    return Imputed.load(path) if read(Path(path)).attrs["format"] == IMPUTED else Fit.load(path)
