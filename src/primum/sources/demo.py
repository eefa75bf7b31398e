"""The embedded default: the specification of the simulated Signs of Safety evaluation."""

from __future__ import annotations

from pathlib import Path

from primum.spec import Spec

DEMO = Path(__file__).with_name("signs-of-safety.toml")


def demo_spec() -> Spec:
    """Specification of the embedded simulated evaluation.

    Examples
    --------
    >>> [outcome.name for outcome in demo_spec().outcomes]
    ['rereferral', 'escalation', 'assessment', 'kinship']
    """
    return Spec.read(DEMO)
