"""Which applications of one laboratory are open beside one another.

One first application for a laboratory. On one certificate one application, but a renewal and an extension go side by
side: neither waits for the other, and what either grants is in the certificate that remains (ADR 22).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from qualification import door, statements
from qualification.applications.enums import ApplicationState as State
from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.laboratories.models import Laboratory

if TYPE_CHECKING:
    from django.db.models import QuerySet

SIDE_BY_SIDE = frozenset({Kind.RENEWAL, Kind.EXTENSION})


class InTheWay(door.DoorError):
    """Another application keeps this one from being begun or going on; `case` is the other one."""

    def __init__(self, case: Application) -> None:
        self.case = case
        super().__init__(says(case))


def open_first(laboratory: Laboratory) -> Application | None:
    """The first application of a laboratory that has been handed in and is not finished."""
    return _open().filter(laboratory=laboratory, kinds__contains=[Kind.FIRST]).first()


def in_the_way(application: Application) -> Application | None:
    """The open application beside which this one cannot be handed in."""
    others = _open().exclude(pk=application.pk)
    if Kind.FIRST in application.kinds:
        return others.filter(laboratory_id=application.laboratory_id, kinds__contains=[Kind.FIRST]).first()
    if application.certificate_id is None:
        return None
    return first_in_way(application.kinds, others.filter(certificate_id=application.certificate_id))


def first_in_way(kinds: Iterable[str], cases: Iterable[Application]) -> Application | None:
    """Of the applications on one certificate the open one beside which nothing of these kinds is handed in."""
    chosen, open_ = set(kinds), State.open()
    return next((case for case in cases if case.state in open_ and not _go_together(chosen, set(case.kinds))), None)


def _open() -> QuerySet[Application]:
    return Application.objects.filter(state__in=State.open()).order_by("pk")


def _go_together(one: set[str], other: set[str]) -> bool:
    return one | other <= SIDE_BY_SIDE and not one & other


def says(case: Application) -> str:
    """Why nothing else goes on beside an open application, and what to do."""
    if Kind.FIRST in case.kinds:
        text = _("The first application %s is under way; wait until it is closed, or withdraw it before the decision.")
        return text % case.reference
    text = _("Application %(number)s (%(kinds)s) on certificate %(certificate)s is under way; wait until it is closed.")
    return text % {"number": case.reference, "kinds": case.kind_labels, "certificate": case.certificate}


def lock(laboratory_id: int) -> None:
    """Hold the laboratory's row to the end of the transaction: what comes into its open cases comes one by one."""
    statements.lock(Laboratory, laboratory_id)


def demand_way(application: Application) -> None:
    """Raises InTheWay; holds the laboratory's row, so that two that bar one another cannot both pass."""
    lock(application.laboratory_id)
    other = in_the_way(application)
    if other is not None:
        raise InTheWay(other)
