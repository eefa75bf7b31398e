"""Figures, one function each; every function returns a matplotlib Figure and touches no global state."""

from primum.plots.balance import plot_balance
from primum.plots.coefficients import plot_coefficients
from primum.plots.correlations import plot_correlations
from primum.plots.density import plot_density
from primum.plots.diagnostics import plot_diagnostics
from primum.plots.distances import plot_distances
from primum.plots.event_study import plot_event_study
from primum.plots.exceedance import plot_exceedance
from primum.plots.forest import plot_forest
from primum.plots.groups import plot_groups
from primum.plots.imputations import plot_imputations
from primum.plots.joint import plot_joint
from primum.plots.matched import plot_matched
from primum.plots.missing import plot_missing
from primum.plots.operating import plot_operating
from primum.plots.outliers import plot_outliers
from primum.plots.overview import plot_overview
from primum.plots.paths import plot_paths
from primum.plots.predictive import plot_predictive
from primum.plots.records import plot_records
from primum.plots.shock_sizes import plot_shock_sizes
from primum.plots.trends import plot_trends
from primum.plots.unit_sizes import plot_unit_sizes
from primum.plots.weights import plot_weights

__all__ = [
    "plot_balance",
    "plot_coefficients",
    "plot_correlations",
    "plot_density",
    "plot_diagnostics",
    "plot_distances",
    "plot_event_study",
    "plot_exceedance",
    "plot_forest",
    "plot_groups",
    "plot_imputations",
    "plot_joint",
    "plot_matched",
    "plot_missing",
    "plot_operating",
    "plot_outliers",
    "plot_overview",
    "plot_paths",
    "plot_predictive",
    "plot_records",
    "plot_shock_sizes",
    "plot_trends",
    "plot_unit_sizes",
    "plot_weights",
]
