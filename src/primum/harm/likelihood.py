"""Words for probabilities on a published scale, which stand beside the number and never for it.

How likely harm is, is one thing; how far the evidence can be trusted is another, said apart (`primum.harm.doubts`).

Two scales are known. That of the Intergovernmental Panel on Climate Change (Mastrandrea and others, 2010, *Guidance
Note for Lead Authors of the IPCC Fifth Assessment Report on Consistent Treatment of Uncertainties*, table 1, with its
additional terms; kept in the Sixth Report), whose words are nested: what is very likely is also likely. And the
yardstick of the United Kingdom's Professional Head of Intelligence Assessment (*Explaining Uncertainty in UK
Intelligence Assessment*, Cabinet Office, 2025), whose ranges are apart.

**One rule settles what these leave open: the weaker word, the one nearer to even, is used.** So it is

- where several of the IPCC's words hold, the strongest that does; at a limit itself, the weaker;
- in a gap of the yardstick, such as 20 to 25%, the neighbour nearer to even, here "unlikely", and between 35 and 55%
  "realistic possibility";
- where a limit lies within two Monte Carlo standard errors of the probability, so that another run might fall on its
  other side, the word that goes with the side nearer to even.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.harm.probabilities import Probability
from primum.harm.words import percent
from primum.spec import ScaleName

_ERRORS = 2


@dataclass(frozen=True)
class Term:
    """A word of a scale.

    Attributes
    ----------
    word
        The word.
    limit
        Where it begins, coming from even.
    range
        What it stands for, in words.
    """

    word: str
    limit: float
    range: str


@dataclass(frozen=True)
class Scale:
    """Words for probabilities.

    Attributes
    ----------
    title, source
        What it is called and who published it.
    below, even, above
        Words from the least likely to the most.
    closed
        Whether a limit itself goes with the stronger word.
    note
        What a reader should know of it beside the rule of the weaker word.
    """

    title: str
    source: str
    below: tuple[Term, ...]
    even: Term
    above: tuple[Term, ...]
    closed: bool
    note: str

    @property
    def terms(self) -> tuple[Term, ...]:
        """All words from the most likely to the least."""
        return (*reversed(self.above), self.even, *reversed(self.below))

    def word(self, probability: Probability) -> str:
        """The word for a probability, the weaker one where its Monte Carlo error leaves two.

        Examples
        --------
        >>> SCALES["ipcc"].word(Probability(0.93, 0.002)), SCALES["ipcc"].word(Probability(0.93, 0.02))
        ('very likely', 'likely')
        """
        reach = _ERRORS * probability.mcse
        nearest = float(np.clip(0.5, probability.value - reach, probability.value + reach))

        def beyond(distance: float) -> bool:
            return distance > 0 or (self.closed and distance == 0)

        for term in self.below:
            if beyond(term.limit - nearest):
                return term.word
        return next((term.word for term in reversed(self.above) if beyond(nearest - term.limit)), self.even.word)


SCALES: dict[ScaleName, Scale] = {
    "ipcc": Scale(
        "scale of the Intergovernmental Panel on Climate Change",
        "Mastrandrea and others, 2010",
        (
            Term("exceptionally unlikely", 0.01, "less than 1%"),
            Term("extremely unlikely", 0.05, "1 to 5%"),
            Term("very unlikely", 0.10, "5 to 10%"),
            Term("unlikely", 0.33, "10 to 33%"),
        ),
        Term("about as likely as not", 0.5, "33 to 50%"),
        (
            Term("more likely than not", 0.50, "50 to 66%"),
            Term("likely", 0.66, "66 to 90%"),
            Term("very likely", 0.90, "90 to 95%"),
            Term("extremely likely", 0.95, "95 to 99%"),
            Term("virtually certain", 0.99, "more than 99%"),
        ),
        closed=False,
        note="Its words are nested, as what is very likely is also likely; the strongest that holds is used.",
    ),
    "phia": Scale(
        "probability yardstick of the UK's Professional Head of Intelligence Assessment",
        "Cabinet Office, 2025",
        (
            Term("remote chance", 0.05, "5% or less"),
            Term("highly unlikely", 0.20, "10 to 20%"),
            Term("unlikely", 0.35, "25 to 35%"),
        ),
        Term("realistic possibility", 0.5, "40 to less than 50%"),
        (
            Term("likely or probable", 0.55, "55 to 75%"),
            Term("highly likely", 0.80, "80 to 90%"),
            Term("almost certain", 0.95, "95% or more"),
        ),
        closed=True,
        note="It leaves gaps, such as 20 to 25%; a probability in one gets the neighbouring word nearer to even.",
    ),
}


def in_words(probability: Probability, scale: ScaleName) -> str:
    """A probability as a percentage with its word.

    Examples
    --------
    >>> in_words(Probability(0.63, 0.004), "ipcc"), in_words(Probability(0.0, 0.0007), "phia")
    ('63% (more likely than not)', 'less than 1% (remote chance)')
    """
    return f"{percent(probability)} ({SCALES[scale].word(probability)})"
