"""Operating characteristics: how a rule would do, worked out before the outcomes are looked at."""

from primum.design.operating import Operating, operating

__all__ = ["Operating", "operating"]
