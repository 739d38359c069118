"""The check of a commitment after the decision (告知承诺核查): ordered, made by a drawn team, recorded, and what follows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices
from qualification.applications.enums import ApplicationState, Kind
from qualification.applications.files import freeze
from qualification.assessments.access import CHECK_KIND
from qualification.assessments.enums import CheckConclusion, CheckState, Mode
from qualification.assessments.models import Assessment, CommitmentCheck
from qualification.assessments.services import opening
from qualification.scope.models import CapabilityRow

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application
    from qualification.certificates.models import Certificate

# A mandatory national standard has no letter behind its GB; the reading of the tables writes every number in one form.
MANDATORY = r'"number": "GB ?[0-9]'


def is_at_once(application: Application) -> bool:
    """Whether the check is due at once: a first application, or an ability that rests on a mandatory standard."""
    return Kind.FIRST in application.kinds or rests_on_mandatory_standards(application)


def rests_on_mandatory_standards(application: Application) -> bool:
    """Whether some ability applied for rests on a mandatory national standard."""
    rows = CapabilityRow.objects.filter(table__application=application, level="parameter")
    return rows.annotate(told=Cast("standards", TextField())).filter(told__regex=MANDATORY).exists()


def prepare(application: Application) -> CommitmentCheck:
    """The check of a commitment that is being granted; part of the step that releases the decision."""
    check: CommitmentCheck = CommitmentCheck.objects.create(application=application, is_at_once=is_at_once(application))
    return check


def order(*, application: Application, now: dt.datetime) -> CommitmentCheck:
    """The decision orders the check, and its team is drawn next; by the system, at the release of a grant."""
    check: CommitmentCheck = CommitmentCheck.objects.get(application=application)
    opening.open_assessment(application=application, now=now, mode=Mode.COMMITMENT)
    door.perform(check, "order", by=None, now=now, facts={"at_once": check.is_at_once})
    return check


def record(*, check: CommitmentCheck, conclusion: str, findings: str, by: User, now: dt.datetime) -> CommitmentCheck:
    """The team's leader records what the check found; its evidence stands, and the team's work is done with it.

    A commitment that is seriously untrue goes to the decision maker, to revoke what was granted. Raises
    ValidationError without a conclusion, or without findings where the commitment is not wholly true.
    """
    _demand_conclusion(conclusion, findings)

    def conclude(fresh: Assessment) -> None:
        fresh.conclusion = fresh.first_conclusion = CheckConclusion(conclusion).as_conclusion
        fresh.summary = findings.strip()

    def keep(fresh: CommitmentCheck) -> None:
        fresh.conclusion, fresh.findings = conclusion, findings.strip()
        freeze(CHECK_KIND, fresh.uuid, now)

    with transaction.atomic():
        door.perform(check.application.assessment, "close_check", by=by, now=now, before=conclude)
        facts = {"conclusion": conclusion}
        door.perform(check, "record", by=by, now=now, reason=findings.strip(), before=keep, facts=facts)
        notices.commitment_check(check, now=now)
    return check


def _demand_conclusion(conclusion: str, findings: str) -> None:
    if conclusion not in CheckConclusion.values:
        raise ValidationError({"conclusion": _("Choose what the check found.")})
    if conclusion != CheckConclusion.TRUE and not findings.strip():
        raise ValidationError({"findings": _("Write down what is not as committed, and where it was found.")})


def revoke(*, check: CommitmentCheck, reason: str, article: str, by: User, now: dt.datetime) -> CommitmentCheck:
    """Revoke (撤销) what was granted on a commitment proved false: the certificate in force, or the grant before its issue.

    Where no certificate is in force any more the check is settled all the same: the bar rests on it. Raises
    ValidationError without reason or article, Stale while the certificate is being signed.
    """
    if not reason.strip() or not article.strip():
        raise ValidationError(_("Give the reason and the article."))
    found: list[Certificate | None] = []
    facts = {"is_without_act": False}

    def look(fresh: CommitmentCheck) -> None:
        _demand_false(fresh)
        found.append(certificate_to_revoke(fresh.application, is_to_lock=True))
        facts["is_without_act"] = found[0] is None and fresh.application.state != ApplicationState.GRANTED

    words = {"reason": reason.strip(), "article": article.strip(), "by": by, "now": now}
    with transaction.atomic():
        door.perform(check, "revoke", before=look, facts=facts, **words)  # type: ignore[arg-type]
        application = check.application
        application.refresh_from_db()
        notices.revocation(application, found[0], reason=reason.strip(), article=article.strip(), now=now)
        _take_back(application, found[0], words)
    return check


def _take_back(application: Application, certificate: Certificate | None, words: dict[str, Any]) -> None:
    from qualification.certificates.services import issuing

    if application.state == ApplicationState.GRANTED:
        door.perform(application, "annul", **words)
        issuing.refusal_released(application, now=words["now"])
    elif certificate is not None:
        issuing.end(certificate=certificate, verb="revoke", **words)


def certificate_to_revoke(application: Application, *, is_to_lock: bool = False) -> Certificate | None:
    """The certificate in force with what was granted: its own, or the renewal that has replaced it; None where none is.

    Raises Stale while it is being signed.
    """
    from qualification.certificates.models import Certificate

    if application.state == ApplicationState.GRANTED:
        return None
    certificate: Certificate | None = application.edition.certificate
    last = certificate
    while certificate is not None:
        last = door.lock(certificate) if is_to_lock else certificate  # type: ignore[assignment]
        certificate = Certificate.objects.filter(replaces=last).first()
    assert last is not None
    if application.state == ApplicationState.ISSUING or last.state == "pending":
        raise door.Stale(_("The certificate is just being signed. Revoke it when that is done, in a few moments."))
    return last if last.state == "valid" else None


def _demand_false(check: CommitmentCheck) -> None:
    if not check.is_false:
        raise door.Stale(_("The check did not find the commitment seriously untrue; there is nothing to revoke."))


def certificate_ended(certificate: Certificate, *, now: dt.datetime) -> None:
    """A certificate ended otherwise: nothing is left to check or to revoke of its commitments, nor of those it replaced."""
    from qualification.applications.services.endings import close_side_rows

    waiting = Q(state=CheckState.ORDERED) | Q(state=CheckState.DONE, conclusion=CheckConclusion.FALSE)
    rows = CommitmentCheck.objects.filter(waiting, application__edition__certificate__in=_with_replaced(certificate))
    for check in rows.select_related("application").order_by("pk"):
        door.perform(check, "void", by=None, now=now)
        close_side_rows(application=check.application, by=None, now=now)


def _with_replaced(certificate: Certificate) -> list[Certificate]:
    found: list[Certificate] = []
    earlier: Certificate | None = certificate
    while earlier is not None:
        found.append(earlier)
        earlier = earlier.replaces
    return found
