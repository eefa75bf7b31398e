"""Kinds of numbers by the names of columns."""

from __future__ import annotations

import pytest

from primum.sources.dfe.kind import is_mark, kind_by_name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rereferral_percent", "percentage"),
        ("%ReferralsWithin12mths", "percentage"),
        ("IAs%OfReferrals", "percentage"),
        ("CLA_male_pc", "percentage"),
        ("pct_white", "percentage"),
        ("CINThroRatePer10K", "rate"),
        ("ReferralsRate", "rate"),
        ("CLA_Rate", "rate"),
        ("rate_per_10000", "rate"),
        ("Section47_child_rate", "rate"),
        ("25th_Percentile_days", "average"),
        ("ICPC75thPercentile", "average"),
        ("Duration_median", "average"),
        ("mean_score", "average"),
        ("Separated", None),
        ("Moderate_need", None),
        ("CINAtRefused/NotObtained", None),
        ("meaning_of_care", None),
        ("referral_count", "count"),
        ("Headcount", "count"),
        ("Country", None),
        ("count_of_days", None),
        ("percentile", "average"),
    ],
)
def test_kinds_by_name(name: str, kind: str | None) -> None:
    assert kind_by_name(name) == kind


def test_marks() -> None:
    assert is_mark("CINAt310310AgeDCI")
    assert not is_mark("DCIncident")
