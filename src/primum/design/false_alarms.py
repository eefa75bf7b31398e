"""What the rule over all important outcomes would advise where none of them has an effect."""

from __future__ import annotations

from collections.abc import Sequence

from primum.design.operating import Operating
from primum.errors import SpecError
from primum.harm.decisions import Decision, overall


def false_alarms(found: Sequence[Operating]) -> dict[str, float]:
    """How often the rule would raise an alarm for any important outcome while there is no effect on any of them.

    The most cautious verdict counts, so that several outcomes raise more false alarms than each of them. Simulations
    of different outcomes are paired by their number: outcomes are simulated apart, so that their errors are taken as
    independent.

    Parameters
    ----------
    found
        From `primum.operating`, with an effect of 0 among the effects of each.

    Returns
    -------
    dict
        Number of simulations, and the shares of them with "stop or rework", with "pause for thought" and with
        "grounds to adopt".

    Raises
    ------
    SpecError
        If an outcome has no simulations without an effect, none is important, or the rule is that of expected loss,
        which adds outcomes up.

    Examples
    --------
    >>> import primum as pr
    >>> each = [pr.operating(spec, panel, name) for name in ("rereferral", "kinship")]  # doctest: +SKIP
    >>> pr.false_alarms(each)  # doctest: +SKIP
    """
    counted = [each for each in found if each.outcome.important]
    null = {each.outcome.name: each.simulations[each.simulations["effect"] == 0] for each in counted}
    problems = [
        f"{name} was not simulated without an effect; add the effect 0" for name, rows in null.items() if rows.empty
    ]
    if not counted:
        problems.append("none of these outcomes is important; give one that is")
    if any(each.spec.decisions.rule != "thresholds" for each in found):
        problems.append('decisions.rule is "expected loss", which adds outcomes up; false alarms are of "thresholds"')
    if problems:
        raise SpecError("the simulations", problems)
    pairs = {
        name: [Decision(*each) for each in zip(rows["using"], rows["considering"], strict=True)]
        for name, rows in null.items()
    }
    verdicts = [overall(dict(zip(pairs, each, strict=True))) for each in zip(*pairs.values(), strict=False)]
    count = len(verdicts)
    return {
        "simulations": count,
        "stop or rework": sum(each.using == "stop or rework" for each in verdicts) / count,
        "pause for thought": sum(each.considering == "pause for thought" for each in verdicts) / count,
        "grounds to adopt": sum(each.considering == "grounds to adopt" for each in verdicts) / count,
    }
