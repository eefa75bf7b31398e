from __future__ import annotations

import numpy as np
import pytest

import primum as pr
from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.testing import tiny_fit, tiny_joint_fit


def test_table_is_of_every_pair_once() -> None:
    fit = tiny_joint_fit()
    found = pr.correlations(fit).table
    assert len(found) == 3 * 6
    assert fit.correlations is not None
    draws = np.asarray(fit.correlations["effect"].sel(outcome="escalation", other="kinship"))
    row = found.loc["effect"].loc["escalation"].loc["kinship"]
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["p_positive"] == (draws > 0).mean()
    assert (row["eti95_low"], row["eti95_high"]) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
    assert (found["rhat"] < 1.02).all()


def test_imputations_are_put_together() -> None:
    fits: dict[int | str, Fit] = {number: tiny_joint_fit(number) for number in (1, 2)}
    found = pr.correlations(Imputed(fits[1].spec, fits)).table
    each = [pr.correlations(fit).table["mean"] for fit in fits.values()]
    np.testing.assert_allclose(found["mean"], sum(each) / 2)


def test_outcomes_apart_have_none() -> None:
    with pytest.raises(SpecError, match="fitted apart"):
        pr.correlations(tiny_fit())
