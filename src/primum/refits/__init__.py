"""Refits: exact fits of one outcome that are short, judged and many."""

from primum.refits.refit import Refit, refit
from primum.refits.refits import refits, table_of

__all__ = ["Refit", "refit", "refits", "table_of"]
