"""Panels: one value a unit, period and outcome, with exposure, checked at the door."""

from primum.panel.imputed import Name
from primum.panel.panel import Panel

__all__ = ["Name", "Panel"]
