"""Numbers in words, rounded no finer than their Monte Carlo error supports."""

from __future__ import annotations

import math

from primum.harm.probabilities import Estimate, Probability

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
    >>> from primum.harm import Estimate, Probability
    >>> amount(Estimate(1.26, 0.02), sd=1.3), amount(Estimate(0.0, 0.001), sd=1.3)
    ('1.3', 'less than 0.1')
    """
    places = decimals(sd, estimate.mcse)
    step, high = 10.0**-places, estimate.value + 2 * estimate.mcse
    if round(estimate.value, places) == 0 or high < step:
        return f"less than {number(step * max(1, math.ceil(high / step)), places)}"
    return number(estimate.value, places)


def percent(probability: Probability) -> str:
    """A probability as a percentage that never claims more than the draws can show.

    Rounded to whole points, or to 5 or 10 where its Monte Carlo error is larger than 1 or 5 points; what
    would be rounded to 0 or 100% is a bound, two errors away.

    Examples
    --------
    >>> percent(Probability(0.634, 0.004)), percent(Probability(0.634, 0.02))
    ('63%', 'about 65%')
    >>> percent(Probability(0.0, 0.0007)), percent(Probability(1.0, 0.007))
    ('less than 1%', 'more than 98%')
    """
    points, error = 100 * probability.value, 100 * probability.mcse
    low, high = points - 2 * error, points + 2 * error
    step = 1 if error <= 1 else 5 if error <= 5 else 10
    shown = step * round(points / step)
    if shown == 0 or high < 1:
        return f"less than {max(1, math.ceil(high))}%"
    if shown == 100 or low > 99:
        return f"more than {min(99, math.floor(low))}%"
    return f"{'about ' if step > 1 else ''}{shown}%"


def short_percent(probability: Probability) -> str:
    """The same in a few characters, for tables and figures.

    Examples
    --------
    >>> short_percent(Probability(0.634, 0.02)), short_percent(Probability(0.0, 0.0007))
    ('~65%', '<1%')
    """
    text = percent(probability)
    for words, sign in (("about ", "~"), ("less than ", "<"), ("more than ", ">")):
        text = text.replace(words, sign)
    return text
