"""Covariates that change over time (`primum.model.covariates`)."""

from __future__ import annotations

from typing import Any


def covariates_forth(beta: Any, scale: float, of_cells: Any, of_pilots: Any, eta: Any, carried: Any) -> float:
    """What covariates add to comparators' location, and to that of pilots in the basis's coordinates."""
    density = 0.0
    for c in range(beta.size):
        density -= 0.5 * (beta[c] / scale) ** 2
        for t in range(of_cells.shape[1]):
            for i in range(of_cells.shape[2]):
                eta[t, i] += beta[c] * of_cells[c, t, i]
        for i in range(carried.shape[0]):
            for k in range(carried.shape[1]):
                carried[i, k] += beta[c] * of_pilots[c, i, k]
    return density


def covariates_back(
    beta: Any, scale: float, of_cells: Any, of_pilots: Any, in_eta: Any, in_carried: Any, in_beta: Any
) -> None:
    """Derivatives, given those in comparators' linear predictor and in what is carried to the pilots."""
    for c in range(beta.size):
        found = -beta[c] / scale**2
        for t in range(of_cells.shape[1]):
            for i in range(of_cells.shape[2]):
                found += in_eta[t, i] * of_cells[c, t, i]
        for i in range(in_carried.shape[0]):
            for k in range(in_carried.shape[1]):
                found += in_carried[i, k] * of_pilots[c, i, k]
        in_beta[c] = found
