"""Words for probabilities: the published limits, and the weaker word where two are in question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.harm import Probability
from primum.harm.likelihood import SCALES, in_words
from primum.spec import ScaleName

SURE = 1e-9


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.0, "exceptionally unlikely"),
        (0.009, "exceptionally unlikely"),
        (0.011, "extremely unlikely"),
        (0.049, "extremely unlikely"),
        (0.051, "very unlikely"),
        (0.099, "very unlikely"),
        (0.101, "unlikely"),
        (0.329, "unlikely"),
        (0.331, "about as likely as not"),
        (0.5, "about as likely as not"),
        (0.501, "more likely than not"),
        (0.659, "more likely than not"),
        (0.661, "likely"),
        (0.899, "likely"),
        (0.901, "very likely"),
        (0.949, "very likely"),
        (0.951, "extremely likely"),
        (0.989, "extremely likely"),
        (0.991, "virtually certain"),
        (1.0, "virtually certain"),
    ],
)
def test_ipcc(value: float, word: str) -> None:
    assert SCALES["ipcc"].word(Probability(value, SURE)) == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.0, 0.05, "remote chance"),
        (0.10, 0.20, "highly unlikely"),
        (0.25, 0.35, "unlikely"),
        (0.40, 0.499, "realistic possibility"),
        (0.55, 0.75, "likely or probable"),
        (0.80, 0.90, "highly likely"),
        (0.95, 1.0, "almost certain"),
        # gaps of the yardstick
        (0.051, 0.099, "highly unlikely"),
        (0.201, 0.249, "unlikely"),
        (0.351, 0.399, "realistic possibility"),
        (0.5, 0.549, "realistic possibility"),
        (0.751, 0.799, "likely or probable"),
        (0.901, 0.949, "highly likely"),
    ],
)
def test_phia_ranges_as_published_and_gaps_to_the_side_of_even(low: float, high: float, word: str) -> None:
    for value in (low, (low + high) / 2, high):
        assert SCALES["phia"].word(Probability(value, 0.0)) == word


@pytest.mark.parametrize(
    ("value", "mcse", "word"),
    [
        (0.91, 0.004, "very likely"),
        (0.91, 0.006, "likely"),
        (0.09, 0.004, "very unlikely"),
        (0.09, 0.006, "unlikely"),
        (0.51, 0.004, "more likely than not"),
        (0.51, 0.006, "about as likely as not"),
        (0.32, 0.006, "about as likely as not"),
        (0.89, 0.02, "likely"),  # never the stronger word
        (0.995, 0.003, "extremely likely"),
        (1.0, 0.006, "extremely likely"),  # too few draws to say more
        (0.6, 0.2, "about as likely as not"),
    ],
)
def test_a_limit_within_two_errors_weakens_the_word(value: float, mcse: float, word: str) -> None:
    assert SCALES["ipcc"].word(Probability(value, mcse)) == word


@given(st.sampled_from(["ipcc", "phia"]), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.1))
def test_a_more_probable_event_never_has_a_less_likely_word(
    scale: ScaleName, first: float, second: float, mcse: float
) -> None:
    words = [term.word for term in SCALES[scale].terms]  # from the most likely
    low, high = sorted((first, second))
    places = [words.index(SCALES[scale].word(Probability(value, mcse))) for value in (low, high)]
    assert places[0] >= places[1]


@given(st.sampled_from(["ipcc", "phia"]), st.floats(0, 1), st.floats(0, 0.1))
def test_more_error_never_strengthens_a_word(scale: ScaleName, value: float, mcse: float) -> None:
    words = [term.word for term in SCALES[scale].terms]
    even = words.index(SCALES[scale].even.word)
    sure, unsure = (abs(words.index(SCALES[scale].word(Probability(value, each))) - even) for each in (0.0, mcse))
    assert unsure <= sure


def test_words_stand_beside_the_number() -> None:
    assert in_words(Probability(0.63, 0.004), "ipcc") == "63% (more likely than not)"
    assert in_words(Probability(0.63, 0.004), "phia") == "63% (likely or probable)"
