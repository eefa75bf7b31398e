"""Numbers in words, rounded no finer than their Monte Carlo error supports."""

from __future__ import annotations

import math

from primum.harm.probabilities import Estimate

MINUS = "\N{MINUS SIGN}"


def decimals(sd: float, mcse: float) -> int:
    """Decimals worth showing: two digits of the SD at most, and none below the Monte Carlo error.

    Examples
    --------
    >>> decimals(sd=1.3, mcse=0.02), decimals(sd=1.3, mcse=0.4), decimals(sd=0.0012, mcse=0.00001)
    (1, 0, 4)
    """
    if not (sd > 0 and mcse > 0):
        return 0
    return max(0, min(1 - math.floor(math.log10(sd)), math.floor(-math.log10(mcse))))


def number(value: float, places: int, *, signed: bool = False) -> str:
    """A number with a proper minus sign.

    Examples
    --------
    >>> number(-1.26, 1), number(0.04, 1, signed=True), number(1234.5, 0)
    ('−1.3', '0.0', '1,234')
    """
    rounded = round(value, places) + 0.0
    text = f"{abs(rounded):,.{places}f}"
    if rounded < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and rounded > 0 else text


def amount(estimate: Estimate, sd: float) -> str:
    """A size that is not negative, rounded by its error and the SD of the effect, and never said to be nothing.

    Examples
    --------
    >>> from primum.harm import Estimate
    >>> amount(Estimate(1.26, 0.02), sd=1.3), amount(Estimate(0.0, 0.001), sd=1.3)
    ('1.3', 'less than 0.1')
    """
    places = decimals(sd, estimate.mcse)
    step = 10.0**-places
    if estimate.value + 2 * estimate.mcse < step:
        return f"less than {number(step, places)}"
    return number(estimate.value, places)


def percent(value: float) -> str:
    """A probability as a percentage that never claims more than the draws can show.

    Examples
    --------
    >>> percent(0.634), percent(0.0), percent(1.0), percent(0.996)
    ('63%', 'less than 1%', 'more than 99%', 'more than 99%')
    """
    if value < 0.01:
        return "less than 1%"
    if value > 0.99:
        return "more than 99%"
    return f"{100 * value:.0f}%"


def short_percent(value: float) -> str:
    """The same in a few characters, for tables and figures.

    Examples
    --------
    >>> short_percent(0.634), short_percent(0.0), short_percent(1.0)
    ('63%', '<1%', '>99%')
    """
    return percent(value).replace("less than ", "<").replace("more than ", ">")
