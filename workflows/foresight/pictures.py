"""Options of the charts; the numbers stand in tables beside them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from workflows.foresight.answers import Week
from workflows.foresight.queries import Line

BEFORE, AFTER = "#aeb6bf", "#17568f"
GRID = {"left": 48, "right": 16, "top": 48, "bottom": 64}


def _bars(labels: list[str], *series: tuple[str, str, list[float]], percent: bool = False) -> dict[str, Any]:
    axis: dict[str, Any] = {"type": "value", "min": 0}
    if percent:
        axis |= {"max": 100, "axisLabel": {"formatter": "{value} %"}}
    return {
        "color": [colour for _name, colour, _values in series],
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"top": 0, "type": "plain"},
        "grid": GRID,
        "xAxis": {"type": "category", "data": labels, "axisLabel": {"interval": 0, "hideOverlap": True, "width": 84, "overflow": "break"}},
        "yAxis": axis,
        "series": [{"name": name, "type": "bar", "data": values} for name, _colour, values in series],
    }  # fmt: skip


def calibration(lines: list[Line]) -> dict[str, Any]:
    """What was said beside what happened, class by class, in per cent."""
    shown = [line for line in lines if line.count]
    said = [round(line.said * 100, 1) for line in shown]
    missed = [round(line.share * 100, 1) for line in shown]
    labels = [line.label for line in shown]
    return _bars(labels, (_("said on average"), BEFORE, said), (_("really missed"), AFTER, missed), percent=True)


def weeks(found: list[Week]) -> dict[str, Any]:
    """Each week before and after."""
    before, after = ([round(float(getattr(week, name)), 2) for week in found] for name in ("before", "after"))
    return _bars([week.short for week in found], (_("Now"), BEFORE, before), (_("Then"), AFTER, after))
