"""England's local authorities over time: what changed, and units whose boundaries did not."""

from primum.sources.geography.changes import Authority, Change, Reorganisation, la_changes, reorganisations
from primum.sources.geography.stable import Stable, breaks, stable_units

__all__ = [
    "Authority",
    "Change",
    "Reorganisation",
    "Stable",
    "breaks",
    "la_changes",
    "reorganisations",
    "stable_units",
]
