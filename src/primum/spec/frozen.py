"""freeze: a specification as it was before the data were seen, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from primum.errors import StoreError
from primum.spec.spec import Spec

SUFFIX = ".frozen.json"
_SHOWN = 12


@dataclass(frozen=True)
class Frozen:
    """A specification fixed on a date; make one with `primum.freeze`.

    Attributes
    ----------
    date
        When, in UTC, as "2026-11-25 10:30:00".
    version
        Of primum, whose defaults may change.
    digest
        SHA-256 of date, version and content in canonical form; whoever was told it can check that none was changed.
    content
        ``specification``, as in `Spec.to_dict`, defaults included, and the ``priors`` of each outcome in words.
    """

    date: str
    version: str
    digest: str
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a frozen specification.

        Raises
        ------
        StoreError
            If there is no such file, it is not one, or its content has another hash than it states.
        """
        try:
            found = cls(**json.loads(Path(path).read_text(encoding="utf-8")))
            _check(found)
        except FileNotFoundError:
            raise StoreError(f"{path} does not exist; primum freeze makes it") from None
        except (OSError, ValueError, TypeError):
            raise StoreError(f"{path} is not a specification that primum froze; freeze it again") from None
        digest = _digest(found.date, found.version, found.content)
        if digest != found.digest:
            raise StoreError(
                f"{path} was changed after it was frozen: it has the hash {digest[:_SHOWN]}, "
                f"and not {found.digest[:_SHOWN]} as it says; use the file as it was"
            )
        return found

    def write(self, path: str | Path, *, force: bool = False) -> None:
        """Write it to a file.

        Raises
        ------
        StoreError
            If the file is there and `force` is false.
        """
        if Path(path).exists() and not force:
            raise StoreError(f"{path} exists; a frozen specification is kept. Write over it with --force")
        Path(path).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def differences(self, spec: Spec) -> list[str]:
        """What differs between it and a specification, each value by its path in the TOML file."""
        before, now = _flat(self.content), _flat(_content(spec))
        before["primum"], now["primum"] = self.version, version("primum")
        return [
            f"{path}: {_shown(before, path)} when frozen, {_shown(now, path)} now"
            for path in sorted({*before, *now})
            if before.get(path) != now.get(path)
        ]

    def statement(self, spec: Spec) -> str:
        """Whether a specification is the frozen one, in a sentence, with every difference."""
        frozen = f"frozen on {self.date[:10]} (SHA-256 {self.digest[:_SHOWN]})"
        found = self.differences(spec)
        if not found:
            return f"The specification is the one {frozen}."
        places = "1 place" if len(found) == 1 else f"{len(found)} places"
        return f"The specification differs from the one {frozen} in {places}: {'; '.join(found)}."


def freeze(spec: Spec) -> Frozen:
    """Fix a specification as it is now.

    Parameters
    ----------
    spec
        The specification.

    Examples
    --------
    >>> import primum as pr
    >>> frozen = freeze(pr.demo_spec())
    >>> frozen.differences(pr.demo_spec())
    []
    >>> frozen.differences(pr.demo_spec().change({"outcomes.kinship.sesoi": 5.0}))
    ['outcomes.kinship.sesoi: 3.0 when frozen, 5.0 now']
    """
    date, made_with, content = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", version("primum"), _content(spec)
    return Frozen(date, made_with, _digest(date, made_with, content), content)


def frozen_beside(path: Path) -> Path:
    """Where the frozen copy of a specification file is kept."""
    return path.with_name(path.stem + SUFFIX)


def _content(spec: Spec) -> dict[str, Any]:
    priors = {each.name: {name: str(prior) for name, prior in each.priors_in_use()} for each in spec.outcomes}
    return {"specification": json.loads(spec.to_json()), "priors": priors}


def _digest(date: str, made_with: str, content: Mapping[str, Any]) -> str:
    everything = {"date": date, "version": made_with, "content": content}
    canonical = json.dumps(everything, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()


def _check(found: Frozen) -> None:
    """Whether a file holds what freezing puts there, as far as types go."""
    texts = all(isinstance(each, str) for each in (found.date, found.version, found.digest))
    if not (texts and isinstance(found.content, Mapping) and {"specification", "priors"} <= set(found.content)):
        raise TypeError


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Values by their path; those of the specification as in its file, and priors as priors.OUTCOME.NAME."""
    found: dict[str, Any] = {}
    waiting = [("", content["specification"]), ("priors", content["priors"])]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping) and value:
            waiting += [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
        else:
            found[path] = value
    return found


def _shown(values: Mapping[str, Any], path: str) -> str:
    return json.dumps(values[path], ensure_ascii=False) if path in values else "not set"
