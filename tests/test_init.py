"""What `import primum` gives, and what it does not import."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import primum


def run(code: str) -> str:
    """Run code in a fresh interpreter, in which nothing has been imported before."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def declared() -> dict[str, str]:
    """Public names by the module that a type checker is told to find them in."""
    tree = ast.parse(Path(str(primum.__file__)).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_all_is_sorted_and_is_what_is_public() -> None:
    assert sorted(primum.__all__) == list(primum.__all__)
    assert set(primum.__all__) == set(declared())
    assert set(primum.__all__) <= set(dir(primum))
    assert {name: f"primum.{room}" for name, room in primum._HOME.items()} == declared()


@pytest.mark.parametrize("name", primum.__all__)
def test_every_public_name_is_the_one_of_its_room(name: str) -> None:
    found = getattr(primum, name)
    assert found is getattr(import_module(declared()[name]), name)
    assert found.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'primum' has no attribute 'evaluate'"):
        primum.evaluate  # noqa: B018


def test_importing_primum_is_quick() -> None:
    """Modelling and tables are imported when they are first used."""
    slow = "{'pymc', 'pytensor', 'nutpie', 'numba', 'arviz', 'xarray', 'pandas', 'scipy', 'matplotlib'}"
    assert run(f"import primum, sys; print(sorted({slow} & set(sys.modules)))") == "[]"


def test_reading_a_specification_does_not_import_the_engine() -> None:
    slow = "{'pymc', 'pytensor', 'nutpie', 'numba', 'arviz'}"
    code = f"import primum, sys; primum.demo_spec(); primum.Panel; print(sorted({slow} & set(sys.modules)))"
    assert run(code) == "[]"


INNER = {"fit": "sample", "effects": "estimands", "harm": "words", "match": "cohorts"}
ROOMS = "; ".join(f"import primum.{verb}.{inner}, primum.{verb}" for verb, inner in INNER.items())
VERBS = "; ".join(f"primum.{verb}" for verb in INNER)


@pytest.mark.parametrize(
    "code", [f"{ROOMS}; import primum", f"import primum; {VERBS}; {ROOMS}"], ids=["rooms", "verbs"]
)
def test_verbs_stay_verbs_when_their_rooms_are_imported(code: str) -> None:
    """In either order, since an import puts a room in the verb's place."""
    verbs = ", ".join(f"primum.{verb}" for verb in INNER)
    ask = f"print(*[(type(verb).__name__, verb.__name__) for verb in ({verbs})])"
    expected = "('function', 'fit') ('function', 'effects') ('function', 'harm') ('function', 'match')"
    assert run(f"{code}; {ask}") == expected


@pytest.mark.parametrize("verb", INNER)
def test_rooms_are_there_for_those_who_ask(verb: str) -> None:
    assert isinstance(getattr(primum, verb), FunctionType)
    room = import_module(f"primum.{verb}")
    assert isinstance(room, ModuleType)
    assert getattr(room, verb) is getattr(primum, verb)
    assert isinstance(getattr(primum, verb), FunctionType)
