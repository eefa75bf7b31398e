"""What became of records, by period."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from matplotlib.patches import Rectangle

from primum.plots import plot_records
from primum.sources.records import aggregate
from tests.sources.records.made import aggregation, few


def test_bars_hold_every_record_of_a_period(tmp_path: Path) -> None:
    file = few(
        tmp_path, la=["A", "A", "A", ""], referred=["2018-05-01"] * 2 + ["2019-03-01"] * 2,
        ended=["2018-05-09", "", "2019-03-04", ""], again=None,
    )  # fmt: skip
    again = {"event": "again", "follow_up": 60, "leave_out": ["follow-up does not fit"]}
    outcomes = {"again": again, "stay": {"end": "ended", "open": "apart"}}
    figure = plot_records(aggregate(file, aggregation(outcomes, end_of_data="2019-04-01", leave_out=["no unit"])))
    heights = [
        [[cast(Rectangle, bar).get_height() for bar in bars] for bars in axes.containers] for axes in figure.axes
    ]
    assert heights[0] == [[0, 0, 0, 0, 0, 2], [0] * 6, [0, 0, 0, 0, 0, 1]]
    assert heights[1] == [[0, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 1], [0] * 6]
    assert [axes.get_title("left") for axes in figure.axes] == ["again, records", "stay, records"]
    assert figure.axes[-1].get_xlabel() == "Left out of every outcome, not shown: 1 no unit"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["used", "still open", "left out"]
