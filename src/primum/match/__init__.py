"""Matching: comparators that were like each pilot before its exposure, and how alike they are."""

from primum.match.balance import Balance
from primum.match.covariates import covariates
from primum.match.join import Covariates
from primum.match.match import match, match_sets
from primum.match.matches import Matches
from primum.spec.matching import Matching

__all__ = ["Balance", "Covariates", "Matches", "Matching", "covariates", "match", "match_sets"]
