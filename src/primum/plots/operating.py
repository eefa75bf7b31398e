"""How often each verdict would be given, by the true effect."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from primum.design import Operating
from primum.harm.words import MINUS
from primum.plots.style import BENEFIT, HARM, INK, NEGLIGIBLE, house_style, new_figure

WATCH = "#E0A458"
_RULES = {
    "Places that use it already": (("stop or rework", HARM), ("carry on, and watch", WATCH), ("carry on", BENEFIT)),
    "Places that consider it": (
        ("pause for thought", WATCH),
        ("no grounds for or against", NEGLIGIBLE),
        ("grounds to adopt", BENEFIT),
    ),
}
_ROOM_FOR_A_LABEL = 0.08


def plot_operating(found: Operating) -> Figure:
    """Draw a bar for every true effect, from harm to benefit, split by verdict; one panel a rule.

    Parameters
    ----------
    found
        From `primum.operating`.
    """
    outcome = found.outcome
    table = found.table.sort_index(ascending=outcome.sign < 0)
    with house_style():
        figure, grid = new_figure(2.2 + 0.68 * len(table), rows=2, sharex=True)
        for axes, (title, verdicts) in zip(grid, _RULES.items(), strict=True):
            for row, (_, shares) in enumerate(table.iterrows()):
                left = 0.0
                for verdict, colour in verdicts:
                    share = float(shares[verdict])
                    axes.barh(row, share, left=left, color=colour, height=0.7)
                    if share >= _ROOM_FOR_A_LABEL:
                        ink = "white" if colour in {HARM, BENEFIT} else INK
                        axes.text(
                            left + share / 2, row, f"{share:.0%}", ha="center", va="center", fontsize=8, color=ink
                        )
                    left += share
            axes.set_title(title)
            axes.set_yticks(
                range(len(table)), [f"{effect:+g}".replace("-", MINUS) if effect else "0" for effect in table.index]
            )
            axes.set_ylabel(f"true effect,\n{outcome.unit}")
            axes.invert_yaxis()
            axes.set_xlim(0, 1)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            handles = [Patch(color=colour) for _, colour in verdicts]
            axes.legend(
                handles, [verdict for verdict, _ in verdicts], loc="upper left", bbox_to_anchor=(0, -0.12), ncols=3,
                fontsize=8, handlelength=1, columnspacing=1.2, borderpad=0,
            )  # fmt: skip
        direction = "a rise" if outcome.harm == "up" else "a fall"
        figure.suptitle(
            f"{outcome.label}: verdicts by the true effect ({direction} is harm)", fontsize=10, ha="left", x=0.02
        )
    return figure
