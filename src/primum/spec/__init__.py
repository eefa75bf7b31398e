"""Specifications: what is evaluated, how, and what would count as harm, fixed before fitting."""

from primum.spec.elicited import elicited
from primum.spec.evidence import Evidence
from primum.spec.frozen import Frozen, freeze
from primum.spec.layout import Columns, Layout, Measure, Periods, Treatment
from primum.spec.outcome import Outcome
from primum.spec.priors import Prior, PriorChange, PriorChanges, Priors, priors_of
from primum.spec.spec import Considering, Costs, Decisions, Sampler, ScaleName, Source, Spec, Using, Words

__all__ = [
    "Columns",
    "Considering",
    "Costs",
    "Decisions",
    "Evidence",
    "Frozen",
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
    "elicited",
    "freeze",
    "priors_of",
]
