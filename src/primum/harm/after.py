"""Harm of another direction or size than the specification's, which was fixed before fitting, marked as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from primum.errors import SpecError
from primum.spec import Outcome, Spec

_KEYS = ("harm", "sesoi")


@dataclass(frozen=True)
class Chosen:
    """An outcome, and what of it was chosen after fitting.

    Attributes
    ----------
    outcome
        The outcome; its label says that something was, so that whatever names it does.
    after
        One sentence a choice that differs from the specification's, without a full stop; empty where none does.
    """

    outcome: Outcome
    after: tuple[str, ...]


def choose(spec: Spec, after: Mapping[str, Mapping[str, Any]]) -> dict[str, Chosen]:
    """Outcomes with what counts as harm as it is chosen after fitting.

    Parameters
    ----------
    spec
        The specification that was fitted.
    after
        By name of the outcome, ``harm`` ("up" or "down"), ``sesoi``, or both. Values that are the
        specification's are no choice.

    Raises
    ------
    SpecError
        With every unknown outcome, key and value.

    Examples
    --------
    >>> import primum as pr
    >>> chosen = choose(pr.demo_spec(), {"kinship": {"sesoi": 5.0, "harm": "down"}})["kinship"]
    >>> chosen.outcome.label, chosen.after
    ('Kinship care (harm chosen after fitting)', ('the smallest effect of interest is 5 percentage points, not 3',))
    """
    subject = "what was chosen after fitting"
    names = [outcome.name for outcome in spec.outcomes]
    if not (isinstance(after, Mapping) and all(isinstance(choices, Mapping) for choices in after.values())):
        raise SpecError(subject, ['it must name outcomes, each with its choices, such as {"kinship": {"sesoi": 5.0}}'])
    problems = [
        f"{name}: there is no such outcome; there are {', '.join(names)}" for name in after if name not in names
    ]
    problems += [
        f"{name}.{key}: this cannot be chosen after fitting; only harm and sesoi can"
        for name, choices in after.items()
        for key in choices
        if key not in _KEYS
    ]
    if problems:
        raise SpecError(subject, problems)
    changes = {f"outcomes.{name}.{key}": value for name, choices in after.items() for key, value in choices.items()}
    changed = spec.change(changes)
    return {outcome.name: _marked(outcome, changed.outcome(outcome.name)) for outcome in spec.outcomes}


def _marked(before: Outcome, now: Outcome) -> Chosen:
    said = []
    if now.harm != before.harm:
        said.append("a rise is harm, not a fall" if now.harm == "up" else "a fall is harm, not a rise")
    if now.sesoi != before.sesoi:
        said.append(f"the smallest effect of interest is {now.sesoi:g} {now.unit}, not {before.sesoi:g}")
    marked = replace(now, label=f"{now.label} (harm chosen after fitting)") if said else now
    return Chosen(marked, tuple(said))
