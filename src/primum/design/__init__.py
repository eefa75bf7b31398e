"""Operating characteristics: how a rule would do, worked out before the outcomes are looked at."""

from primum.design.false_alarms import false_alarms
from primum.design.operating import Operating, operating

__all__ = ["Operating", "false_alarms", "operating"]
