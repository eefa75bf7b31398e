"""Releases of the Department for Education: what is in them, and why what is not is missing."""

from primum.sources.dfe.combine import combine
from primum.sources.dfe.read import read_dfe
from primum.sources.dfe.release import Release
from primum.sources.dfe.select import select
from primum.sources.dfe.wide import widen

__all__ = ["Release", "combine", "read_dfe", "select", "widen"]
