"""What to say of matches: pilots that lack a variable or a comparator, and what was done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.match.cohorts import Mask
from primum.match.group import Group, exact_values
from primum.match.join import Covariates
from primum.panel import Panel
from primum.panel.rows import list_some
from primum.spec.matching import Matching


def missing_in_pilots(panel: Panel, groups: Sequence[Group], exact: Sequence[str], given: Covariates) -> list[str]:
    """Pilots that lack a variable they would be matched on."""
    problems = [
        f"pilot {panel.labels[i]!s} lacks '{variable.name}'; fill it, or leave that out"
        for group in groups
        for each in group.comparisons
        for variable in each.matched_on
        for i in each.cohort.pilots
        if not np.isfinite(variable.value[i])
    ]
    for name in exact:
        values = exact_values(given, name)
        problems += [
            f"pilot {panel.labels[i]!s} lacks '{name}', which must be equal; fill it, or leave that out"
            for i in np.flatnonzero(panel.pilots)
            if values[i] is None or values[i] != values[i]
        ]
    return problems


def why_alone(panel: Panel, group: Group, steps: dict[str, Mask], pilot: int, matching: Matching) -> str:
    """Why a pilot has no comparator, and what became of it or would give it one.

    Parameters
    ----------
    panel, group, matching
        What was matched, and how.
    steps
        Comparators that each condition leaves, in words; shape (pilot, comparator).
    pilot
        Its row in them.
    """
    label = panel.labels[panel.pilots][pilot]
    left = ", ".join(f"{int(mask[pilot].sum())} {words}" for words, mask in steps.items())
    known = group.distance[pilot][np.isfinite(group.distance[pilot])]
    nearest = f"; the nearest of all is at a distance of {known.min():.2f}" if known.size else ""
    taken = "" if not list(steps.values())[-1][pilot].any() else ", and other pilots took these"
    of = "" if group.outcome is None else f" for {group.outcome}"
    reuse = "" if matching.reuse else ", allow reuse"
    mend = f'widen calipers, match exactly on less{reuse}, or give it equal weights with unmatched "equal"'
    end = "it has equal weights on all of them" if matching.unmatched == "equal" else mend
    total = int((~panel.pilots).sum())
    return f"pilot {label} has no comparator{of}: of {total}, one after the other, {left}{taken}{nearest}; {end}"


def notes_of(panel: Panel, groups: Sequence[Group], matching: Matching, given: Covariates) -> list[str]:
    """What was done that a reader must know."""
    counts = "; noisy ones are drawn to the mean and count for less" if matching.shrink else ""
    notes = [f"levels and trends are those of lines through the cells observed before exposure{counts}"]
    lacking: dict[str, set[str]] = {}
    for group in groups:
        for each in group.comparisons:
            for variable in each.matched_on:
                for i in each.cohort.others[~np.isfinite(variable.value[each.cohort.others])]:
                    lacking.setdefault(str(panel.labels[i]), set()).add(variable.name)
    if lacking:
        units = [f"{label} ({', '.join(sorted(names))})" for label, names in lacking.items()]
        notes.append(f"comparators that lack a variable and have no distance to some pilots: {list_some(units, 8)}")
    if matching.shrink:
        noisy = _noisy(groups)
        if noisy:
            notes.append(f"differences that are mostly noise and count for little: {list_some(noisy)}")
    if given.varying:
        names = list_some(list(given.varying))
        notes.append(f"averaged over each pilot's periods before exposure, later ones not used: {names}")
    spare = [name for name in given.categories if name not in matching.exact]
    if spare:
        notes.append(f"text is only used where it must be equal, so these are not: {list_some(spare)}")
    return notes


def _noisy(groups: Sequence[Group]) -> list[str]:
    """Variables less than half of whose variance between comparators is signal, with the share."""
    found: dict[str, list[float]] = {}
    for group in groups:
        for each in group.comparisons:
            for variable, signal in zip(each.matched_on, each.signal, strict=True):
                found.setdefault(variable.name, []).append(float(signal))
    return [f"{name} ({np.mean(values):.0%} signal)" for name, values in found.items() if np.mean(values) < 0.5]
