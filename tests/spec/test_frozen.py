"""Frozen specifications: what is the same, what differs, and what was tampered with."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from primum.errors import StoreError
from primum.sources import demo_spec
from primum.spec import Frozen, freeze


def test_a_frozen_specification_survives_its_file(tmp_path: Path) -> None:
    frozen = freeze(demo_spec())
    frozen.write(tmp_path / "demo.frozen.json")
    again = Frozen.read(tmp_path / "demo.frozen.json")
    assert again == frozen
    assert again.differences(demo_spec()) == []
    assert again.statement(demo_spec()) == (
        f"The specification is the one frozen on {frozen.date[:10]} (SHA-256 {frozen.digest[:12]})."
    )
    with pytest.raises(StoreError, match="exists"):
        frozen.write(tmp_path / "demo.frozen.json")


def test_every_difference_is_named() -> None:
    spec = demo_spec()
    changed = spec.change(
        {
            "outcomes.kinship.sesoi": 5.0,
            "outcomes.kinship.priors.tau": {"scale": 0.2, "reason": "mine"},
            "treatment.embedding": "leave out",
        }
    )
    found = freeze(spec).differences(changed)
    assert "outcomes.kinship.sesoi: 3.0 when frozen, 5.0 now" in found
    assert 'outcomes.kinship.priors.tau.reason: not set when frozen, "mine" now' in found
    assert 'priors.kinship.tau: "Normal(0, 1)" when frozen, "Normal(0, 0.2)" now' in found
    assert any(each.startswith("treatment.embedding: ") for each in found)
    assert f"in {len(found)} places: " in freeze(spec).statement(changed)
    assert freeze(changed).differences(changed) == []


def test_the_hash_does_not_depend_on_the_order_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("primum.spec.frozen.datetime", Stopped)
    content = demo_spec().to_dict()
    turned = {key: content[key] for key in reversed(content)}
    assert freeze(type(demo_spec()).from_dict(turned)).digest == freeze(demo_spec()).digest


class Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> Stopped:
        return cls(2026, 11, 25, 10, 30)


def test_another_version_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = freeze(demo_spec())
    monkeypatch.setattr("primum.spec.frozen.version", lambda _: "9.9")
    assert frozen.differences(demo_spec()) == [f'primum: "{frozen.version}" when frozen, "9.9" now']


@pytest.mark.parametrize(
    "where", [("content", "specification", "outcomes", "kinship", "sesoi"), ("date",), ("version",)]
)
def test_what_was_changed_after_freezing_is_refused(tmp_path: Path, where: tuple[str, ...]) -> None:
    path = tmp_path / "demo.frozen.json"
    freeze(demo_spec()).write(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    place = content
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = "1999-01-01 00:00:00"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(StoreError, match="was changed after it was frozen"):
        Frozen.read(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"date": 1}', '{"date": "", "version": "", "digest": 1, "content": {}}']
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.frozen.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match="is not a specification that primum froze"):
        Frozen.read(path)
    with pytest.raises(StoreError, match="does not exist"):
        Frozen.read(tmp_path / "none.json")
