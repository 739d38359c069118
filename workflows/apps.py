"""Fills the ports of the door at start-up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from workflows.clocks.models import Clock


class WorkflowsConfig(AppConfig):
    name = "workflows"
    label = "workflows"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ports, executors of the clocks, and handlers of stored papers."""
        from documents.papers import services as papers
        from qualification import door
        from qualification.applications.services.intake import due_day
        from qualification.certificates.annexes import PAPER_KIND
        from qualification.certificates.services import issuing
        from workflows import checks, follow  # noqa: F401
        from workflows.clocks import engine as clocks
        from workflows.clocks import executors

        door.ports.clocks = clocks.on_event
        import importlib.util

        if importlib.util.find_spec("workflows.outbox.engine"):
            from workflows.outbox import engine as outbox

            door.ports.outbox = outbox.on_event
        door.ports.flow = follow.on_event
        due_day.ask = last_day
        papers.when_stored(PAPER_KIND, issuing.paper_stored)
        for name, executor in EXECUTORS.items():
            executors.register(name, executor)


def last_day(application: Any, code: str) -> tuple[dt.date, bool] | None:
    """The last day of an open clock of a case, and whether it is provisional."""
    from django.utils import timezone

    from workflows.clocks.queries import open_clock

    clock = open_clock(application, code)
    if clock is None or clock.due_at is None:
        return None
    return timezone.localdate(clock.due_at - dt.timedelta(seconds=1)), clock.is_provisional


def _subject(clock: Clock) -> Any:
    from django.apps import apps

    return apps.get_model(clock.subject_type)._base_manager.get(pk=clock.subject_id)


def _article(clock: Clock) -> str:
    """What the policy table says the limit rests on, in the language of the record."""
    from django.utils import translation

    with translation.override("zh-hans"):
        return str(clock.policy.article)


def _deem_accepted(clock: Clock, now: dt.datetime) -> None:
    from qualification.applications.services import intake

    intake.deem_accepted(application=_subject(clock), now=now)


def _lapse(clock: Clock, now: dt.datetime) -> None:
    from qualification.applications.services import intake

    intake.lapse(request=_subject(clock), now=now, article=_article(clock), as_of=clock.due_at)


def _expire_offer(clock: Clock, now: dt.datetime) -> None:
    from qualification.assessors import services

    services.expire(offer=_subject(clock), now=now, article=_article(clock))


def _expire_rectification(clock: Clock, now: dt.datetime) -> None:
    from qualification.assessments.services import concluding

    concluding.expire_rectification(rectification=_subject(clock), now=now, article=_article(clock))


def _close_renewal(clock: Clock, now: dt.datetime) -> None:
    from qualification.certificates.services import issuing

    issuing.close_renewal(certificate=_subject(clock), now=now)


def _end_validity(clock: Clock, now: dt.datetime) -> None:
    from qualification.certificates.services import issuing

    issuing.end_validity(certificate=_subject(clock), now=now)


EXECUTORS = {
    "deem_accepted": _deem_accepted,
    "lapse": _lapse,
    "expire_offer": _expire_offer,
    "expire_rectification": _expire_rectification,
    "close_renewal": _close_renewal,
    "end_validity": _end_validity,
}
