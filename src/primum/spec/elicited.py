"""Priors elicited elsewhere, such as with PreliZ, as a specification takes them."""

from __future__ import annotations

from typing import Any

from primum.errors import SpecError

_KINDS = {"Normal": ("mu", "sigma"), "HalfNormal": (None, "sigma")}


def elicited(distribution: Any, reason: str) -> dict[str, Any]:
    """A prior change from a fitted distribution of PreliZ.

    Parameters
    ----------
    distribution
        A `preliz.Normal` or `preliz.HalfNormal` whose parameters are known, as `preliz.maxent` and the other
        methods of elicitation leave it; on the scale of the linear predictor, such as log odds ratios.
    reason
        Who was asked, and how.

    Returns
    -------
    dict
        For `Spec.change`.

    Raises
    ------
    SpecError
        If it is another distribution, or has no parameters yet.

    Examples
    --------
    >>> import preliz as pz  # doctest: +SKIP
    >>> tau = pz.maxent(pz.Normal(), -0.4, 0.2, 0.9, plot=False)  # doctest: +SKIP
    >>> pr.demo_spec().change({"outcomes.kinship.priors.tau": pr.elicited(tau, "three managers")})  # doctest: +SKIP
    """
    kind = type(distribution).__name__
    if kind not in _KINDS:
        raise SpecError(
            "the elicited prior", [f"a {kind} cannot be used; elicit a Normal, or a HalfNormal for a scale"]
        )
    centre, spread = _KINDS[kind]
    named = {"location": centre, "scale": spread}
    values = {key: getattr(distribution, name, None) for key, name in named.items() if name is not None}
    if any(value is None for value in values.values()):
        raise SpecError("the elicited prior", [f"this {kind} has no parameters yet; fit it first, with maxent say"])
    return {**{key: float(value) for key, value in values.items() if value is not None}, "reason": reason}
