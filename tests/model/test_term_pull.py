"""Effect terms are sampled around what the pilots say of them."""

import numpy as np

from primum.model.term_pull import Pilots, Pull, no_pull, pulls_of

TERMS, PILOTS, COMPONENTS = 3, 5, 4
NO_SPREAD = 1e-9  # of effects between pilots, so that variances are what is given


def _pilots() -> Pilots:
    rng = np.random.default_rng(4)
    return Pilots(
        rng.normal(size=(PILOTS, COMPONENTS)),
        rng.normal(size=(PILOTS, COMPONENTS)),
        rng.normal(size=(TERMS, PILOTS, COMPONENTS)),
        rng.uniform(0.5, 2.0, (PILOTS, COMPONENTS)),
    )


def _pull(pilots: Pilots, prior: np.ndarray, spread: float = NO_SPREAD) -> Pull:
    fixed = np.full(TERMS, -1)
    return pulls_of(pilots, np.zeros(COMPONENTS), np.ones(2), fixed, np.array([spread]), prior)


def _terms(pull: Pull, spread: np.ndarray, centre: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The map of `primum.model.term_pull`, written out: terms, then the average effect."""
    gamma = np.zeros(TERMS)
    for m in range(TERMS):
        left = pull.response[m] - pull.centre[m] @ centre - pull.before[m] @ gamma
        shrink = 1 / (1 + spread[m] ** 2 * pull.weight[m])
        gamma[m] = spread[m] * (shrink * spread[m] * left + np.sqrt(shrink) * x[m])
    return np.append(gamma, pull.response[-1] - pull.centre[-1] @ centre - pull.before[-1] @ gamma)


def test_standard_normal_coordinates_make_the_terms_posterior() -> None:
    pilots, spread = _pilots(), np.array([0.7, 1.3, 0.4])
    centre = np.array([0.5, -0.2, 0.1, 0.0])
    pull = _pull(pilots, spread)
    mean = _terms(pull, spread, centre, np.zeros(TERMS))
    root = np.column_stack([_terms(pull, spread, centre, x) - mean for x in np.eye(TERMS)])[:TERMS]
    # least squares with one row a pilot and component, and one a term and for the average effect for their priors
    design = np.concatenate([pilots.terms, pilots.exposure[None]]).reshape(TERMS + 1, -1)
    rows = design.T / np.sqrt(pilots.variance).ravel()[:, None]
    away = (pilots.response - centre) / np.sqrt(pilots.variance)
    rows, away = np.vstack([rows, np.diag(np.append(1 / spread, 1.0))]), np.append(away.ravel(), np.zeros(TERMS + 1))
    expected, *_ = np.linalg.lstsq(rows, away)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(rows.T @ rows)[:TERMS, :TERMS], rtol=1e-6)


def test_without_terms_nothing_is_expected_of_the_average_effect() -> None:
    pull = no_pull(COMPONENTS)
    assert pull.response.tolist() == [0.0]
    assert not pull.centre.any()
    assert pull.before.shape == (1, 0)


def test_a_spread_between_pilots_leaves_less_of_what_they_say() -> None:
    pilots, prior = _pilots(), np.ones(TERMS)
    sure = _pull(pilots, prior)
    loud = pilots._replace(response=20 * pilots.response)  # so that they differ
    assert (_pull(loud, prior, spread=10.0).weight < sure.weight).all()
