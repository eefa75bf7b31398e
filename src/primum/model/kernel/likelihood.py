"""The likelihood of cells, given the paths of their units, with shocks where these are apart from paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from primum.model.kernel.places import SIGMA


def cells_of(
    slopes: Callable[..., Any], given_size: Callable[..., Any], shocks_forth: Callable[..., float],
    shocks_back: Callable[..., float],
) -> Callable[..., float]:  # fmt: skip
    """Likelihood of the cells of a block of units, with their shocks where these are apart from paths.

    That of noise that is a mixture is ``given_size``.
    """

    def cells(
        first: int, last: int, scalars: Any, paths: Any, in_paths: Any, of_paths: Any, departure: Any, slope: Any
    ) -> float:
        _, _, eta, _, _, _, x_shock, shock, spread = paths
        _, _, _, _, in_scalars, _, _, _, in_x_shock, in_spread, in_size, _ = in_paths
        standard, fields, response, _, _, _, _, _, _, _, _, told, mixed, _ = of_paths
        (periods, units), sigma, density, deviate = slope.shape, scalars[SIGMA], 0.0, np.empty(slope.shape[1])
        noise = sigma if mixed else 1.0
        for t in range(periods):
            here = eta[t, first:last]
            for j in range(units):
                here[j] += departure[t, j]
            if shock.shape[0]:
                density += shocks_forth(
                    spread[t, first:last], told[t, first:last], noise, response[t, first:last], x_shock[t, first:last],
                    here, deviate, shock[t, first:last],
                )  # fmt: skip
            if mixed:
                value, in_noise = given_size(here, sigma, fields[:, t, first:last], standard, slope[t])
                known, into, seen = response[t, first:last], in_size[t, first:last], fields[2, t, first:last]
                for j in range(units):
                    into[j] = 0.5 * (seen[j] - (known[j] - here[j]) * slope[t, j])
            else:
                value, in_noise = slopes(here, sigma, fields[:, t, first:last], standard, slope[t])
            density += value
            in_scalars[SIGMA] += in_noise
            if shock.shape[0]:
                in_noise = shocks_back(
                    spread[t, first:last], told[t, first:last], noise, response[t, first:last], x_shock[t, first:last],
                    here, deviate, slope[t], in_spread[t, first:last], in_size[t, first:last],
                    in_x_shock[t, first:last],
                )  # fmt: skip
                if mixed:
                    in_scalars[SIGMA] += in_noise
        return density

    return cells
