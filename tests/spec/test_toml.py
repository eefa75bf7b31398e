from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest

from primum.errors import InputError, PrimumError, SpecError
from primum.spec import Spec
from primum.spec.strict import STRICT
from primum.spec.toml import parse, read_toml, set_path

SOUND = """\
title = "Kinship care"
programme = "Signs of Safety"
seed = 1

[columns]
unit = "la"
time = "year"
start = "start"

[outcomes.kinship]
label = "Kinship care"
family = "binomial"
value = "kin"
denominator = "care"
unit = "percentage points"
harm = "down"
sesoi = 3.0
"""


class Malformed(NamedTuple):
    """A sound file with a piece replaced, and the problems that the user must see, in full."""

    name: str
    old: str
    new: str
    problems: tuple[str, ...]


MALFORMED = [
    Malformed("not TOML", "seed = 1", "seed = ", ("the file is not valid TOML: Invalid value (at line 3, column 8)",)),
    Malformed(
        "key given twice",
        "seed = 1",
        "seed = 1\nseed = 2",
        ("the file is not valid TOML: Cannot overwrite a value (at line 4, column 9)",),
    ),
    Malformed(
        "misspelt key",
        "sesoi",
        "sesio",
        ("outcomes.kinship.sesoi: this key is missing", "outcomes.kinship.sesio: unknown key; did you mean sesoi?"),
    ),
    Malformed("misspelt top key", "seed = 1", 'seed = 1\nnote = ""', ("note: unknown key; did you mean notes?",)),
    Malformed(
        "misspelt table",
        "[outcomes.kinship]",
        "[decisions.usin]\nstop = 0.8\n[outcomes.kinship]",
        ("decisions.usin: unknown key; did you mean using?",),
    ),
    Malformed(
        "misspelt prior",
        "sesoi = 3.0",
        'sesoi = 3.0\npriors.sigma_tua = { scale = 1, reason = "why" }',
        ("outcomes.kinship.priors.sigma_tua: unknown key; did you mean sigma_tau?",),
    ),
    Malformed(
        "unknown key unlike any other",
        'time = "year"',
        'time = "year"\nzzz = 1',
        (
            "columns.zzz: unknown key; allowed are unit, time, label, start, embedded, pilot, exposure, regions, "
            "imputation",
        ),
    ),
    Malformed(
        "name of an outcome given again",
        "label =",
        'name = "kin"\nlabel =',
        ("outcomes.kinship.name: unknown key; the name is that of the table, kinship",),
    ),
    Malformed("missing key", "seed = 1\n", "", ("seed: this key is missing",)),
    Malformed("missing key in a table", 'unit = "la"\n', "", ("columns.unit: this key is missing",)),
    Malformed(
        "prior without a reason",
        "sesoi = 3.0",
        "sesoi = 3.0\npriors.tau = { scale = 0.5 }",
        ("outcomes.kinship.priors.tau.reason: this key is missing",),
    ),
    Malformed(
        "location of a scale",
        "sesoi = 3.0",
        'sesoi = 3.0\npriors.q = { scale = 0.5, location = 1, reason = "why" }',
        ("outcomes.kinship.priors.q.location: a half-normal prior has no location; leave it out",),
    ),
    Malformed("text for a number", "seed = 1", 'seed = "1"', ('seed: "1" should be a whole number',)),
    Malformed("broken seed", "seed = 1", "seed = 1.5", ("seed: 1.5 should be a whole number",)),
    Malformed("true for a number", "seed = 1", "seed = true", ("seed: true should be a whole number",)),
    Malformed("negative seed", "seed = 1", "seed = -1", ("seed: -1 must be at least 0",)),
    Malformed("seed too large", "seed = 1", "seed = 4294967296", ("seed: 4294967296 must be below 4294967296",)),
    Malformed("number for text", '"Kinship care"\npro', "3\npro", ("title: 3 should be text in quotes",)),
    Malformed("empty text", '"Kinship care"\npro', '""\npro', ("title: must not be empty",)),
    Malformed(
        "date for a year",
        "[outcomes.kinship]",
        "[periods]\nfirst = 2011-03-31\n[outcomes.kinship]",
        ("periods.first: 2011-03-31 is of type date; give text in quotes, a number, or true or false",),
    ),
    Malformed(
        "value for a table",
        '[columns]\nunit = "la"\ntime = "year"\nstart = "start"\n',
        "columns = 3\n",
        ("columns: 3 should be a table with keys of its own",),
    ),
    Malformed(
        "number for a prior",
        "sesoi = 3.0",
        "sesoi = 3.0\npriors.tau = 0.5",
        ("outcomes.kinship.priors.tau: 0.5 should be a table with keys of its own",),
    ),
    Malformed(
        "list of outcomes",
        "[outcomes.kinship]",
        '[[outcomes]]\nname = "kinship"',
        ("outcomes: at least one table such as [outcomes.kinship] is needed",),
    ),
    Malformed(
        "no outcomes",
        SOUND[SOUND.index("[outcomes") :],
        "[outcomes]",
        ("outcomes: at least one table such as [outcomes.kinship] is needed",),
    ),
    Malformed(
        "no table of outcomes",
        SOUND[SOUND.index("[outcomes") :],
        "",
        ("outcomes: at least one table such as [outcomes.kinship] is needed",),
    ),
    Malformed(
        "bad direction of harm",
        '"down"',
        '"it\'s down"',
        ('outcomes.kinship.harm: "it\'s down" is not allowed; use "up" or "down"',),
    ),
    Malformed("negative sesoi", "3.0", "-3.0", ("outcomes.kinship.sesoi: -3.0 must be above 0",)),
    Malformed("sesoi of 0", "3.0", "0", ("outcomes.kinship.sesoi: 0 must be above 0",)),
    Malformed("infinite sesoi", "3.0", "inf", ("outcomes.kinship.sesoi: must be a finite number",)),
    Malformed("sesoi that is no number", "3.0", "nan", ("outcomes.kinship.sesoi: must be a finite number",)),
    Malformed(
        "unknown family",
        '"binomial"',
        '"probit"',
        (
            'outcomes.kinship.family: "probit" is not allowed; use "binomial", "beta_binomial", "poisson", '
            '"negative_binomial", "normal", "student_t", "lognormal", "gamma", "binned" or "ordered"',
        ),
    ),
    Malformed(
        "binomial without a denominator",
        'denominator = "care"\n',
        "",
        ("outcomes.kinship.denominator: this key is missing; a binomial outcome needs the column of its denominator",),
    ),
    Malformed(
        "denominator that is the value",
        '"care"',
        '"kin"',
        ("outcomes.kinship: value and denominator are both column 'kin'; they must differ",),
    ),
    Malformed(
        "wrong unit of a share",
        '"percentage points"',
        '"percent"',
        ('outcomes.kinship.unit: "percent" is not a unit of a share; use "percentage points" or "per 1,000"',),
    ),
    Malformed(
        "name of an outcome that is no name",
        "[outcomes.kinship]",
        '[outcomes."kinship-care"]',
        ("outcomes.kinship-care: the name must be letters, digits and underscores, starting with a letter",),
    ),
    Malformed(
        "name of an outcome that the panel needs",
        "[outcomes.kinship]",
        "[outcomes.exposure]",
        ("outcomes.exposure: this name is kept for another part of the panel; choose another",),
    ),
    Malformed(
        "two sources of exposure",
        'start = "start"',
        'start = "start"\npilot = "pilot"',
        ("columns: exposure must come from exactly one of start, pilot and exposure; given are start and pilot",),
    ),
    Malformed(
        "no source of exposure",
        'start = "start"',
        "",
        ("columns: exposure must come from exactly one of start, pilot and exposure; none is given",),
    ),
    Malformed(
        "embedded without start",
        'start = "start"',
        'exposure = "e"\nembedded = "embedded"',
        ("columns.embedded: this key goes only with columns.start; remove it",),
    ),
    Malformed(
        "pilot flag without a start",
        'start = "start"',
        'pilot = "pilot"',
        ("treatment.start: this key is missing; columns.pilot says who is exposed, but not from when",),
    ),
    Malformed(
        "start for all where each unit has its own",
        "[outcomes.kinship]",
        "[treatment]\nstart = 2014\nembedded = 2015\n[outcomes.kinship]",
        (
            "treatment.start: this key goes only with columns.pilot; remove it",
            "treatment.embedded: this key goes only with columns.pilot; remove it",
        ),
    ),
    Malformed(
        "embedded before start",
        'start = "start"\n',
        'pilot = "pilot"\n[treatment]\nstart = 2014\nembedded = 2012\n',
        ("treatment: embedded (2012) is before start (2014); correct either",),
    ),
    Malformed(
        "given exposure cannot be left out",
        'start = "start"\n',
        'exposure = "e"\n[treatment]\nembedding = "leave out"\n',
        ('treatment.embedding: "leave out" needs columns.start or columns.pilot, not columns.exposure',),
    ),
    Malformed(
        "unknown embedding",
        "[outcomes.kinship]",
        '[treatment]\nembedding = "leave"\n[outcomes.kinship]',
        ('treatment.embedding: "leave" is not allowed; use "ramp" or "leave out"',),
    ),
    Malformed(
        "periods reversed",
        "[outcomes.kinship]",
        "[periods]\nfirst = 2019\nlast = 2011\n[outcomes.kinship]",
        ("periods: first (2019) is after last (2011); swap them",),
    ),
    Malformed(
        "two sources of data",
        "[outcomes.kinship]",
        '[source]\nsimulate = "signs-of-safety"\nfile = "areas.csv"\n[outcomes.kinship]',
        ("source: give either simulate or file, not both",),
    ),
    Malformed(
        "threshold in per cent",
        "[outcomes.kinship]",
        "[decisions.using]\nstop = 80\n[outcomes.kinship]",
        ("decisions.using.stop: 80 must be at most 1",),
    ),
    Malformed(
        "thresholds the wrong way round",
        "[outcomes.kinship]",
        "[decisions.using]\nstop = 0.1\n[outcomes.kinship]",
        ("decisions.using: watch (0.2) must not be above stop (0.1)",),
    ),
    Malformed(
        "one chain and too small an acceptance",
        "[outcomes.kinship]",
        "[sampler]\nchains = 1\ntarget_accept = 0.5\n[outcomes.kinship]",
        ("sampler.chains: 1 must be at least 2", "sampler.target_accept: 0.5 must be above 0.5"),
    ),
]


def _file(folder: Path, text: str) -> Path:
    path = folder / "evaluation.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sound_file_is_sound(tmp_path: Path) -> None:
    spec = Spec.read(_file(tmp_path, SOUND))
    assert spec.outcome("kinship").sesoi == 3.0
    assert spec.columns.start == "start"


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)
def test_malformed_file_is_refused_in_words(case: Malformed, tmp_path: Path) -> None:
    assert SOUND.count(case.old) == 1
    path = _file(tmp_path, SOUND.replace(case.old, case.new))
    with pytest.raises(SpecError) as caught:
        Spec.read(path)
    assert caught.value.problems == case.problems
    count = "1 problem" if len(case.problems) == 1 else f"{len(case.problems)} problems"
    assert str(caught.value).splitlines()[0] == f"{count} in {path}:"


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    text = SOUND.replace("seed", "sede").replace('"down"', '"dwon"').replace("3.0", "-1").replace('"la"', "201")
    with pytest.raises(SpecError) as caught:
        Spec.read(_file(tmp_path, text))
    assert str(caught.value).splitlines() == [
        f"5 problems in {tmp_path / 'evaluation.toml'}:",
        "  1. seed: this key is missing",
        "  2. columns.unit: 201 should be text in quotes",
        '  3. outcomes.kinship.harm: "dwon" is not allowed; use "up" or "down"',
        "  4. outcomes.kinship.sesoi: -1 must be above 0",
        "  5. sede: unknown key; did you mean seed?",
    ]


def test_problems_between_keys_are_reported_together(tmp_path: Path) -> None:
    text = SOUND.replace('"percentage points"', '"percent"').replace('start = "start"', "")
    with pytest.raises(SpecError, match=r'^2 problems in (.|\n)*1\. outcomes(.|\n)*"percent"(.|\n)*2\. columns'):
        Spec.read(_file(tmp_path, text))


def test_problems_name_the_outcome_they_are_in(tmp_path: Path) -> None:
    second = SOUND[SOUND.index("[outcomes") :].replace("kinship", "rereferral").replace("3.0", '"3"')
    with pytest.raises(SpecError) as caught:
        Spec.read(_file(tmp_path, SOUND + second))
    assert caught.value.problems == ('outcomes.rereferral.sesoi: "3" should be a number',)


def test_name_kept_for_a_denominator(tmp_path: Path) -> None:
    second = SOUND[SOUND.index("[outcomes") :].replace("kinship", "kinship_denominator")
    with pytest.raises(SpecError) as caught:
        Spec.read(_file(tmp_path, SOUND + second))
    assert caught.value.problems == (
        "outcomes.kinship_denominator: this name is kept for a denominator; choose another",
    )


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        Spec.read(tmp_path / "none.toml")
    assert str(caught.value) == f"1 problem in {tmp_path / 'none.toml'}:\n  1. there is no such file"
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, PrimumError)


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the file cannot be read"):
        Spec.read(tmp_path)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_file_in_another_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.toml"
    path.write_bytes(SOUND.replace("Kinship care", "£").encode(encoding))
    with pytest.raises(SpecError, match="the file is not UTF-8 text; save it again as UTF-8"):
        Spec.read(path)


def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    # Windows editors write one, and the TOML parser does not take it
    path = tmp_path / "evaluation.toml"
    path.write_bytes(SOUND.encode("utf-8-sig"))
    assert read_toml(path)["title"] == "Kinship care"


@pytest.mark.parametrize("content", [None, [], 3, "title"])
def test_content_that_is_no_table(content: Any) -> None:
    with pytest.raises(SpecError) as caught:
        Spec.from_dict(content)
    assert str(caught.value) == "1 problem in the specification:\n  1. it should be a table of keys and values"


@dataclass(frozen=True)
class _Inner:
    __pydantic_config__ = STRICT

    share: float


@dataclass(frozen=True)
class _Outer:
    __pydantic_config__ = STRICT

    size: int
    inner: _Inner | None = None
    on: bool = False


def test_parse_makes_frozen_values_of_any_strict_dataclass() -> None:
    assert parse(_Outer, {"size": 3, "inner": {"share": 1}}, "it") == _Outer(3, _Inner(1.0))
    assert isinstance(parse(_Inner, {"share": 1}, "it").share, float)


def test_parse_coerces_nothing() -> None:
    with pytest.raises(SpecError) as caught:
        parse(_Outer, {"size": 3.0, "inner": {"share": "1", "shaer": 2}, "on": 1}, "it")
    assert caught.value.problems == (
        "size: 3.0 should be a whole number",
        'inner.share: "1" should be a number',
        "inner.shaer: unknown key; did you mean share?",
        "on: 1 should be true or false",
    )


def test_set_path_makes_tables_on_the_way() -> None:
    content: dict[str, Any] = {"a": {"b": 1}}
    set_path(content, "a.b", 2, "it")
    set_path(content, "a.c.d", 3, "it")
    set_path(content, "e", 4, "it")
    assert content == {"a": {"b": 2, "c": {"d": 3}}, "e": 4}


def test_set_path_stops_at_values() -> None:
    with pytest.raises(SpecError) as caught:
        set_path({"a": {"b": 1}}, "a.b.c.d", 2, "the changes")
    assert str(caught.value) == "1 problem in the changes:\n  1. a.b.c.d: a.b is not a table with keys of its own"


def _dataclasses(kind: Any) -> list[Any]:
    """A dataclass and all those within it."""
    if not is_dataclass(kind):
        return [found for part in get_args(kind) for found in _dataclasses(part)]
    hints = get_type_hints(kind)
    return [kind, *(found for item in fields(kind) for found in _dataclasses(hints[item.name]))]


def test_every_part_of_a_specification_is_strict_and_frozen() -> None:
    parts = set(_dataclasses(Spec))
    assert {part.__name__ for part in parts} >= {"Spec", "Columns", "Outcome", "PriorChange", "Considering"}
    for part in parts:
        assert part.__dataclass_params__.frozen, part
        # Spec, and everything below it, forbids unknown keys
        assert part.__pydantic_config__ is STRICT, part
