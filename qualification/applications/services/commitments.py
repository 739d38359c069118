"""Notice and commitment (告知承诺): accepted, a case goes to the decision without a technical review."""

from __future__ import annotations

import datetime as dt

from qualification import door
from qualification.applications.models import Application, Concurrence
from qualification.applications.queries import concerned_authorities
from qualification.scope import services as scope


def prepare_concurrences(application: Application) -> None:
    """A row for each other authority in whose region a site of the case lies: the way on depends on them."""
    for authority in concerned_authorities(application)[1:]:
        Concurrence.objects.get_or_create(application=application, authority=authority)


def request_concurrences(application: Application, *, now: dt.datetime) -> None:
    """Ask the other authorities for their answer (会签)."""
    for concurrence in Concurrence.objects.filter(application=application).order_by("authority__code"):
        door.perform(concurrence, "request", by=None, now=now, facts={"authority": concurrence.authority_id})


def pass_on(*, application: Application, now: dt.datetime) -> None:
    """The accepted commitment goes to the decision: the abilities stand as declared, the other regions are asked."""
    scope.recommend_as_declared(application, now=now)
    door.perform(application, "skip_review", by=None, now=now)
    request_concurrences(application, now=now)
