"""Releases of the Department for Education: what is in them, and why what is not is missing."""

from primum.sources.dfe.read import read_dfe
from primum.sources.dfe.release import Release

__all__ = ["Release", "read_dfe"]
