"""Spec: an evaluation fixed before fitting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from primum.errors import SpecError
from primum.spec.layout import Columns, Layout, Periods, Treatment
from primum.spec.outcome import Outcome
from primum.spec.strict import STRICT, Positive, Probability, Text
from primum.spec.toml import parse, read_toml, set_path

ScaleName = Literal["ipcc", "phia"]


@dataclass(frozen=True)
class Source:
    """Where the table comes from: the embedded simulated evaluation, or a CSV file.

    A relative `file` is looked for beside the specification first.
    """

    __pydantic_config__ = STRICT

    simulate: Literal["signs-of-safety"] | None = None
    file: Text | None = None


LEAST_DRAWS = 800


@dataclass(frozen=True)
class Sampler:
    """Settings of the sampler.

    Attributes
    ----------
    chains, draws, tune
        Chains, draws kept in each, and tuning draws before them.
    target_accept
        Acceptance probability that the step size aims at.
    backend
        "numba", compiled for the processor, or "jax" (NumPyro's NUTS), for accelerators.
    attempts
        2 where what does not pass the gate is sampled once more, with more care, unless there are fewer than 800 draws
        in all; 1 where it is left as it is.
    """

    __pydantic_config__ = STRICT

    chains: Annotated[int, Field(ge=2, le=64)] = 4
    draws: Annotated[int, Field(ge=50)] = 1000
    tune: Annotated[int, Field(ge=50)] = 250
    target_accept: Annotated[float, Field(gt=0.5, lt=1)] = 0.85
    backend: Literal["numba", "jax"] = "numba"
    attempts: Annotated[int, Field(ge=1, le=2)] = 2

    @property
    def repeats(self) -> bool:
        """Whether there may be a second attempt: not where 400 effective draws can hardly be had."""
        return self.attempts > 1 and self.chains * self.draws >= LEAST_DRAWS


@dataclass(frozen=True)
class Using:
    """Thresholds for places that already use the programme, on the average effect in the pilots.

    Attributes
    ----------
    stop
        "Stop or rework" when P(harm beyond the SESOI) is at least this.
    watch
        "Carry on, and watch" when it is at least this.
    """

    __pydantic_config__ = STRICT

    stop: Probability = 0.8
    watch: Probability = 0.2


@dataclass(frozen=True)
class Considering:
    """Thresholds for places that consider the programme, on the effect in a new area.

    Attributes
    ----------
    pause
        "Pause for thought" when P(harm beyond the SESOI) is at least this.
    adopt
        "Grounds to adopt" when P(benefit beyond the SESOI) is at least this and harm is
        below `pause`.
    """

    __pydantic_config__ = STRICT

    pause: Probability = 0.2
    adopt: Probability = 0.5


@dataclass(frozen=True)
class Costs:
    """What a wrong choice costs for each SESOI of effect on an important outcome; only their ratios matter.

    Attributes
    ----------
    continuing
        Carrying on with a programme that harms.
    stopping
        Stopping a programme that helps.
    adopting
        Adopting a programme that harms.
    waiting
        Not adopting a programme that helps.
    """

    __pydantic_config__ = STRICT

    continuing: Positive = 1.0
    stopping: Positive = 1.0
    adopting: Positive = 1.0
    waiting: Positive = 1.0


@dataclass(frozen=True)
class Decisions:
    """How the two questions are decided.

    Attributes
    ----------
    rule
        "thresholds": each important outcome by the probabilities below, and the most cautious verdict counts.
        "expected loss": the choice whose expected loss over the important outcomes together is smaller.
    using, considering
        Thresholds of the first rule.
    costs
        Costs of the second.
    """

    __pydantic_config__ = STRICT

    rule: Literal["thresholds", "expected loss"] = "thresholds"
    using: Using = field(default_factory=Using)
    considering: Considering = field(default_factory=Considering)
    costs: Costs = field(default_factory=Costs)


@dataclass(frozen=True)
class Words:
    """Words that stand beside probabilities.

    Attributes
    ----------
    scale
        "ipcc", the scale of the Intergovernmental Panel on Climate Change, or "phia", the probability
        yardstick of the UK's Professional Head of Intelligence Assessment.
    """

    __pydantic_config__ = STRICT

    scale: ScaleName = "ipcc"


@dataclass(frozen=True)
class Spec:
    """An evaluation, fixed before fitting.

    Attributes
    ----------
    title
        What is evaluated.
    programme
        What the programme is called in sentences.
    seed
        Seed of every random number in the evaluation.
    columns, periods, treatment
        Layout of the table.
    outcomes
        What is measured, in the order of the report.
    joint
        Whether outcomes are fitted jointly, with correlated levels, paths, effects and, where there are any, weights,
        or each apart.
    lkj
        Parameter of the correlations' LKJ prior where they are: 1 makes all matrices as likely, more draws
        them towards no correlation.
    source
        Where the table comes from when the command line is not told.
    sampler, decisions, words
        Settings of the sampler; thresholds of the two decisions; words for probabilities.
    notes
        Anything a reader should know of the evaluation; printed in the report.

    Examples
    --------
    >>> import primum as pr
    >>> spec = pr.demo_spec()
    >>> spec.outcome("kinship").harm
    'down'
    >>> spec.change({"outcomes.kinship.sesoi": 5.0}).outcome("kinship").sesoi
    5.0
    """

    __pydantic_config__ = STRICT

    title: Text
    programme: Text
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    columns: Columns
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    joint: bool = False
    lkj: Positive = 2.0
    periods: Periods = field(default_factory=Periods)
    treatment: Treatment = field(default_factory=Treatment)
    source: Source = field(default_factory=Source)
    sampler: Sampler = field(default_factory=Sampler)
    decisions: Decisions = field(default_factory=Decisions)
    words: Words = field(default_factory=Words)
    notes: str = ""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a specification from a TOML file.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        SpecError
            If the file is missing, is not TOML, or holds mistakes; all of them are listed
            with their path in the file.
        """
        return cls.from_dict(read_toml(Path(path)), str(path))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], subject: str = "the specification") -> Self:
        """Make a specification from the content of a TOML file.

        Parameters
        ----------
        content
            Tables and values, as `tomllib` gives them.
        subject
            What to call it in an error.

        Raises
        ------
        SpecError
            With every mistake in the content.
        """
        spec = parse(cls, content, subject)
        problems = spec._problems()
        if problems:
            raise SpecError(subject, problems)
        return spec

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make a specification from the text that `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        """The specification as tables and values, in the form of the TOML file."""
        content: dict[str, Any] = _without_none(asdict(self))
        content["outcomes"] = {outcome.pop("name"): outcome for outcome in content["outcomes"]}
        return content

    def to_json(self) -> str:
        """The specification as one line of JSON."""
        return json.dumps(self.to_dict())

    def change(self, changes: Mapping[str, Any]) -> Self:
        """A copy with some values changed, each named by its path in the TOML file.

        Parameters
        ----------
        changes
            For example ``{"treatment.embedding": "leave out"}``.

        Raises
        ------
        SpecError
            If the result is not a valid specification.
        """
        subject = "the changed specification"
        content = self.to_dict()
        for path, value in changes.items():
            set_path(content, path, deepcopy(value), subject)
        return type(self).from_dict(content, subject)

    @property
    def data(self) -> Layout:
        """What `Panel.from_frame` needs to read the table."""
        measures = tuple(outcome.measure for outcome in self.outcomes)
        moderators = dict.fromkeys(name for outcome in self.outcomes for name in outcome.effect.moderators)
        return Layout(self.columns, self.periods, self.treatment, measures, tuple(moderators))

    def outcome(self, name: str) -> Outcome:
        """The outcome of that name.

        Raises
        ------
        KeyError
            If there is none; the message lists the names there are.
        """
        for outcome in self.outcomes:
            if outcome.name == name:
                return outcome
        raise KeyError(f"no outcome '{name}'; there are {[outcome.name for outcome in self.outcomes]}")

    def chosen(self, name: str | None) -> Outcome:
        """The outcome of that name, or the only one where none is named.

        Raises
        ------
        SpecError
            If there is none of that name, or several and none is named.
        """
        names = [each.name for each in self.outcomes]
        if name is None and len(names) == 1:
            return self.outcomes[0]
        if name not in names:
            raise SpecError("the choice of an outcome", [f"outcome must be one of {', '.join(names)}, not {name}"])
        return self.outcome(name)

    def _problems(self) -> list[str]:
        found = [problem for outcome in self.outcomes for problem in outcome.problems()]
        kept = {f"{outcome.name}_denominator": "a denominator" for outcome in self.outcomes}
        kept |= {f"{outcome.name}_standard_error": "a standard error" for outcome in self.outcomes}
        bounded = [outcome.name for outcome in self.outcomes if outcome.low is not None]
        kept |= {f"{name}_{bound}": "an interval's bound" for name in bounded for bound in ("low", "high")}
        kept |= {f"{outcome.name}_bin": "names of bins" for outcome in self.outcomes if outcome.measure.split}
        kept |= {f"{outcome.name}_open": "open records" for outcome in self.outcomes if outcome.open}
        found += [
            f"outcomes.{outcome.name}: this name is kept for {kept[outcome.name]}; choose another"
            for outcome in self.outcomes
            if outcome.name in kept
        ]
        found += _exposure_problems(self.columns, self.treatment)
        if self.columns.regions is None:
            found += [
                f'outcomes.{outcome.name}.path_by: "region" needs the column of regions; add columns.regions'
                for outcome in self.outcomes
                if outcome.path_by == "region"
            ]
        if self.source.simulate and self.source.file:
            found.append("source: give either simulate or file, not both")
        first, last = self.periods.first, self.periods.last
        if first is not None and last is not None and first > last:
            found.append(f"periods: first ({first}) is after last ({last}); swap them")
        found += self._joint_problems()
        if not any(outcome.important for outcome in self.outcomes):
            found.append("outcomes: none is important, so there is nothing to decide by; leave important out of one")
        idle = {"thresholds": ("costs",), "expected loss": ("using", "considering")}[self.decisions.rule]
        found += [
            f'decisions.{name}: the rule is "{self.decisions.rule}", which does not look at it; leave it out'
            for name in idle
            if getattr(self.decisions, name) != getattr(Decisions(), name)
        ]
        if self.decisions.using.watch > self.decisions.using.stop:
            watch, stop = self.decisions.using.watch, self.decisions.using.stop
            found.append(f"decisions.using: watch ({watch:g}) must not be above stop ({stop:g})")
        return found

    def _joint_problems(self) -> list[str]:
        if not self.joint:
            unused = "lkj: it is looked at only where joint is true; set that, or leave it out"
            return [unused] if self.lkj != type(self).lkj else []
        found = [] if len(self.outcomes) > 1 else ["joint: there is only one outcome; leave it out"]
        if self.sampler.backend == "jax":
            found.append('sampler.backend: "jax" goes only with outcomes apart; set it to "numba", or joint to false')
        return found + _apart(self.outcomes)


def _apart(outcomes: tuple[Outcome, ...]) -> list[str]:
    """What keeps outcomes from being fitted jointly, each with how to mend it."""
    found = []
    if len({each.weights.base == "none" for each in outcomes}) > 1:
        without = " and ".join(each.name for each in outcomes if each.weights.base == "none")
        found.append(
            f"outcomes: {without} {'have' if ' and ' in without else 'has'} no comparator weights and others have; all "
            "that are fitted jointly have them, or none; set weights.base of each"
        )
    for each in outcomes:
        plain = {
            "variances": (each.variances, "equal"),
            "shocks": (each.shocks, "normal"),
            "shock_sizes": (each.shock_sizes, "equal"),
            "effect.spread": (each.effect.spread, "normal"),
        }
        found += [
            f'outcomes.{each.name}.{key}: "{value}" goes only with outcomes apart; set it to "{usual}"'
            for key, (value, usual) in plain.items()
            if value != usual
        ]
    if len({each.trends for each in outcomes}) > 1:
        without = " and ".join(each.name for each in outcomes if each.trends == "none")
        found.append(
            f"outcomes: {without} {'have' if ' and ' in without else 'has'} no trends by unit and others have; all "
            "that are fitted jointly have them, or none, as departures are measured from them; set trends of each"
        )
    found += [
        f'outcomes.{each.name}.trends: "by unit" needs shocks that can be told from noise where outcomes are fitted '
        'jointly; give a denominator or standard errors, or set it to "none"'
        for each in outcomes
        if each.trends == "by unit" and not each.shocked
    ]
    phis = sorted({each.phi for each in outcomes})
    if len(phis) > 1:
        given = ", ".join(f"{each.name} {each.phi:g}" for each in outcomes)
        found.append(f"outcomes: drifts that are fitted jointly share one persistence; phi is {given}; set one for all")
    return found


def _exposure_problems(columns: Columns, treatment: Treatment) -> list[str]:
    given = [name for name in ("start", "pilot", "exposure") if getattr(columns, name)]
    if len(given) != 1:
        are = f"given are {' and '.join(given)}" if given else "none is given"
        return [f"columns: exposure must come from exactly one of start, pilot and exposure; {are}"]
    found = []
    start, embedded = treatment.start, treatment.embedded
    if columns.embedded and not columns.start:
        found.append("columns.embedded: this key goes only with columns.start; remove it")
    if columns.pilot and start is None:
        found.append("treatment.start: this key is missing; columns.pilot says who is exposed, but not from when")
    if not columns.pilot:
        found += [
            f"treatment.{name}: this key goes only with columns.pilot; remove it"
            for name in ("start", "embedded")
            if getattr(treatment, name) is not None
        ]
    if columns.exposure and treatment.embedding == "leave out":
        found.append('treatment.embedding: "leave out" needs columns.start or columns.pilot, not columns.exposure')
    if columns.exposure and treatment.anticipation:
        found.append("treatment.anticipation: this key needs columns.start or columns.pilot, not columns.exposure")
    if start is not None and embedded is not None and embedded < start:
        found.append(f"treatment: embedded ({embedded}) is before start ({start}); correct either")
    return found


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
