"""The table of changes agrees with itself and with the table of all local authorities."""

from __future__ import annotations

import csv

from primum.sources.geography import la_changes, reorganisations
from tests.sources.real import real


def test_codes_change_once_and_in_order() -> None:
    changes = la_changes()
    assert [change.date for change in changes] == sorted(change.date for change in changes)
    new_codes = {change.after.ons_code for change in changes}
    assert not any(change.before.ons_code == change.after.ons_code for change in changes)
    assert all((change.kind == "recoded") == (change.before.code == change.after.code) for change in changes)
    assert {change.before.ons_code for change in changes} & new_codes == {"E06000048"}  # Northumberland changed twice


def test_no_authority_is_in_two_reorganisations() -> None:
    codes = [part.code for each in reorganisations() for part in (*each.before, *each.after)]
    assert len(codes) == len(set(codes))


def test_christchurch_ties_dorset_bournemouth_and_poole_together() -> None:
    dorset = next(each for each in reorganisations() if each.unit == "838+839")
    assert [part.name for part in dorset.before] == ["Dorset", "Poole", "Bournemouth"]
    assert dorset.date.isoformat() == "2019-04-01"
    assert dorset.name == "Dorset / Bournemouth, Christchurch and Poole"


def test_codes_and_names_are_those_of_the_table_of_all_authorities() -> None:
    with real("geography/region_la_hierarchy.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "/" not in row["old_la_code"]]
    known = {(row["new_la_code"], row["la_name"]): row["old_la_code"] for row in rows}
    for change in la_changes():
        for part in (change.before, change.after):
            # counties of before 2009 whose code lived on have an x there
            own = known.get((part.ons_code, part.name)) or known[(part.ons_code, "Cornwall and Isles of Scilly")]
            assert own in {part.code, "x"}, part


def test_every_new_code_in_the_table_of_all_authorities_is_explained() -> None:
    """Two nine-digit codes for one three-digit code are a change that our table has."""
    with real("geography/region_la_hierarchy.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["old_la_code"].isdigit()]
    ours = {(change.before.ons_code, change.after.ons_code) for change in la_changes()}
    for code in {row["old_la_code"] for row in rows}:
        codes = [row["new_la_code"] for row in rows if row["old_la_code"] == code]
        if len(codes) > 1:
            assert (codes[0], codes[1]) in ours or (codes[1], codes[0]) in ours, codes
