"""The picture of the procedure, drawn by viewflow from the flow itself, with the place where a case is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from viewflow.workflow import STATUS, chart
from viewflow.workflow.models import Task

from workflows.flows import STEPS, QualificationFlow
from workflows.follow import OPEN
from workflows.models import CaseProcess

if TYPE_CHECKING:
    from qualification.applications.models import Application

# Words a box of 150 pixels holds in one line, counted in Latin letters; a Chinese character is two.
LINE = 20
LINE_HEIGHT = 17
MARGIN = 24
LEGEND: tuple[tuple[str, str | Promise], ...] = (
    ("done", gettext_lazy("done")), ("now", gettext_lazy("now")), ("", gettext_lazy("not reached")),
)  # fmt: skip
COLOURS = {"done": ("#e8f4ec", "#1d6b3a"), "now": ("#17568f", "#17568f"), "": ("#ffffff", "#56616e")}


@dataclass(frozen=True, slots=True)
class Box:
    """One node of the flow in the picture."""

    name: str
    x: float
    y: float
    shape: str
    status: str
    title: str
    lines: list[tuple[str, float, float]]

    @property
    def fill(self) -> str:
        """Colour of the shape."""
        return COLOURS[self.status][0]

    @property
    def stroke(self) -> str:
        """Colour of the outline."""
        return COLOURS[self.status][1]

    @property
    def ink(self) -> str:
        """Colour of the words."""
        return "#ffffff" if self.status == "now" else "#1d2733"


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture; `steps` is the same in words."""

    width: float
    height: float
    boxes: list[Box]
    edges: list[str]
    steps: list[dict[str, Any]]


def picture(application: Application | None = None, *, sees_pending: bool = False) -> Picture:
    """Draw the flow; with a case also where it is, as far as the reader may know it."""
    status = status_of(application, sees_pending=sees_pending) if application else {}
    grid = chart.calc_layout_data(QualificationFlow)
    cells = sorted(grid.cells, key=lambda cell: (cell.col, cell.row))
    boxes = [_box(cell, status.get(cell.node.name, "")) for cell in cells]
    edges = [_path(edge.segments) for edge in grid.edges if edge.segments]
    steps = [
        {"title": str(step.task_title), "who": str(step.who.label), "status": status.get(name, ""), "name": name}
        for name, step in ((box.name, STEPS[box.name]) for box in boxes if box.name in STEPS)
    ]
    return Picture(grid.width + MARGIN, grid.height + MARGIN, boxes, edges, steps)


def status_of(application: Application, *, sees_pending: bool) -> dict[str, str]:
    """`now` for each step that waits, `done` for those that were done. A decision that is not released is still awaited."""
    process = CaseProcess.objects.filter(application=application).values("process_id")
    found: dict[str, str] = {}
    for name, state in _tasks(process):
        if state in OPEN or state == STATUS.STARTED:
            found[name] = "now"
        elif state == STATUS.DONE:
            found.setdefault(name, "done")
    if not sees_pending and application.released_at is None:
        _hide_decision(found)
    return found


def _tasks(process: Any) -> Iterator[tuple[str, str]]:
    for task in Task.objects.filter(process_id__in=process).order_by("pk"):
        if task.flow_task is not None:
            yield task.flow_task.name, task.status


def _hide_decision(found: dict[str, str]) -> None:
    for name in ("decided", "release", "released"):
        found.pop(name, None)
    if "decide" in found:
        found["decide"] = "now"


def _box(cell: Any, status: str) -> Box:
    step = STEPS.get(cell.node.name)
    title = str(step.task_title) if step else ""
    lines = list(_lines(title, cell.shape.width, cell.shape.height)) if step else []
    return Box(cell.node.name, cell.shape.x, cell.shape.y, cell.shape.svg, status, title, lines)


def _lines(title: str, width: float, height: float) -> Iterator[tuple[str, float, float]]:
    words = list(wrapped(title))
    top = height / 2 - LINE_HEIGHT * (len(words) - 1) / 2
    for number, line in enumerate(words):
        yield line, width / 2, top + LINE_HEIGHT * number


def wrapped(text: str, line: int = LINE) -> Iterator[str]:
    """The text in lines: broken between words, in Chinese after any character."""
    current = ""
    for piece in _pieces(text):
        if current.strip() and width_of(current + piece.rstrip()) > line:
            yield current.strip()
            current = ""
        current += piece
    if current.strip():
        yield current.strip()


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for sign in text:
        piece += sign
        if sign == " " or unicodedata.east_asian_width(sign) in "WF":
            yield piece
            piece = ""
    if piece:
        yield piece


def width_of(text: str) -> int:
    """Width in Latin letters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _path(segments: Iterable[tuple[float, float]]) -> str:
    return " L".join(f"{x:g},{y:g}" for x, y in segments)
