"""Fits on disk: one netCDF file that holds draws, panel, specification and verdicts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from primum.errors import PrimumError, StoreError
from primum.fit.gate import Finding, Gate
from primum.panel import Panel
from primum.spec import Spec

FORMAT = "primum fit 1"
IMPUTED = "primum imputed fit 1"


def pack(
    tree: xr.DataTree, spec: Spec, panel: Panel, gates: Mapping[str, Gate], correlations: xr.Dataset | None = None
) -> xr.DataTree:
    """A fit as one tree: draws, panel, specification, verdicts, and correlations where there are any."""
    parts = {f"outcomes/{name}": child for name, child in tree.children.items()}
    shared = {} if correlations is None else {"correlations": correlations}
    whole = xr.DataTree.from_dict({"panel": panel.dataset, **parts, **shared})
    whole.attrs = {
        "format": FORMAT,
        "spec": spec.to_json(),
        "fingerprint": panel.fingerprint,
        "draws": _fingerprint(tree, correlations),
        "gates": json.dumps({name: asdict(gate) for name, gate in gates.items()}),
    }
    return whole


def write(whole: xr.DataTree, path: Path, *, force: bool) -> None:
    """Write what `pack` made; a file appears only when it is whole.

    Raises
    ------
    StoreError
        If there is a file and `force` is false, or the folder cannot be written to.
    """
    if path.exists() and not force:
        raise StoreError(f"{path} exists; choose another name, or write over it with force")
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        whole.to_netcdf(part, engine="h5netcdf", encoding=_encoding(whole))
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> xr.DataTree:
    """Read what `write` wrote.

    Raises
    ------
    StoreError
        If there is no such file, or it is not a fit.
    """
    if not path.is_file():
        raise StoreError(f"there is no file {path}")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            whole = stored.load()
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path} is not a fit that primum saved: {error}") from None
    if whole.attrs.get("format") not in (FORMAT, IMPUTED):
        raise StoreError(f"{path} is not a fit that this version of primum saved (format {FORMAT!r})")
    return whole


def unpack(whole: xr.DataTree, path: Path) -> tuple[Spec, Panel, xr.DataTree, dict[str, Gate], xr.Dataset | None]:
    """The parts of what `pack` made.

    Raises
    ------
    StoreError
        If a part is missing, or data do not match their fingerprint.
    """
    try:
        spec = Spec.from_json(whole.attrs["spec"])
        panel = Panel(_as_saved(whole["panel"].to_dataset()), spec.data)
        gates = {name: _gate(content) for name, content in json.loads(whole.attrs["gates"]).items()}
        children = {outcome.name: whole["outcomes"].children[outcome.name].copy() for outcome in spec.outcomes}
        tree = xr.DataTree(children=children)
        correlations = _as_saved(whole["correlations"].to_dataset()) if spec.joint else None
        marks = (whole.attrs["fingerprint"], whole.attrs["draws"])
    except (ValueError, KeyError, TypeError, PrimumError) as error:
        raise StoreError(f"{path} is damaged, a part of it is missing or cannot be read: {error}") from None
    if (panel.fingerprint, _fingerprint(tree, correlations)) != marks:
        raise StoreError(f"{path} is damaged: its content does not match its fingerprints; fit again")
    return spec, panel, tree, gates, correlations


def _fingerprint(tree: xr.DataTree, correlations: xr.Dataset | None) -> str:
    """SHA-256 of all parameters' draws, on which every reported number rests."""
    digest = hashlib.sha256()
    draws = {name: child["posterior"].to_dataset() for name, child in tree.children.items()}
    for name, posterior in {**draws, **({} if correlations is None else {"correlations": correlations})}.items():
        for variable in sorted(map(str, posterior.data_vars)):
            digest.update(f"{name}/{variable}".encode())
            digest.update(np.ascontiguousarray(posterior[variable].to_numpy()).tobytes())
    return digest.hexdigest()


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """Light compression of the draws a cell, which are nine tenths of a file."""
    packed = {"zlib": True, "complevel": 1, "shuffle": True}
    encoding = {}
    for node in tree.subtree:
        if node.path.endswith("posterior_predictive"):
            encoding[node.path] = dict.fromkeys(node.data_vars, packed)
    return encoding


def _as_saved(dataset: xr.Dataset) -> xr.Dataset:
    """Text as fixed-width numpy strings again, as a panel made from a table has it."""
    text = {name: dataset[name].astype(str) for name in dataset.coords if dataset[name].dtype.kind in "OTU"}
    return dataset.assign_coords(text)


def _gate(content: dict[str, Any]) -> Gate:
    findings = tuple(Finding(**finding) for finding in content["findings"])
    return Gate(findings, float(content["max_rhat"]), float(np.float64(content["min_ess"])))
