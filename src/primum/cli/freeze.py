"""primum freeze: a specification fixed before the data are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.spec import Spec
from primum.spec.frozen import frozen_beside


def freeze(
    spec: Annotated[Path, typer.Argument(help="The specification, a TOML file.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a frozen copy that is there.")] = False,
) -> None:
    """Keep a copy of a specification, with its hash and date, before the data are seen.

    Example:  primum freeze models/rereferral-england.toml

    The copy goes beside it, as rereferral-england.frozen.json, and holds every default. From then on, primum run
    says in its report whether the specification is still the same, and lists what is not. Send the hash to somebody,
    or publish it, and they can check it later.
    """
    import primum as pr

    frozen, path = pr.freeze(Spec.read(spec)), frozen_beside(spec)
    frozen.write(path, force=force)
    typer.echo(f"Frozen on {frozen.date} UTC\nSHA-256 {frozen.digest}\n{path}")
