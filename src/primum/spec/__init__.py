"""Specifications: what is evaluated, how, and what would count as harm, fixed before fitting."""

from primum.spec.layout import Columns, Layout, Measure, Periods, Treatment
from primum.spec.outcome import Outcome
from primum.spec.priors import Prior, PriorChange, PriorChanges, Priors, default_priors
from primum.spec.spec import Considering, Decisions, Sampler, ScaleName, Source, Spec, Using, Words

__all__ = [
    "Columns",
    "Considering",
    "Decisions",
    "Layout",
    "Measure",
    "Outcome",
    "Periods",
    "Prior",
    "PriorChange",
    "PriorChanges",
    "Priors",
    "Sampler",
    "ScaleName",
    "Source",
    "Spec",
    "Treatment",
    "Using",
    "Words",
    "default_priors",
]
