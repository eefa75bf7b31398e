"""Tables written with a record of what they were made from, and never over a file unasked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primum.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Provenance:
    """What a table was made from.

    Attributes
    ----------
    command
        The command that made it, such as "primum data dfe".
    sources
        The files that were read.
    options
        The options of the command, as they were used.
    notices
        What was guessed, mended, merged or left out on the way.
    """

    command: str
    sources: Sequence[str | Path]
    options: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[str] = ()


def write_table(frame: pd.DataFrame, path: str | Path, provenance: Provenance, *, force: bool = False) -> Path:
    """Write a table as Parquet or CSV, and beside it a JSON file that says what it was made from.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        A name that ends in .parquet or .csv; its folder is made.
    provenance
        What the table was made from; files are given with their SHA-256.
    force
        Whether to write over files that are there.

    Returns
    -------
    Path
        The JSON file: `path` with .provenance.json in place of its ending.

    Raises
    ------
    StoreError
        If the name ends otherwise, either file is there and `force` is not given, or the folder
        cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> folder = Path(tempfile.mkdtemp())
    >>> record = write_table(pd.DataFrame({"unit": ["301"]}), folder / "la.csv", Provenance("primum data dfe", []))
    >>> record.name, json.loads(record.read_text())["rows"]
    ('la.provenance.json', 1)
    """
    path = Path(path)
    beside = check_target(path, force=force)
    record = _record(frame, path, provenance)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False)
        record["sha256"] = sha256(path)
        beside.write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
    return beside


def check_target(path: str | Path, *, force: bool) -> Path:
    """The file of the record beside a table that may be written there.

    Raises
    ------
    StoreError
        As `write_table` does; call it before long work.
    """
    path = Path(path)
    if path.suffix.lower() not in {".parquet", ".csv"}:
        raise StoreError(f"{path} must end in .parquet or .csv")
    beside = path.with_suffix(".provenance.json")
    there = [str(file) for file in (path, beside) if file.exists()]
    if there and not force:
        raise StoreError(f"{' and '.join(there)} is there already; choose another name, or write over it with --force")
    return beside


def sha256(path: str | Path) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record(frame: pd.DataFrame, path: Path, provenance: Provenance) -> dict[str, Any]:
    return {
        "file": path.name,
        "sha256": "",
        "rows": len(frame),
        "columns": [str(name) for name in frame.columns],
        "command": provenance.command,
        "primum": version("primum"),
        "options": dict(provenance.options),
        "sources": [
            {"file": str(source), "sha256": sha256(source), "bytes": Path(source).stat().st_size}
            for source in provenance.sources
        ],
        "notices": list(provenance.notices),
    }
