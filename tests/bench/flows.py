"""A plain viewflow flow of human steps, as its documentation shows one: no domain, no log, no messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow import Flow


def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """A step's view; never called here."""
    return HttpResponse()


class PlainFlow(Flow):
    """Eight human steps in a row."""

    start = flow.StartHandle(this.begin).Next(this.one)
    one = flow.View(page).Next(this.two)
    two = flow.View(page).Next(this.three)
    three = flow.View(page).Next(this.four)
    four = flow.View(page).Next(this.five)
    five = flow.View(page).Next(this.six)
    six = flow.View(page).Next(this.seven)
    seven = flow.View(page).Next(this.eight)
    eight = flow.View(page).Next(this.end)
    end = flow.End()

    def begin(self, activation: Any) -> Any:
        """Start it."""
        return activation.process


class TimedFlow(Flow):
    """One step with a reminder that is due at once and leaves the step to whoever has it, as viewflow does it."""

    start = flow.StartHandle(this.begin).Next(this.act)
    act = flow.View(page).OnTimeout(dt.timedelta(0), this.told, interrupting=False).Next(this.end)
    told = flow.End()
    end = flow.End()

    def begin(self, activation: Any) -> Any:
        """Start it."""
        return activation.process
