"""Checkpoints: finished outcomes of a run that may be killed before it ends."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Self

import xarray as xr

from primum.fit.attempts import attempts_of
from primum.fit.compile import fingerprint
from primum.panel import Panel
from primum.spec import Spec


@dataclass(frozen=True)
class Checkpoints:
    """Finished outcomes in a folder; keeps nothing where the folder is None.

    Attributes
    ----------
    folder
        Where they are.
    key
        What they depend on; those of another key are not used.
    """

    folder: Path | None
    key: str

    @classmethod
    def open(cls, folder: str | Path | None, spec: Spec, panel: Panel) -> Self:
        """Checkpoints of a specification, a panel and this version of the engine."""
        engine = fingerprint() + "".join(version(name) for name in ("primum", "nutpie"))
        # a first attempt is the same whether there may be a second or not
        lone = replace(spec, sampler=replace(spec.sampler, attempts=1))
        content = lone.to_json() + panel.fingerprint + engine
        return cls(None if folder is None else Path(folder), hashlib.sha256(content.encode()).hexdigest()[:16])

    def load(self, outcome: str, attempts: int) -> xr.DataTree | None:
        """A finished outcome, or None where there is none, or it took more attempts than are allowed."""
        path = self._path(outcome)
        if path is None or not path.is_file():
            return None
        try:
            with xr.open_datatree(path, engine="h5netcdf") as stored:
                found = stored.load()
        except (OSError, ValueError, KeyError):  # damaged: it is made anew
            return None
        return found if attempts_of(found) <= attempts else None

    def save(self, outcome: str, tree: xr.DataTree) -> None:
        """Keep a finished outcome; the file appears only when it is whole."""
        path = self._path(outcome)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        tree.to_netcdf(part, engine="h5netcdf")
        part.replace(path)

    def _path(self, outcome: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{outcome}-{self.key}.nc"
