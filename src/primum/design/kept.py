"""Finished simulations, in memory and in a file, so that a run that is killed goes on where it was."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from primum.errors import SpecError
from primum.panel import Panel
from primum.spec import Outcome, Spec


class Kept:
    """Finished simulations, in memory and in a file."""

    def __init__(self, path: Path | None, rows: list[dict[str, Any]], key: str) -> None:
        self.path, self.rows, self.key = path, rows, key

    @classmethod
    def open(cls, path: str | Path | None, spec: Spec, panel: Panel, outcome: Outcome) -> Kept:
        """What a file holds of the same evaluation; rows of others are an error."""
        import pandas as pd

        key = sha256(f"{spec.to_json()}{panel.fingerprint}{outcome.name}".encode()).hexdigest()[:16]
        if path is None or not Path(path).exists():
            return cls(None if path is None else Path(path), [], key)
        table = pd.read_csv(path)
        if "evaluation" not in table or set(table["evaluation"]) - {key}:
            raise SpecError(
                "the simulations", [f"{path} holds those of another specification or table; name another file"]
            )
        return cls(Path(path), table.drop(columns="evaluation").to_dict("records"), key)  # type: ignore[arg-type]

    def has(self, effect: float, number: int) -> bool:
        """Whether a simulation is there."""
        return any(row["effect"] == effect and row["simulation"] == number for row in self.rows)

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Keep further rows; the file appears only when it is whole."""
        import pandas as pd

        self.rows += rows
        if self.path is not None:
            part = self.path.with_suffix(".part")
            pd.DataFrame(self.rows).assign(evaluation=self.key).to_csv(part, index=False)
            part.replace(self.path)
