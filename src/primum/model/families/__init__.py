"""Families of outcomes, one file each; `family_of` finds one by the name a specification gives."""

from primum.model.families.beta_binomial import BetaBinomial
from primum.model.families.binned import Binned
from primum.model.families.binomial import Binomial
from primum.model.families.family import (
    Family,
    Standard,
    follows_scale,
    inside_cells,
    learns_noise,
    learns_scale,
    pseudo_cells,
)  # fmt: skip
from primum.model.families.gamma import Gamma
from primum.model.families.gaussian import Gaussian
from primum.model.families.negative_binomial import NegativeBinomial
from primum.model.families.ordered import Ordered
from primum.model.families.poisson import Poisson
from primum.model.families.student_t import StudentT
from primum.spec.families import FamilyName

FAMILIES: dict[FamilyName, Family] = {
    "binomial": Binomial(),
    "beta_binomial": BetaBinomial(),
    "poisson": Poisson(),
    "negative_binomial": NegativeBinomial(),
    "normal": Gaussian("normal"),
    "student_t": StudentT(),
    "lognormal": Gaussian("lognormal"),
    "gamma": Gamma(),
    "binned": Binned(),
    "ordered": Ordered(),
}


def family_of(name: FamilyName) -> Family:
    """The family of that name."""
    return FAMILIES[name]


__all__ = [
    "FAMILIES", "Family", "Standard", "family_of", "follows_scale", "inside_cells", "learns_noise", "learns_scale",
    "pseudo_cells",
]  # fmt: skip
