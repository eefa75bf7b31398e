"""The real files that the repository does not ship, and what is said where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path("shared") / "data" / "la"
_ROOT = Path(__file__).parents[2]
_DATA = Path(os.environ.get("PRIMUM_DATA", _ROOT.parent / "shared" / "data")) / "la"

CENSUS = "dfe_cin_census"
LEGACY = f"{CENSUS}/legacy_ud_2010_2017"
LOOKED_AFTER = "dfe_cla_ssda903"
LOOKED_AFTER_LEGACY = f"{LOOKED_AFTER}/legacy_ud_2010_2019"
C1 = f"{CENSUS}/ees_2013_2025/c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv"
C1_2020 = f"{CENSUS}/ees_2013_2020/c1_children_in_need_referrals_and_rereferrals_2013_to_2020.csv"
C2 = f"{CENSUS}/ees_2013_2022/c2_children_in_need_assessments_duration_2014_to_2022.csv"


def real(name: str) -> Path:
    """A real file, or a skip that names it."""
    path = _DATA / name
    if not path.is_file():
        pytest.skip(f"needs ../{FOLDER / name}, which is not part of the repository")
    return path


def releases() -> list[Path]:
    """Every release, or a skip."""
    if not _DATA.is_dir():
        pytest.skip(f"needs ../{FOLDER}, which is not part of the repository")
    return sorted(path for path in _DATA.glob("dfe_c*/**/*") if path.suffix.lower() == ".csv")
