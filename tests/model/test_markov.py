"""The precision of paths that are apart from shocks, against inverses of their covariances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.model.cells import Cells
from primum.model.kernel.places import DRIFT, LEVEL, LINE
from primum.model.markov import chain_of
from tests.model.cases import model_case

TIMES = {"yearly": np.arange(2010, 2018), "with gaps": np.array([2010, 2011, 2013, 2017, 2018])}


def cells_at(time: str, phi: float, trends: bool) -> Cells:
    cells = model_case("binomial, shocks by period, with gaps").cells
    return replace(cells, time=TIMES[time], phi=phi, trends=trends)


@pytest.mark.parametrize("time", list(TIMES))
@pytest.mark.parametrize("phi", [1.0, 0.7])
@pytest.mark.parametrize("trends", [False, True])
def test_precision_is_the_inverse_covariance(time: str, phi: float, trends: bool) -> None:
    cells, (level, slope, q) = cells_at(time, phi, trends), (0.8, 0.2, 0.3)
    chain, basis, periods = chain_of(cells), cells.basis, cells.time.size
    variance = np.concatenate([[periods * level**2], basis.scales(q, slope) ** 2 * basis.variance])
    covariance = (basis.vectors.T * variance) @ basis.vectors
    around = np.concatenate([[0.0], chain.links, [0.0]])
    precision = np.diag(chain.excess + around[1:] + around[:-1])
    precision -= np.diag(chain.links, 1) + np.diag(chain.links, -1)
    strength = {LEVEL: 1 / variance[0], LINE: 1 / variance[1], DRIFT: -1 / q**2}
    precision = precision / q**2
    for corner, kind in zip(chain.corners, chain.kinds, strict=True):
        precision += strength[int(kind)] * np.outer(corner, corner)
    # both are inverted or summed in double precision, with condition numbers of some hundreds
    np.testing.assert_allclose(precision @ covariance, np.eye(periods), atol=1e-11)


def test_nothing_is_taken_out_of_a_random_walk() -> None:
    assert chain_of(cells_at("yearly", 1.0, trends=False)).kinds.tolist() == [LEVEL]
    assert chain_of(cells_at("yearly", 1.0, trends=True)).kinds.tolist() == [LEVEL, LINE, DRIFT]
    assert chain_of(cells_at("yearly", 0.7, trends=True)).kinds.tolist() == [LEVEL, LINE, DRIFT, DRIFT]
