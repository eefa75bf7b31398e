"""summary.json: the findings for scripts, with a schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from primum.effects import Effects, OutcomeEffects, correlations, outliers
from primum.effects.correlations import SHOWN
from primum.fit import Fit, Imputed
from primum.fit.attempts import sampled_again
from primum.harm import Count, Harm, OutcomeHarm, Probabilities, Probability
from primum.harm.likelihood import SCALES
from primum.sources import Truth
from primum.spec import Frozen, Outcome, ScaleName, Spec

_NUMBER = {"type": "number"}
_PROBABILITY = {
    "type": ["object", "null"],
    "description": "null where the gate failed",
    "properties": {
        "value": {"type": "number", "minimum": 0, "maximum": 1},
        "mcse": {"type": "number", "minimum": 0, "description": "Monte Carlo standard error"},
        "word": {"type": "string", "description": "on the scale that words names"},
    },
    "required": ["value", "mcse", "word"],
    "additionalProperties": False,
}
_PROBABILITIES = {
    "p_harm": {**_PROBABILITY, "description": "the effect is in the harmful direction"},
    "p_harm_beyond_sesoi": {**_PROBABILITY, "description": "harm larger than the SESOI"},
    "p_negligible": {**_PROBABILITY, "description": "no larger than the SESOI either way"},
    "p_benefit_beyond_sesoi": {**_PROBABILITY, "description": "benefit larger than the SESOI"},
}
_GROUPS = {
    "type": "array",
    "description": "probabilities by pilot, event time and cohort",
    "items": {
        "type": "object",
        "properties": {
            "by": {"enum": ["pilot", "event time", "cohort"]},
            "name": {"type": ["string", "integer"]},
            "label": {"type": "string"},
            **_PROBABILITIES,
        },
        "required": ["by", "name", "label", *_PROBABILITIES],
        "additionalProperties": False,
    },
}
_COUNT = {
    "type": "object",
    "properties": {
        "exactly": {"type": "array", "items": _PROBABILITY, "description": "that so many are harmed, from none to all"},
        "at_least_one": _PROBABILITY,
        "bounds": {
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 2,
            "maxItems": 2,
            "description": "of at_least_one, however outcomes depend on each other",
        },
    },
    "required": ["exactly", "at_least_one", "bounds"],
    "additionalProperties": False,
}
_ACROSS = {
    "type": ["object", "null"],
    "description": "how many outcomes are harmed in the pilots; null where any gate failed",
    "properties": {
        "harm": _COUNT,
        "harm_beyond_sesoi": _COUNT,
        "jointly": {"type": "boolean", "description": "fitted jointly; otherwise errors are taken as independent"},
        "sentence": {"type": "string"},
    },
    "required": ["harm", "harm_beyond_sesoi", "jointly", "sentence"],
    "additionalProperties": False,
}
_EFFECT = {
    "mean": _NUMBER,
    "sd": _NUMBER,
    "mcse": {"type": "number", "description": "Monte Carlo standard error of the mean"},
    "eti95": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2, "description": "[low, high]"},
    "unit": {"type": "string"},
}
_AMOUNTS = {
    name: {
        "type": ["object", "null"],
        "description": f"{meaning}, in the outcome's unit; null where the gate failed",
        "properties": {"value": _NUMBER, "mcse": {"type": "number", "minimum": 0}},
        "required": ["value", "mcse"],
        "additionalProperties": False,
    }
    for name, meaning in (
        ("expected_harm", "posterior mean of the harmful part of the effect"),
        ("shortfall", "mean effect over the worst 5% of draws"),
    )
}
_IMPUTED = {
    "within": {"type": "number", "description": "mean of the posterior variances"},
    "between": {"type": "number", "description": "variance of the posterior means"},
    "share_between": {"type": "number", "description": "Rubin's, of the total variance"},
    "imputations_needed": _NUMBER,
}
_CHOICES = ("carry_on", "stop", "adopt", "wait")
_TIPS = {
    "type": "array",
    "description": "the nearest changes that would change the advice on this outcome alone",
    "items": {
        "type": "object",
        "properties": {
            "question": {"enum": ["using", "considering"]},
            "what": {"type": "string"},
            "now": _NUMBER,
            "at": {"type": ["number", "null"], "description": "null where no change that was tried changes it"},
            "verdict": {"type": ["string", "null"]},
            "tried": {
                "type": ["array", "null"],
                "items": _NUMBER,
                "description": "between what priors were tried; null where all values are known",
            },
        },
        "required": ["question", "what", "now", "at", "verdict", "tried"],
        "additionalProperties": False,
    },
}
_GATE = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["PASS", "REVIEW", "FAIL"]},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["verdict", "reasons"],
    "additionalProperties": False,
}


def _object(properties: dict[str, Any], kind: str | list[str] = "object", optional: tuple[str, ...] = ()) -> Any:
    required = [name for name in properties if name not in optional]
    return {"type": kind, "properties": properties, "required": required, "additionalProperties": False}


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "summary.json of primum",
    **_object(
        {
            "title": {"type": "string"},
            "primum": {"type": "string", "description": "version"},
            "frozen": _object(
                {
                    "date": {"type": "string", "description": "UTC"},
                    "sha256": {"type": "string"},
                    "differences": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "between the specification when frozen and now",
                    },
                },
                ["object", "null"],
            ),
            "gate": _GATE,
            "seconds": _object({"compile": _NUMBER, "sample": _NUMBER, "total": _NUMBER}),
            "decisions": _object({"using": {"type": "string"}, "considering": {"type": "string"}}),
            "words": {"enum": list(SCALES), "description": "scale of the words beside probabilities"},
            "across": _ACROSS,
            "correlations": {
                "type": ["array", "null"],
                "description": "between outcomes; null where they are fitted apart, or any gate failed",
                "items": _object(
                    {
                        "kind": {"enum": list(SHOWN)},
                        "outcomes": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
                        "mean": _NUMBER,
                        "eti95": _EFFECT["eti95"],
                    }
                ),
            },
            "outcomes": {
                "type": "object",
                "additionalProperties": _object(
                    {
                        "label": {"type": "string"},
                        "gate": _GATE,
                        "satt": _object(_EFFECT, ["object", "null"]),
                        **_PROBABILITIES,
                        **_AMOUNTS,
                        "new_unit": _object({**_EFFECT, **_PROBABILITIES, **_AMOUNTS}, ["object", "null"]),
                        "groups": _GROUPS,
                        "attempts": {"enum": [1, 2], "description": "how often it was sampled"},
                        "max_rhat": {"type": ["number", "null"], "description": "null where it is infinite"},
                        "min_ess": _NUMBER,
                        "doubts": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "what the model does not reproduce",
                        },
                        "outliers": {
                            "type": ["array", "null"],
                            "description": "records that count for less than a fifth of an ordinary one; null where "
                            "all count alike",
                            "items": _object(
                                {"unit": {"type": "string"}, "time": {"type": "integer"}, "weight": _NUMBER}
                            ),
                        },
                        "headline": {"type": "string"},
                        "sentence": {"type": "string"},
                        "paragraph": {"type": "string"},
                        "chosen_after_fitting": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "what of harm was not fixed in the specification",
                        },
                        "important": {"type": "boolean", "description": "whether the decisions look at it"},
                        "decisions": _object({"using": {"type": "string"}, "considering": {"type": "string"}}),
                        "expected_losses": _object(dict.fromkeys(_CHOICES, _NUMBER), ["object", "null"]),
                        "tips": _TIPS,
                        "imputations": {
                            **_object(
                                {
                                    "number": {"type": "integer"},
                                    "satt": _object(_IMPUTED),
                                    "new_unit": _object(_IMPUTED),
                                },
                                ["object", "null"],
                            ),
                            "description": "null where there is one panel",
                        },
                        "truth": _object(
                            {
                                "satt": _NUMBER,
                                "per_unit": {"type": "object", "additionalProperties": _NUMBER},
                                "new_unit_mean": _NUMBER,
                                "new_unit_sd": _NUMBER,
                            }
                        ),
                    },
                    optional=("truth",),
                ),
            },
        }
    ),
}


def summary(
    fit: Fit | Imputed,
    effects: Effects,
    harm: Harm,
    *,
    total_seconds: float,
    truth: Truth | None,
    frozen: Frozen | None = None,
) -> dict[str, Any]:
    """The content of summary.json; `SCHEMA` says what each part is.

    Parameters
    ----------
    fit, effects, harm
        The evaluation.
    total_seconds
        How long the whole run took.
    truth
        What was simulated, where the data are simulated.
    frozen
        The specification as it was frozen, if it was.

    Returns
    -------
    dict
        Plain values. Where an outcome's gate failed, its effects and probabilities are None.
    """
    from primum import __version__

    seconds, twice = {**fit.seconds, "total": total_seconds}, sampled_again(fit)
    return {
        "title": fit.spec.title,
        "primum": __version__,
        "frozen": None if frozen is None else _frozen(frozen, fit.spec),
        "gate": {"verdict": harm.gate.verdict, "reasons": _all_reasons(harm)},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "decisions": {"using": harm.decision.using, "considering": harm.decision.considering},
        "words": harm.spec.words.scale,
        "across": None
        if harm.across is None
        else {
            "harm": _count(harm.across.harm, harm.spec.words.scale),
            "harm_beyond_sesoi": _count(harm.across.harm_beyond_sesoi, harm.spec.words.scale),
            "jointly": harm.across.jointly,
            "sentence": harm.across_sentence,
        },
        "correlations": _correlations(fit) if fit.spec.joint and harm.gate.verdict != "FAIL" else None,
        "outcomes": {
            name: {
                **_outcome(effects[name], each),
                "attempts": 2 if name in twice else 1,
                "outliers": _outliers(fit, each),
                **_truth(truth, each.outcome),
            }
            for name, each in harm.outcomes.items()
        },
    }


def _frozen(frozen: Frozen, spec: Spec) -> dict[str, Any]:
    return {"date": frozen.date, "sha256": frozen.digest, "differences": frozen.differences(spec)}


def _all_reasons(harm: Harm) -> list[str]:
    return [f"{name}: {reason}" for name, each in harm.outcomes.items() for reason in each.gate.reasons]


def _correlations(fit: Fit | Imputed) -> list[dict[str, Any]]:
    rows: Any = correlations(fit).table.itertuples()
    return [
        {
            "kind": row.Index[0],
            "outcomes": list(row.Index[1:]),
            "mean": row.mean,
            "eti95": [row.eti95_low, row.eti95_high],
        }
        for row in rows
    ]


def _outliers(fit: Fit | Imputed, harm: OutcomeHarm) -> list[dict[str, Any]] | None:
    if harm.outcome.shocks == "normal" or harm.gate.verdict == "FAIL":
        return None
    rows: Any = outliers(fit, harm.outcome.name).little.itertuples()
    return [{"unit": str(row.Index[0]), "time": int(row.Index[1]), "weight": float(row.weight)} for row in rows]


def _count(count: Count, scale: ScaleName) -> dict[str, Any]:
    return {
        "exactly": [_probability(each, scale) for each in count.exactly],
        "at_least_one": _probability(count.some, scale),
        "bounds": [each.value for each in count.bounds],
    }


def _outcome(effects: OutcomeEffects, harm: OutcomeHarm) -> dict[str, Any]:
    usable = harm.gate.verdict != "FAIL"
    return {
        "label": harm.outcome.label,
        "gate": {"verdict": harm.gate.verdict, "reasons": harm.gate.reasons},
        "satt": _effect(effects, "satt") if usable else None,
        **_probabilities(harm.pilots, harm.scale),
        **_amounts(harm, "satt"),
        "new_unit": {
            **_effect(effects, "new_unit"),
            **_probabilities(harm.new_unit, harm.scale),
            **_amounts(harm, "new_unit"),
        }
        if usable
        else None,
        "groups": [
            {"by": each.by, "name": each.name, "label": each.label, **_probabilities(each.found, harm.scale)}
            for each in harm.groups
        ],
        "max_rhat": harm.gate.max_rhat if np.isfinite(harm.gate.max_rhat) else None,
        "min_ess": harm.gate.min_ess,
        "doubts": harm.doubts,
        "headline": harm.headline,
        "sentence": harm.sentence,
        "paragraph": harm.paragraph,
        "chosen_after_fitting": list(harm.after),
        "important": harm.outcome.important,
        "decisions": {"using": harm.decision.using, "considering": harm.decision.considering},
        "expected_losses": None if harm.losses is None else {each: getattr(harm.losses, each) for each in _CHOICES},
        "tips": [{**asdict(tip), "tried": None if tip.tried is None else list(tip.tried)} for tip in harm.tips],
        "imputations": _imputations(effects),
    }


def _imputations(effects: OutcomeEffects) -> dict[str, Any] | None:
    shares = effects.imputations
    if shares is None:
        return None
    return {
        "number": len(effects.imputation_names),
        **{name: shares.loc[name].to_dict() for name in ("satt", "new_unit")},
    }


def _effect(effects: OutcomeEffects, name: str) -> dict[str, Any]:
    row: Any = effects.table.loc[name]
    return {
        "mean": float(row["mean"]),
        "sd": float(row["sd"]),
        "mcse": float(row["mcse"]),
        "eti95": [float(row["eti95_low"]), float(row["eti95_high"])],
        "unit": effects.outcome.unit,
    }


def _probability(found: Probability, scale: ScaleName) -> dict[str, Any]:
    return {**asdict(found), "word": SCALES[scale].word(found)}


def _probabilities(found: Probabilities | None, scale: ScaleName) -> dict[str, Any]:
    names = ("harm", "harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi")
    if found is None:
        return {f"p_{name}": None for name in names}
    return {f"p_{name}": _probability(getattr(found, name), scale) for name in names}


def _amounts(harm: OutcomeHarm, name: str) -> dict[str, Any]:
    found = harm.exceedance.get(name)
    if found is None:
        return dict.fromkeys(_AMOUNTS)
    return {each: asdict(getattr(found, each)) for each in _AMOUNTS}


def _truth(truth: Truth | None, outcome: Outcome) -> dict[str, Any]:
    if truth is None:
        return {}
    rows = truth.per_unit[truth.per_unit["outcome"] == outcome.name]
    mean, sd = truth.new_unit[outcome.name]
    return {
        "truth": {
            "satt": truth.average(outcome),
            "per_unit": dict(zip(rows["unit"].astype(str), rows["effect"].astype(float).tolist(), strict=True)),
            "new_unit_mean": mean,
            "new_unit_sd": sd,
        }
    }
