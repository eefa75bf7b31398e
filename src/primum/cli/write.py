"""Folders and figures for results, without writing over any."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from primum.errors import StoreError

Format = Literal["csv", "parquet"]
DPI = 200
_FIGURES = (".png", ".svg", ".pdf")


def open_folder(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """Make a folder before anything is written, and refuse to write over files of these names in it.

    Raises
    ------
    StoreError
        If any is there already, or the folder cannot be made or written to.
    """
    there = [name for name in names if (folder / name).exists()]
    if there and not force:
        raise StoreError(
            f"{folder} already holds {', '.join(there)}; choose another --out, or write over them with --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made a folder for the results: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise StoreError(f"{folder} cannot be written to; choose another --out")


def check_figure(path: Path, *, force: bool) -> None:
    """Refuse a file that no figure can be drawn to; called before long work.

    Raises
    ------
    StoreError
        If its ending is of another kind, it is there already, or its folder is not.
    """
    if path.suffix.lower() not in _FIGURES:
        raise StoreError(f"{path} must end in {', '.join(_FIGURES)}")
    if path.exists() and not force:
        raise StoreError(f"{path} is there already; choose another name, or write over it with --force")
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent} is no folder; make it first")
