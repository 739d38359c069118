"""The board as pictures. The same numbers stand in a table beside each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from workflows.board.enums import COLOURS, OUTCOME_COLOURS, Outcome, Tone
from workflows.board.queries import Board, Line, Month, Week
from workflows.clocks.policy import BY_CODE, CERTIFICATE

_OF_CERTIFICATES = frozenset(code for code, policy in BY_CODE.items() if policy.subject == CERTIFICATE)
# Pixels kept for the names of the stages: measured before the fonts are there, they would be cut.
LABEL_WIDTH = 148
TOOLTIP = {"trigger": "axis", "axisPointer": {"type": "shadow"}}
# On a phone a long legend would cover the picture: there one turns its pages.
NARROW = {"legend": {"type": "scroll", "top": 0}, "grid": {"left": 40, "right": 40, "top": 48, "bottom": 32}}
# Twelve stages are told apart by colour and order, and named in the legend.
STAGE_COLOURS = (
    "#17568f", "#b5651d", "#1d6b3a", "#7a4b9a", "#a61e1e", "#56616e", "#2a8c8c", "#c79a1b", "#6b3d1d", "#8fb3d1",
    "#d19a8f", "#9ac28f", "#3a3f7a", "#c26fa0", "#aeb6bf", "#4d7a1d", "#222a33",
)  # fmt: skip


def of_cases(stages: Sequence[Line]) -> list[Line]:
    """The stages of cases. Certificates have many times as many limits, most of them years ahead, and would press
    every other bar flat; they are drawn only where there is nothing else."""
    return [line for line in stages if line.code not in _OF_CERTIFICATES] or list(stages)


def bars(stages: Sequence[Line]) -> dict[str, Any]:
    """Options of a bar chart, a bar for each stage of a case, the first on top."""
    shown = list(reversed(of_cases(stages)))
    return {
        "color": list(COLOURS),
        "tooltip": TOOLTIP,
        "legend": {"top": 0, "type": "plain"},
        "grid": {"left": LABEL_WIDTH + 12, "right": 24, "top": 56, "bottom": 28},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [line.label for line in shown], "axisLabel": {"width": LABEL_WIDTH, "overflow": "break", "interval": 0}},
        "series": [_tone(tone, shown) for tone in Tone],
    }  # fmt: skip


def _tone(tone: Tone, shown: Sequence[Line]) -> dict[str, Any]:
    return {"name": str(tone.label), "type": "bar", "stack": "all", "data": [line.counts[tone.value] for line in shown]}


def regions(board: Board) -> list[dict[str, Any]]:
    """A small picture for each region, all of one scale: open limits by stage, the overdue ones in red."""
    stages = list(reversed(of_cases(board.stages)))
    most = max((own[s.code].total for own in board.matrix.values() for s in stages if s.code in own), default=0)
    return [
        {"key": f"region-{place.code}", "label": place.label, "option": _region(stages, board.matrix[place.code], most)}
        for place in board.regions
    ]


def _region(stages: Sequence[Line], own: dict[str, Line], most: int) -> dict[str, Any]:
    overdue = [own[s.code].counts[Tone.OVERDUE.value] if s.code in own else 0 for s in stages]
    total = [own[s.code].total if s.code in own else 0 for s in stages]
    return {
        "color": [COLOURS[0], COLOURS[3]],
        "tooltip": TOOLTIP,
        "grid": {"left": LABEL_WIDTH + 12, "right": 16, "top": 8, "bottom": 24},
        "xAxis": {"type": "value", "minInterval": 1, "max": max(most, 1), "splitNumber": 3},
        "yAxis": {"type": "category", "data": [s.label for s in stages], "axisLabel": {"width": LABEL_WIDTH, "overflow": "truncate", "interval": 0, "fontSize": 12}},
        "series": [
            {"name": str(Tone.OVERDUE.label), "type": "bar", "stack": "all", "data": overdue},
            {"name": _("not overdue"), "type": "bar", "stack": "all", "data": [n - late for n, late in zip(total, overdue, strict=True)]},
        ],
    }  # fmt: skip


def load(weeks: Sequence[Week], shown: Sequence[Line]) -> dict[str, Any]:
    """Limits that end in each week ahead, stacked by stage; a provisional week says so under its date."""
    return {
        "color": list(STAGE_COLOURS),
        "tooltip": TOOLTIP,
        "legend": {"top": 0, "type": "plain"},
        "grid": {"left": 48, "right": 16, "top": 96, "bottom": 48},
        "xAxis": {"type": "category", "data": [_week(week) for week in weeks], "axisLabel": {"interval": 0, "fontSize": 12, "hideOverlap": True}},
        "yAxis": {"type": "value", "minInterval": 1},
        "narrow": NARROW,
        "series": [
            {"name": line.label, "type": "bar", "stack": "all", "data": [week.counts.get(line.code, 0) for week in weeks]}
            for line in shown
        ],
    }  # fmt: skip


def _week(week: Week) -> str:
    day = f"{week.monday:%m-%d}"
    return f"{day}\n{_('provisional')}" if week.provisional else day


def trend(months: Sequence[Month]) -> dict[str, Any]:
    """How the limits of each month ended, and the share kept as a line."""
    bars = [
        {"name": str(outcome.label), "type": "bar", "stack": "all", "data": [m.counts[outcome.value] for m in months]}
        for outcome in Outcome
    ]
    line = {
        "name": _("share kept (%)"), "type": "line", "yAxisIndex": 1, "data": [m.share for m in months],
        "symbolSize": 8, "connectNulls": True,
    }  # fmt: skip
    return {
        "color": [*OUTCOME_COLOURS, "#1d2733"],
        "tooltip": TOOLTIP,
        "legend": {"top": 0, "type": "plain"},
        "grid": {"left": 48, "right": 48, "top": 72, "bottom": 32},
        "xAxis": {"type": "category", "data": [f"{m.first:%Y-%m}" for m in months], "axisLabel": {"fontSize": 12}},
        "yAxis": [
            {"type": "value", "minInterval": 1},
            {"type": "value", "min": 0, "max": 100, "splitLine": {"show": False}},
        ],
        "narrow": NARROW,
        "series": [*bars, line],
    }  # fmt: skip
