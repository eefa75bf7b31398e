"""Families of outcomes, one file each; `family_of` finds one by the name a specification gives."""

from primum.model.families.binned import Binned
from primum.model.families.binomial import Binomial
from primum.model.families.family import Family, Standard
from primum.model.families.gaussian import Gaussian
from primum.model.families.poisson import Poisson
from primum.spec.priors import FamilyName

FAMILIES: dict[FamilyName, Family] = {
    "binned": Binned(),
    "binomial": Binomial(),
    "normal": Gaussian("normal"),
    "lognormal": Gaussian("lognormal"),
    "poisson": Poisson(),
}


def family_of(name: FamilyName) -> Family:
    """The family of that name."""
    return FAMILIES[name]


__all__ = ["FAMILIES", "Family", "Standard", "family_of"]
