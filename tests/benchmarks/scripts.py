"""Benchmarks as modules: they are scripts, and no package has them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def script_of(folder: str) -> ModuleType:
    """Load ``run.py`` of a benchmark."""
    specification = importlib.util.spec_from_file_location(f"{folder}_benchmark", BENCHMARKS / folder / "run.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # where dataclasses look for their module
    specification.loader.exec_module(module)
    return module
