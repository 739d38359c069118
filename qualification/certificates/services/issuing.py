"""Issue: take the number, freeze what was approved, ask for the paper; in force when it is stored."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications.enums import ApplicationState, Kind
from qualification.applications.models import Application
from qualification.applications.queries import concerned_authorities
from qualification.assessments.enums import CheckConclusion, CheckState
from qualification.assessments.services import checking
from qualification.certificates import annexes, numbers, renewals
from qualification.certificates.enums import CertificateState as State
from qualification.certificates.models import Certificate, Edition
from qualification.regions.settings import setting
from qualification.scope.models import CapabilityRow, CapabilityTable
from qualification.search import index_terms

if TYPE_CHECKING:
    from documents.papers.models import Paper
    from qualification.accounts.models import User


# The order is named without the number of the article, which has changed with its amendments.
VALIDITY_ARTICLE = "《检验检测机构资质认定管理办法》（2021年修正）关于证书有效期的规定"
RENEWAL_ARTICLE = "《检验检测机构资质认定管理办法》（2021年修正）关于有效期届满三个月前申请延续的规定"
DEEMED_RENEWAL_ARTICLE = "《行政许可法》第五十条"


def issue(*, application: Application, by: User, now: dt.datetime) -> Edition:
    """The issuer issues: a new number for a first application or a renewal, a new edition for an extension.

    Nothing is rendered here; the worker makes and signs the paper until it succeeds. Raises
    NumbersExhausted when the year's serials are used up.
    """
    made: list[Edition] = []

    def prepare(fresh: Application) -> None:
        _demand_not_false(fresh)
        made.append(_edition(fresh, _certificate(fresh, now), by, now))

    with transaction.atomic():
        door.perform(application, "issue", by=by, now=now, before=prepare)
        edition = made[0]
        edition.paper = annexes.request_paper(edition, now=now)
        edition.save(update_fields=["paper"])
    return edition


def _demand_not_false(application: Application) -> None:
    if application.is_by_commitment and application.commitment_check.is_false:
        raise door.Stale(_("The check found the commitment seriously untrue: what was granted is being revoked."))


def _certificate(application: Application, now: dt.datetime) -> Certificate:
    if Kind.FIRST in application.kinds or Kind.RENEWAL in application.kinds:
        return _new_certificate(application, now)
    assert application.certificate_id is not None
    certificate: Any = door.lock(application.certificate)  # type: ignore[arg-type]
    _demand_standing(application, certificate, timezone.localdate(now))
    _demand_nothing_being_made(certificate)
    return certificate  # type: ignore[no-any-return]


def _demand_standing(application: Application, certificate: Certificate, today: dt.date) -> None:
    ended = nothing_to_grant_upon(application, certificate, today)
    if ended:
        raise door.Stale(ended)


def nothing_to_grant_upon(application: Application, certificate: Certificate | None, today: dt.date) -> str:
    """Why nothing can be granted or issued upon the certificate an application names; empty when something can.

    A renewal may be granted when the validity is over; nothing else outlives it, and nothing what ended it otherwise.
    """
    if certificate is None or Kind.FIRST in application.kinds:
        return ""
    state = certificate.state_on(today)
    is_standing = state == State.VALID or (state == State.EXPIRED and Kind.RENEWAL in application.kinds)
    text = _("Certificate %(number)s is no longer valid (%(state)s): nothing can be granted or issued upon it.")
    return "" if is_standing else text % {"number": certificate.number, "state": state.label}


def _demand_nothing_being_made(certificate: Certificate) -> None:
    """An extension and a renewal take over what the other one granted: one is issued, then the other."""
    being_made = Q(certificate=certificate) | Q(certificate__replaces=certificate)
    if Edition.objects.filter(being_made, state="pending").exists():
        raise door.Stale(_("A new edition of this certificate is already being made; try again when it is stored."))


def _new_certificate(application: Application, now: dt.datetime) -> Certificate:
    today = timezone.localdate(now)
    if Kind.RENEWAL in application.kinds:
        _demand_renewable(application, today)
    number = numbers.take(
        authority=application.authority, year=today.year, field_code=field_code_of(application),
        ministry_code=application.ministry_code,
    )  # fmt: skip
    laboratory = application.laboratory
    certificate: Certificate = Certificate.objects.create(
        number=number, laboratory=laboratory, authority=application.authority, valid_from=today,
        valid_until=validity_end(application, today), numbered_at=now,
        replaces=application.certificate if Kind.RENEWAL in application.kinds else None,
        search_terms=index_terms(laboratory.name, number, laboratory.credit_code),
    )  # fmt: skip
    return certificate


def _demand_renewable(application: Application, today: dt.date) -> None:
    assert application.certificate_id is not None
    renewed: Any = door.lock(application.certificate)  # type: ignore[arg-type]
    replacing = Certificate.objects.filter(replaces=renewed).first()
    if replacing is not None:
        raise door.Stale(_("replaced by certificate %s") % replacing.number)
    _demand_standing(application, renewed, today)
    _demand_nothing_being_made(renewed)
    _demand_no_false_extension(application)


def field_code_of(application: Application) -> str:
    """FF of the number: 00 for a body with any food ability, taken over or its own, else the first field applied for."""
    if CapabilityTable.objects.filter(application=application, is_food=True).exists() or _takes_over_food(application):
        return numbers.FOOD
    if not application.field_codes:
        raise ValidationError(_("The application names no field."))
    return str(sorted(application.field_codes)[0])


def _takes_over_food(application: Application) -> bool:
    rows = CapabilityRow.objects.filter(table__application__in=extended_meanwhile(application), table__is_food=True)
    return rows.filter(is_approved=True).exists()


def validity_end(application: Application, first_day: dt.date) -> dt.date:
    """Last day of validity: 6 years (Order 163), by the authority's way of ending them."""
    end = first_day + relativedelta(years=setting(application.authority, "certificate_years"))
    return end if setting(application.authority, "certificate_ends") == "same_day" else end - dt.timedelta(days=1)


def _edition(application: Application, certificate: Certificate, by: User, now: dt.datetime) -> Edition:
    last = certificate.editions.order_by("-number").first()
    edition: Edition = Edition.objects.create(
        certificate=certificate, application=application, number=last.number + 1 if last else 1,
        issued_on=timezone.localdate(now), requested_by=by, requested_at=now,
    )  # fmt: skip
    annexes.freeze_scope(edition, concerned_authorities(application), last, extended_meanwhile(application))
    return edition


def _extensions_since(application: Application) -> QuerySet[Application]:
    """The extensions of the certificate renewed that were issued after the renewal was handed in: it knew nothing of them."""
    rows: QuerySet[Application] = Application.objects.none()
    if Kind.RENEWAL in application.kinds:
        rows = Application.objects.filter(
            edition__certificate_id=application.certificate_id, kinds__contains=[Kind.EXTENSION],
            edition__requested_at__gt=application.submitted_at,
        ).order_by("edition__number")  # fmt: skip
    return rows


def extended_meanwhile(application: Application) -> list[Application]:
    """The extensions a renewal takes over; not those revoked because their commitment proved false."""
    revoked = Q(commitment_check__state=CheckState.SETTLED)
    return list(_extensions_since(application).exclude(revoked))


def _demand_no_false_extension(application: Application) -> None:
    unsettled = Q(commitment_check__state=CheckState.DONE, commitment_check__conclusion=CheckConclusion.FALSE)
    case = _extensions_since(application).filter(unsettled).first()
    if case is not None:
        text = _("The extension %s was granted on a commitment found seriously untrue; settle that first.")
        raise door.Stale(text % case.reference)


def paper_stored(paper: Paper) -> None:
    """In the transaction that stores the signed paper: from here on the certificate is in force."""
    now = paper.stored_at or timezone.now()
    application = Edition.objects.select_related("application").get(paper=paper).application
    door.lock(application)
    edition = Edition.objects.select_related("certificate__replaces").get(paper=paper)
    if edition.state == "stored":
        return
    door.perform(edition, "store", by=None, now=now)
    certificate = edition.certificate
    _move_extensions(certificate)
    if certificate.state == "pending":
        door.perform(certificate, "activate", by=None, now=now)
    replaced = certificate.replaces
    if replaced is not None and replaced.state in {"valid", "expired"}:
        door.perform(replaced, "cancel", by=None, now=now, reason=_("replaced by certificate %s") % certificate.number)
    door.perform(application, "complete_issue", by=None, now=now)


def _move_extensions(certificate: Certificate) -> None:
    """Extensions of the certificate renewed that are still open go on upon the new one, and lose nothing."""
    if certificate.replaces is None:
        return
    going_on = {ApplicationState.DRAFT, *ApplicationState.open()}
    cases = Application.objects.filter(certificate=certificate.replaces, state__in=going_on)
    extensions = cases.filter(kinds__contains=[Kind.EXTENSION]).exclude(kinds__contains=[Kind.RENEWAL])
    extensions.update(certificate=certificate)


def expire_due(*, now: dt.datetime, limit: int = 500) -> int:
    """End the validity of the certificates whose last day is over, where the clocks have not; returns how many."""
    today = timezone.localdate(now)
    due = Certificate.objects.filter(state="valid", valid_until__lt=today, deemed_renewed_on=None)
    return sum(_ends(certificate, now) for certificate in due.order_by("valid_until")[:limit])


def _ends(certificate: Certificate, now: dt.datetime) -> bool:
    try:
        end_validity(certificate=certificate, now=now)
    except door.Stale:  # somebody has ended it meanwhile; the others wait for their turn
        return False
    return True


def end_validity(*, certificate: Certificate, now: dt.datetime) -> Certificate:
    """24:00 of the last day: deemed renewed where a renewal received in time is undecided, else expired.

    The system's own act (Licensing Law 50), and the outcome of that moment however late it is recorded. Raises Stale
    when somebody has ended the certificate meanwhile.
    """
    undecided = renewals.undecided(certificate)
    if undecided is None:
        door.perform(certificate, "expire", by=None, now=now, article=VALIDITY_ARTICLE)
        return certificate

    def keep(fresh: Certificate) -> None:
        fresh.deemed_by = undecided

    door.perform(
        certificate, "deem_renewed", by=None, now=now, article=DEEMED_RENEWAL_ARTICLE, before=keep,
        facts={"effective_on": certificate.valid_until.isoformat(), "application": undecided.reference},
    )  # fmt: skip
    if undecided.state == ApplicationState.REFUSED:
        refusal_released(undecided, now=now)
    return certificate


def close_renewal(*, certificate: Certificate, now: dt.datetime) -> Certificate:
    """Nobody has applied for a renewal in time: a later one is taken, and never deemed granted."""
    door.perform(certificate, "close_renewal", by=None, now=now, article=RENEWAL_ARTICLE)
    return certificate


def refusal_released(application: Application, *, now: dt.datetime) -> None:
    """What the refusal of a renewal does to a certificate that is deemed renewed: nothing, or its end, as set."""
    certificate = application.certificate
    if certificate is None or certificate.deemed_by_id != application.pk:
        return
    if renewals.refusal_ends(certificate.authority):
        door.perform(
            certificate, "end_deemed_renewal", by=None, now=now, article=DEEMED_RENEWAL_ARTICLE,
            reason=_("The renewal was refused: %s.") % application.reference,
        )  # fmt: skip


def end(*, certificate: Certificate, verb: str, reason: str, article: str, by: User, now: dt.datetime) -> Certificate:
    """Revoke, recall, cancel or withdraw a certificate, with reason and article."""
    if not reason.strip() or not article.strip():
        raise ValidationError(_("Give the reason and the article."))

    def keep(fresh: Certificate) -> None:
        fresh.end_reason = reason.strip()

    with transaction.atomic():
        door.perform(certificate, verb, by=by, now=now, reason=reason, article=article, before=keep)
        checking.certificate_ended(certificate, now=now)
    return certificate
