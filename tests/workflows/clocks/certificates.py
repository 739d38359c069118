"""A certificate's clocks, and an application to renew it."""

from __future__ import annotations

from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from tests.workflows.clocks.conftest import at, step
from workflows.clocks.models import Clock


def clock(certificate: Certificate, code: str) -> Clock:
    return Clock.objects.filter(code=code).of_subject(certificate).order_by("-pk")[0]  # type: ignore[attr-defined]


def renewal(certificate: Certificate, person: User, moment: str, kinds: tuple[str, ...] = ("renewal",)) -> Application:
    case = Application.objects.create(
        laboratory=certificate.laboratory, authority=certificate.authority, kinds=list(kinds), certificate=certificate,
        created_by=person, reference="R1",
    )  # fmt: skip
    step(case, "submit", at(moment), by=person)
    return case
