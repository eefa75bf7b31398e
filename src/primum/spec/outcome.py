"""An outcome: what is measured, in which unit, and which change would be harm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from primum.spec.effect import Effect
from primum.spec.evidence import Evidence
from primum.spec.families import FACTS, FamilyFacts, FamilyName
from primum.spec.layout import Measure
from primum.spec.priors import Prior, PriorChanges, Priors, SetName, priors_of
from primum.spec.strict import STRICT, Positive, Several, Text
from primum.spec.weights import Weights

Target = Literal["areas", "denominators"]
_TAKEN = {"unit", "time", "label", "region", "exposure", "left_out", "start"}  # other names in a panel
_MIN_PARTS = 3
_PARTS = {
    "bins": ("a binned outcome needs the columns of its bins", "a share of records beyond one duration"),
    "categories": ("an ordered outcome needs the columns of its categories", "a share of records"),
}


@dataclass(frozen=True)
class Outcome:
    """One outcome of an evaluation.

    Attributes
    ----------
    name
        Short name, a Python identifier; the key of its table in the TOML file. Names of other
        parts of a panel, such as "exposure", are taken.
    label
        Readable name.
    family
        "binomial" (a count out of a denominator), "poisson" (a count of events, whose denominator is
        the population or time at risk), "lognormal" or "gamma" (a positive mean such as a duration;
        effects are on its typical value, its median, or on its expected value), "normal" (any mean),
        "student_t" (any mean, now and then far off), "binned" (how many records lie in each bin of a
        duration, whose effect is that on the median) or "ordered" (how many records lie in each of three or more
        ordered categories, whose effect is that on the share above one of them). "beta_binomial" and
        "negative_binomial" are counts with more noise than chance alone makes: overdispersion, in the place of the
        white shock.
    value
        Column of the count or the mean; of a binned outcome the columns of all bins, from the shortest on; of an
        ordered one those of all categories, from the lowest on.
    denominator
        Column of the number of trials, of records behind the mean, or of records in all bins or categories, open
        ones included (needed only where some of a cell's are empty: without it such a cell is not used).
    standard_error
        Column of the value's known standard error, for published means ("normal" or "lognormal"), in
        place of a denominator. Weighted estimates from surveys belong here, with the standard errors of
        their design.
    target
        Whom the average effect in the pilots (SATT) is of: "areas", every fully exposed unit-period the
        same, or "denominators", each by its denominator, such as the children in it.
    edges
        Where each bin of a binned outcome ends and the next begins: one less than bins, as the first
        begins at 0 and the last has no end.
    open
        Columns, one a bin of a binned outcome, of records that had not finished before the bin in which their own
        follow-up ended: those are only known to last beyond its beginning. A record whose follow-up ended within a
        bin belongs here even if it was seen to finish in that bin, or durations come out too short; what
        `primum.aggregate` makes is so.
    above
        Of an ordered outcome, the category (by the name of its column) whose upper boundary the effect is about: the
        effect is that on the share of records in the categories above it.
    low, high
        Columns between which a value is known to lie where it is empty, such as 1 and 5 where published counts of 1
        to 5 are suppressed: of counts both or none. Of means either may be
        empty where that side is open: a duration that is not over yet is longer than `low`, and has no `high`.
    unit
        Unit of the effect: "percentage points" or "per 1,000" for shares; "per 1", "per 100", ...
        "per 100,000" of the denominator for events; otherwise the unit of the value.
    harm
        Direction in which a change is harmful, "up" or "down".
    sesoi
        Smallest effect size of interest, in `unit`; on a share it must be smaller than the whole scale.
    important
        Whether the two decisions look at it; all outcomes by default.
    common_path
        "free": nothing is said of the movements that all units share from one period to the next; "random walk":
        they are smooth, as far as steps of a walk are.
    path_by
        "none": all units share one path; "region": that of each region of `Columns.regions` departs from the
        common one by a random walk of its own.
    trends
        "none", or "by unit": units have trends of their own beside the common path, normal around it, and drift is
        measured from a unit's own line.
    phi
        Persistence of the drift from one period to the next, above 0 and at most 1; 1, a
        random walk, by default.
    variances
        "equal": drifts and shocks are as large in every unit; "by unit": larger in some than in others,
        by factors that are learned, so that an area with an odd history counts for less; "heavy-tailed": by factors
        that may be large, so that one with a history unlike all others hardly counts.
    shocks
        "normal", or "heavy-tailed": what happens to a unit in a single period is Student's t with 4 degrees of
        freedom, so that one odd record, such as an artefact of recording, does not carry the answer. Needs noise whose
        size is known: counts without overdispersion of their own, or known standard errors.
    shock_sizes
        "equal": shocks are as large in every period; "by period": each has a size of its own, so that a turbulent year
        counts for less. Needs what heavy-tailed shocks do, and goes with normal ones only.
    covariates
        Columns of what may have moved the outcome beside the programme, such as unemployment, filled in for every
        area and period. Each is centred and scaled over all of these, and its coefficient is the change of the linear
        predictor for one SD. What the programme itself may have changed does not belong here.
    weights
        Prior on comparator weights; none by default.
    effect
        Whether the effect differs by event time, cohort or moderators; constant by default.
    prior_set
        Named set of priors: "default", "weak", "sceptical", or "informed" by `evidence`.
    evidence
        What earlier evaluations found of this outcome.
    priors
        Priors set for this outcome one by one; they take the place of the set's.
    """

    __pydantic_config__ = STRICT

    name: Text
    label: Text
    family: FamilyName
    value: Several
    unit: Text
    harm: Literal["up", "down"]
    sesoi: Positive
    important: bool = True
    denominator: Text | None = None
    standard_error: Text | None = None
    target: Target = "areas"
    low: Text | None = None
    high: Text | None = None
    edges: tuple[Positive, ...] | None = None
    common_path: Literal["free", "random walk"] = "free"
    path_by: Literal["none", "region"] = "none"
    trends: Literal["none", "by unit"] = "none"
    open: tuple[Text, ...] | None = None
    above: Text | None = None
    phi: Annotated[float, Field(gt=0, le=1)] = 1.0
    variances: Literal["equal", "by unit", "heavy-tailed"] = "equal"
    shocks: Literal["normal", "heavy-tailed"] = "normal"
    shock_sizes: Literal["equal", "by period"] = "equal"
    covariates: tuple[Text, ...] = ()
    weights: Weights = field(default_factory=Weights)
    effect: Effect = field(default_factory=Effect)
    prior_set: SetName = "default"
    evidence: Evidence | None = None
    priors: PriorChanges = field(default_factory=PriorChanges)

    @property
    def measure(self) -> Measure:
        """The columns this outcome needs."""
        columns = (self.standard_error, self.low, self.high)
        return Measure(
            self.name, self.value, self.denominator, self.facts.kind, *columns, self.open or (), self.covariates
        )

    @property
    def facts(self) -> FamilyFacts:
        """What there is to know of its family."""
        return FACTS[self.family]

    @property
    def shocked(self) -> bool:
        """Whether the model has white shocks, because the noise of its cells can be told from them."""
        known = self.denominator or self.standard_error or self.measure.split
        return bool(known) and not self.facts.overdispersed

    @property
    def _tells_shocks(self) -> bool:
        """Whether a record tells its shock from its noise, because the size of the noise is known."""
        learned = self.facts.noise is not None and not self.measure.split
        return self.shocked and (not learned or self.standard_error is not None)

    @property
    def average(self) -> str:
        """What the average effect in the pilots is an average over, to follow its name."""
        return ", weighted by denominators" if self.target == "denominators" else ""

    @property
    def at_or_below(self) -> int:
        """Of an ordered outcome, how many categories are not above the boundary."""
        return 1 + self.measure.values.index(self.above) if self.above in self.measure.values else 0

    @property
    def factor(self) -> float:
        """What turns a difference of expected values into `unit`."""
        return self.facts.units.get(self.unit, 1.0)

    @property
    def sign(self) -> int:
        """1 where an increase is harmful, -1 where a decrease is."""
        return 1 if self.harm == "up" else -1

    def all_priors(self) -> Priors:
        """The priors of this outcome's model, defaults included."""
        priors = priors_of(self.family, self.priors, self.prior_set, self.evidence)
        if self.common_path == "free":
            return priors
        return replace(priors, lambda_t=replace(priors.lambda_t, distribution="zero-sum walk"))

    def priors_in_use(self) -> list[tuple[str, Prior]]:
        """Names and priors of the parameters that this outcome's model has."""
        absent = set()
        if self.facts.noise is None or self.standard_error is not None:
            absent.add("sigma")
        if not self.shocked:
            absent.add("s")
        if self.weights.base == "none" or self.weights.kappa is not None:
            absent.add("kappa")
        if self.variances != "by unit":
            absent.add("omega")
        if self.trends == "none":
            absent.add("sigma_slope")
        if self.path_by == "none":
            absent.add("sigma_region")
        if self.effect.over_time == "constant":
            absent.add("sigma_event")
        if self.effect.cohorts == "together":
            absent.add("sigma_cohort")
        if not self.effect.moderators:
            absent.add("moderator")
        if not self.covariates:
            absent.add("covariate")
        return [(name, prior) for name, prior in self.all_priors().items() if name not in absent]

    def problems(self) -> list[str]:
        """What is wrong with this outcome beyond unknown keys and wrong types."""
        path = f"outcomes.{self.name}"
        found = []
        if not self.name.isidentifier():
            found.append(f"{path}: the name must be letters, digits and underscores, starting with a letter")
        if self.name in _TAKEN:
            found.append(f"{path}: this name is kept for another part of the panel; choose another")
        units = self.facts.units
        if units and self.denominator is None and not self.measure.split:
            found.append(
                f"{path}.denominator: this key is missing; a {self.family} outcome needs the column of its denominator"
            )
        if units and self.unit not in units:
            allowed = " or ".join(f'"{unit}"' for unit in units)
            found.append(f'{path}.unit: "{self.unit}" is not a unit of a {self.facts.shown}; use {allowed}')
        largest = units.get(self.unit) if self.facts.shown == "share" else None
        if largest is not None and self.sesoi >= largest:
            found.append(
                f"{path}.sesoi: {self.sesoi:g} {self.unit} would call every effect negligible, as no share can change "
                f"by more than {largest:g}; give a smaller one"
            )
        if self.denominator == self.value:
            found.append(f"{path}: value and denominator are both column '{self.value}'; they must differ")
        found += self._error_problems(path) + self._interval_problems(path) + self._split_problems(path)
        if self.target == "denominators" and self.denominator is None and not self.measure.split:
            found.append(f'{path}.target: "denominators" needs the column of a denominator; add it, or use "areas"')
        if not self._tells_shocks:
            needs = (
                "needs noise whose size is known: counts without overdispersion of their own, or known standard errors"
            )
            if self.shocks == "heavy-tailed":
                instead = ", or the family student_t" if self.facts.kind == "real" else ""
                found.append(f'{path}.shocks: "heavy-tailed" {needs}; use "normal"{instead}')
            if self.shock_sizes == "by period":
                found.append(f'{path}.shock_sizes: "by period" {needs}; use "equal"')
        if self.shock_sizes == "by period" and self.shocks == "heavy-tailed":
            found.append(
                f'{path}.shock_sizes: "by period" goes with normal shocks only, as records can hardly tell a period of '
                'large shocks from one of a few very large ones; leave it out, or set shocks to "normal"'
            )
        used = {name for name, _ in self.priors_in_use()}
        found += [
            f"{path}.priors.{name}: the model of this outcome has no {name}; leave it out"
            for name, prior in self.all_priors().items()
            if prior.source == "yours" and name not in used
        ]
        twice = sorted({name for name in self.covariates if self.covariates.count(name) > 1})
        found += [f"{path}.covariates: '{name}' is named more than once; name it once" for name in twice]
        own = {*self.measure.values, *self.measure.open, *self.measure.parts.values()}
        found += [
            f"{path}.covariates: '{name}' is a column of the outcome itself; leave it out"
            for name in self.covariates
            if name in own
        ]
        found += self._evidence_problems(path)
        found += self.weights.problems(f"{path}.weights") + self.effect.problems(f"{path}.effect")
        return found + self.priors.problems(f"{path}.priors")

    def _evidence_problems(self, path: str) -> list[str]:
        if self.evidence is None:
            if self.prior_set != "informed":
                return []
            return [
                f'{path}.evidence: this key is missing; prior_set "informed" needs estimates of earlier evaluations'
            ]
        found = self.evidence.problems(f"{path}.evidence")
        if self.prior_set != "informed":
            found.append(f'{path}.evidence: it is used only with prior_set = "informed"; set that, or leave it out')
        if self.priors.tau is not None:
            found.append(f"{path}.evidence: priors.tau takes its place; leave one of them out")
        return found

    def _error_problems(self, path: str) -> list[str]:
        if self.standard_error is None:
            return []
        found = []
        if not self.facts.errors:
            able = " and ".join(name for name, facts in FACTS.items() if facts.errors)
            found.append(f"{path}.standard_error: this key goes only with the families {able}; remove it")
        if self.denominator is not None:
            found.append(f"{path}: give either denominator or standard_error, not both")
        if self.standard_error == self.value:
            found.append(f"{path}: value and standard_error are both column '{self.value}'; they must differ")
        return found

    def _split_problems(self, path: str) -> list[str]:
        """What is wrong with outcomes whose records are counted in several columns, and with keys only they have."""
        alone = {"edges": "binned", "open": "binned", "above": "ordered"}
        found = [
            f"{path}.{key}: only {'an' if family == 'ordered' else 'a'} {family} outcome has this key; leave it out"
            for key, family in alone.items()
            if getattr(self, key) and self.family != family
        ]
        if not self.measure.split:
            several = f"{path}.value: only a binned or an ordered outcome has several columns"
            return found if isinstance(self.value, str) else [*found, several]
        columns, whose, few = self.measure.values, *_PARTS[self.facts.kind]
        if isinstance(self.value, str) or len(columns) < _MIN_PARTS:
            found.append(f"{path}.value: {whose}, a list of {_MIN_PARTS} or more; {few} is binomial")
        used = [*columns, *self.measure.open, self.denominator]
        twice = sorted({name for name in used if name is not None and used.count(name) > 1})
        found += [f"{path}.value: column '{name}' is used twice in this outcome; they must differ" for name in twice]
        return found + (self._edge_problems(path) if self.family == "binned" else self._boundary_problems(path))

    def _edge_problems(self, path: str) -> list[str]:
        bins, found = self.measure.values, []
        if self.edges is None:
            found.append(f"{path}.edges: this key is missing; give where each bin ends and the next begins")
        elif len(self.edges) != len(bins) - 1:
            found.append(
                f"{path}.edges: {len(bins)} bins meet at {len(bins) - 1} edges, but {len(self.edges)} are given"
            )
        elif list(self.edges) != sorted(set(self.edges)):
            found.append(f"{path}.edges: they must rise, as columns are given from the shortest durations on")
        if self.open and len(self.open) != len(bins):
            found.append(
                f"{path}.open: there are {len(bins)} bins, and each needs a column, but {len(self.open)} are given"
            )
        return found

    def _boundary_problems(self, path: str) -> list[str]:
        allowed = self.measure.values[:-1]
        if self.above in allowed:
            return []
        names = " or ".join(f'"{name}"' for name in allowed) or "a category"
        lowest = f'"{self.above}" has no category of this outcome above it'
        what = "this key is missing" if self.above is None else lowest
        return [f"{path}.above: {what}; the effect is on the share above a category: use {names}"]

    def _interval_problems(self, path: str) -> list[str]:
        bounds = {name: column for name, column in (("low", self.low), ("high", self.high)) if column is not None}
        if not bounds:
            return []
        if self.measure.split:
            advice = "what is not known of bins or categories is left empty in their own columns"
            return [f"{path}.{name}: {advice}; leave it out" for name in bounds]
        if len(bounds) == 1 and self.facts.kind in {"count", "events"}:
            absent = "high" if "low" in bounds else "low"
            return [f"{path}.{absent}: this key is missing; an interval of counts needs the columns of both its bounds"]
        named = {
            "value": self.value, "denominator": self.denominator, "standard_error": self.standard_error, **bounds
        }  # fmt: skip
        shared = [name for name in bounds if list(named.values()).count(named[name]) > 1]
        return [
            f"{path}.{name}: column '{named[name]}' is used twice in this outcome; they must differ" for name in shared
        ]
