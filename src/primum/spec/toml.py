"""From a TOML file to a frozen value, with all mistakes at once and their path in the file."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from primum.errors import SpecError

_MISSPELT = 0.6
_PLAIN = {
    "Input should be": "must be",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "above",
    "less than": "below",
}


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file.

    Raises
    ------
    SpecError
        If the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SpecError(str(path), ["there is no such file"]) from None
    except UnicodeDecodeError:
        raise SpecError(str(path), ["the file is not UTF-8 text; save it again as UTF-8"]) from None
    except OSError as error:
        raise SpecError(str(path), [f"the file cannot be read: {error.strerror}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError(str(path), [f"the file is not valid TOML: {error}"]) from None


def parse[T](kind: type[T], content: Mapping[str, Any], subject: str) -> T:
    """Make a value of a strict frozen dataclass from the content of a TOML file.

    Raises
    ------
    SpecError
        With every unknown key, missing key and wrong type.
    """
    if not isinstance(content, Mapping):
        raise SpecError(subject, ["it should be a table of keys and values"])
    problems = [*_foreign(content, []), *_repeated_names(content)]
    if problems:
        raise SpecError(subject, problems)
    names = _outcome_names(content)
    try:
        return TypeAdapter(kind).validate_json(json.dumps(_with_outcome_list(content)))
    except ValidationError as error:
        # a list with a broken item also counts as too short; with outcomes named, that says nothing new
        items = [item for item in error.errors() if not (names and item["loc"] == ("outcomes",))]
        problems = [_sentence(kind, item, names) for item in items]
        raise SpecError(subject, list(dict.fromkeys(problems))) from None


def set_path(content: dict[str, Any], path: str, value: Any, subject: str) -> None:
    """Set the value at a dotted path, making tables on the way.

    Raises
    ------
    SpecError
        If the path goes through a value that is not a table.
    """
    *tables, key = path.split(".")
    for depth, name in enumerate(tables, 1):
        content = content.setdefault(name, {})
        if not isinstance(content, dict):
            raise SpecError(subject, [f"{path}: {'.'.join(tables[:depth])} is not a table with keys of its own"])
    content[key] = value


def _foreign(value: Any, location: list[str]) -> list[str]:
    """Name values that are of no use in any key: dates, and objects that TOML does not know."""
    if isinstance(value, Mapping):
        return [problem for key, item in value.items() for problem in _foreign(item, [*location, str(key)])]
    if isinstance(value, list | tuple):
        return [problem for item in value for problem in _foreign(item, location)]
    if value is None or isinstance(value, str | bool | int | float):
        return []
    advice = "give text in quotes, a number, or true or false"
    return [f"{'.'.join(location)}: {value} is of type {type(value).__name__}; {advice}"]


def _repeated_names(content: Mapping[str, Any]) -> list[str]:
    outcomes = content.get("outcomes")
    if not isinstance(outcomes, Mapping):
        return []
    named = [name for name, outcome in outcomes.items() if isinstance(outcome, Mapping) and "name" in outcome]
    return [f"outcomes.{name}.name: unknown key; the name is that of the table, {name}" for name in named]


def _outcome_names(content: Mapping[str, Any]) -> list[str]:
    outcomes = content.get("outcomes")
    return list(outcomes) if isinstance(outcomes, Mapping) else []


def _with_outcome_list(content: Mapping[str, Any]) -> dict[str, Any]:
    if "outcomes" not in content:
        return dict(content)
    outcomes = content["outcomes"]
    if not isinstance(outcomes, Mapping):
        return {**content, "outcomes": []}
    listed = [
        {"name": name, **outcome} if isinstance(outcome, Mapping) else outcome for name, outcome in outcomes.items()
    ]
    return {**content, "outcomes": listed}


def _sentence(kind: type, error: Any, names: list[str]) -> str:
    location = [part for part in error["loc"] if not str(part).startswith(("function-", "tagged-"))]
    path = _path(location, names)
    given = error.get("input")
    match error["type"]:
        case "missing" | "too_short" if path == "outcomes":
            return "outcomes: at least one table such as [outcomes.kinship] is needed"
        case "missing":
            return f"{path}: this key is missing"
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"{path}: unknown key{_hint(kind, location)}"
        case "string_type" | "int_type" | "float_type" | "bool_type" | "int_from_float":
            wanted = {"string": "text in quotes", "int": "a whole number", "float": "a number", "bool": "true or false"}
            return f"{path}: {json.dumps(given)} should be {wanted[error['type'].split('_')[0]]}"
        case "literal_error":
            expected = error["ctx"]["expected"].replace("'", '"')
            return f"{path}: {json.dumps(given)} is not allowed; use {expected}"
        case "finite_number":
            return f"{path}: must be a finite number"
        case "string_too_short":
            return f"{path}: must not be empty"
        case "dataclass_type" | "dataclass_exact_type":
            return f"{path}: {json.dumps(given)} should be a table with keys of its own"
        case _:
            message = error["msg"]
            for words, plain in _PLAIN.items():
                message = message.replace(words, plain)
            return f"{path}: {json.dumps(given)} {message}"


def _path(location: list[Any], names: list[str]) -> str:
    parts = [str(part) for part in location]
    if len(location) > 1 and location[0] == "outcomes" and isinstance(location[1], int) and location[1] < len(names):
        parts[1] = names[location[1]]
    return ".".join(parts)


def _hint(kind: type, location: list[Any]) -> str:
    allowed = _keys(kind, location[:-1])
    close = difflib.get_close_matches(str(location[-1]), allowed, n=1, cutoff=_MISSPELT)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; allowed are {', '.join(allowed)}" if allowed else ""


def _keys(kind: Any, location: list[Any]) -> list[str]:
    """Keys allowed in the table at a location, found by walking the dataclasses' types."""
    for part in location:
        if isinstance(part, int):
            continue
        kind = get_type_hints(kind, include_extras=False)[part]
        while not is_dataclass(kind):
            inner = [item for item in get_args(kind) if is_dataclass(item) or get_args(item)]
            if not inner:
                return []
            kind = inner[0]
    return [item.name for item in fields(kind) if item.name != "name"]
