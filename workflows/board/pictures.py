"""The board as a picture: open time limits by stage and by when they are due."""

from __future__ import annotations

from typing import Any

from workflows.board.enums import COLOURS, Tone
from workflows.board.queries import Line

# Pixels kept for the names of the stages: measured before the fonts are there, they would be cut.
LABEL_WIDTH = 148


def bars(lines: list[Line]) -> dict[str, Any]:
    """Options of a bar chart, a bar for each line, the first on top."""
    shown = list(reversed(lines))
    return {
        "color": list(COLOURS),
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"top": 0, "type": "plain"},
        "grid": {"left": LABEL_WIDTH + 12, "right": 24, "top": 56, "bottom": 28},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [line.label for line in shown], "axisLabel": {"width": LABEL_WIDTH, "overflow": "break", "interval": 0}},
        "series": [_series(tone, shown) for tone in Tone],
    }  # fmt: skip


def _series(tone: Tone, lines: list[Line]) -> dict[str, Any]:
    return {"name": str(tone.label), "type": "bar", "stack": "all", "data": [line.counts[tone.value] for line in lines]}
