"""Priors elicited elsewhere, such as with PreliZ, as a specification takes them."""

from __future__ import annotations

from typing import Any

from primum.errors import SpecError

_KINDS = {"Normal": ("mu", "sigma"), "HalfNormal": ("sigma",), "Beta": ("alpha", "beta")}


def elicited(distribution: Any, reason: str) -> dict[str, Any]:
    """A prior change from a fitted distribution of PreliZ.

    Parameters
    ----------
    distribution
        A `preliz.Normal` or `preliz.HalfNormal` whose parameters are known, as `preliz.maxent` and the other
        methods of elicitation leave it; on the scale of the linear predictor, such as log odds ratios. Or a
        `preliz.Beta`, for kappa: of its square, the share of drift that comparators do not carry.
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
            "the elicited prior",
            [f"a {kind} cannot be used; elicit a Normal, a HalfNormal for a scale, or a Beta for kappa"],
        )
    values = [getattr(distribution, name, None) for name in _KINDS[kind]]
    if any(value is None for value in values):
        raise SpecError("the elicited prior", [f"this {kind} has no parameters yet; fit it first, with maxent say"])
    return {**_change(kind, *map(float, values)), "reason": reason}  # type: ignore[arg-type]


def _change(kind: str, *values: float) -> dict[str, Any]:
    """Location and scale, of a beta distribution its mean and SD."""
    if kind == "HalfNormal":
        return {"distribution": "half-normal", "scale": values[0]}
    if kind == "Normal":
        return {"distribution": "normal", "location": values[0], "scale": values[1]}
    whole = sum(values)
    mean = values[0] / whole
    return {"distribution": "beta", "location": mean, "scale": (mean * (1 - mean) / (whole + 1)) ** 0.5}
