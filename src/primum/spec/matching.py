"""How comparators are to be matched, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, get_args

Method = Literal["nearest", "kernel"]
Metric = Literal["mahalanobis", "euclidean"]
Unmatched = Literal["error", "equal"]


@dataclass(frozen=True)
class Matching:
    """How comparators are matched to pilots.

    Attributes
    ----------
    method
        "nearest": equal weights on each pilot's nearest comparators. "kernel": weights that fall
        smoothly with the distance d, as exp(-d^2 / (2 h^2)).
    distance
        "mahalanobis", which counts what variables have in common once, or "euclidean", over variables
        in standard deviations.
    neighbours
        Number of comparators a pilot is given; for "kernel", the effective number (one over the sum of
        squared weights), to which each pilot's bandwidth is set.
    reuse
        Whether a comparator may serve several pilots. Where not, comparators are allotted so that the
        distances of all pilots together are smallest (Hansen and Klopfer, 2006), which does not depend
        on the order of pilots.
    caliper
        Largest distance of a comparator.
    calipers
        Largest difference in single variables, in standard deviations, by name, such as
        ``{"kinship level": 0.5}``.
    exact
        Covariates in which a comparator must equal its pilot, such as a region.
    outcomes
        Outcomes that comparators are matched on; all where absent.
    per_outcome
        Whether each outcome gets comparators of its own.
    bandwidth
        Bandwidth h of the kernel for all pilots, in the place of `neighbours`.
    shrink
        Whether noisy levels and trends count for less: see `primum.match.noise`.
    unmatched
        What becomes of a pilot without a comparator: an "error", or "equal" base weights on all
        comparators, named in the result.

    Examples
    --------
    >>> Matching(neighbours=2, exact=("region",)).distance
    'mahalanobis'
    """

    method: Method = "nearest"
    distance: Metric = "mahalanobis"
    neighbours: int = 5
    reuse: bool = True
    caliper: float | None = None
    calipers: Mapping[str, float] = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    outcomes: tuple[str, ...] | None = None
    per_outcome: bool = False
    bandwidth: float | None = None
    shrink: bool = True
    unmatched: Unmatched = "error"

    def problems(self) -> list[str]:
        """Settings that are not allowed or contradict each other."""
        problems = [
            f'{name}: "{getattr(self, name)}" is not allowed; use {" or ".join(map(_quoted, get_args(allowed)))}'
            for name, allowed in (("method", Method), ("distance", Metric), ("unmatched", Unmatched))
            if getattr(self, name) not in get_args(allowed)
        ]
        problems += [
            f"{name}: {getattr(self, name)!r} is one text; give a tuple of names, such as ({getattr(self, name)!r},)"
            for name in ("exact", "outcomes")
            if isinstance(getattr(self, name), str)
        ]
        if self.neighbours < 1:
            problems.append(f"neighbours: {self.neighbours} must be 1 or more")
        lengths = {"caliper": self.caliper, "bandwidth": self.bandwidth}
        lengths |= {f"calipers of '{name}'": size for name, size in self.calipers.items()}
        problems += [
            f"{name}: {size:g} must be a finite number above 0"
            for name, size in lengths.items()
            if size is not None and not (isfinite(size) and size > 0)
        ]
        if self.bandwidth is not None and self.method != "kernel":
            problems.append('bandwidth: this goes only with method "kernel"; leave it out')
        if not self.reuse and self.method == "kernel":
            problems.append('reuse: a kernel gives all pilots the same comparators; use method "nearest"')
        return problems


def _quoted(word: str) -> str:
    return f'"{word}"'
