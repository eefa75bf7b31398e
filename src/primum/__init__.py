"""Bayesian evaluation of policies rolled out area by area, with probability-of-harm statements.

>>> import primum as pr
>>> spec = pr.demo_spec()
>>> panel = pr.simulate(seed=spec.seed).panel
>>> fit = pr.fit(spec, panel)  # doctest: +SKIP
>>> effects = pr.effects(fit)  # doctest: +SKIP
>>> pr.harm(effects)  # doctest: +SKIP
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from primum.checks import predictive_checks
    from primum.design import Operating, false_alarms, operating
    from primum.effects import (
        Effects,
        Estimand,
        Outliers,
        Predictions,
        coefficients,
        comparator_weights,
        correlations,
        effects,
        estimands,
        outliers,
        predictions,
        regional_paths,
        shock_sizes,
        unit_sizes,
        unpooled,
    )
    from primum.errors import InputError, MatchError, PanelError, PrimumError, SourceError, SpecError, StoreError
    from primum.fit import Fit, Gate, Imputed, fit
    from primum.harm import Harm, harm
    from primum.match import Covariates, Matches, Matching, covariates, match, match_sets
    from primum.model import build, build_joint, describe
    from primum.panel import Panel
    from primum.refits import Refit, refit, refits
    from primum.report import write_report
    from primum.sources import Aggregation, RecordCells, aggregate, demo_spec, read_table, simulate
    from primum.spec import Frozen, Spec, elicited, freeze

__version__ = "0.1.0"
__all__ = [
    "Aggregation",
    "Covariates",
    "Effects",
    "Estimand",
    "Fit",
    "Frozen",
    "Gate",
    "Harm",
    "Imputed",
    "InputError",
    "MatchError",
    "Matches",
    "Matching",
    "Operating",
    "Outliers",
    "Panel",
    "PanelError",
    "Predictions",
    "PrimumError",
    "RecordCells",
    "Refit",
    "SourceError",
    "Spec",
    "SpecError",
    "StoreError",
    "aggregate",
    "build",
    "build_joint",
    "coefficients",
    "comparator_weights",
    "correlations",
    "covariates",
    "demo_spec",
    "describe",
    "effects",
    "elicited",
    "estimands",
    "false_alarms",
    "fit",
    "freeze",
    "harm",
    "match",
    "match_sets",
    "operating",
    "outliers",
    "predictions",
    "predictive_checks",
    "read_table",
    "refit",
    "refits",
    "regional_paths",
    "shock_sizes",
    "simulate",
    "unit_sizes",
    "unpooled",
    "write_report",
]

_ROOMS = {
    "checks": ["predictive_checks"],
    "design": ["Operating", "false_alarms", "operating"],
    "effects": [
        "Effects",
        "Estimand",
        "Outliers",
        "Predictions",
        "coefficients",
        "comparator_weights",
        "correlations",
        "effects",
        "estimands",
        "outliers",
        "predictions",
        "regional_paths",
        "shock_sizes",
        "unit_sizes",
        "unpooled",
    ],
    "errors": ["InputError", "MatchError", "PanelError", "PrimumError", "SourceError", "SpecError", "StoreError"],
    "fit": ["Fit", "Gate", "Imputed", "fit"],
    "harm": ["Harm", "harm"],
    "match": ["Covariates", "Matches", "Matching", "covariates", "match", "match_sets"],
    "model": ["build", "build_joint", "describe"],
    "panel": ["Panel"],
    "refits": ["Refit", "refit", "refits"],
    "report": ["write_report"],
    "sources": ["Aggregation", "RecordCells", "aggregate", "demo_spec", "read_table", "simulate"],
    "spec": ["Frozen", "Spec", "elicited", "freeze"],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing primum stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'primum' has no attribute '{name}'")
    value = getattr(import_module(f"primum.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _Package(ModuleType):
    """Keeps `primum.fit`, `primum.effects`, `primum.harm` and `primum.match` the verbs.

    Importing a room of that name would otherwise put the module in the verb's place.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
