"""The dated, sealed papers of a case: each is asked for in the transaction of the step it tells of.

Papers are in Chinese, the language of the procedure, whatever the reader's language is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Document
from documents.papers import services as papers
from qualification.applications.enums import ApplicationState, Kind
from qualification.applications.queries import OWNER_KIND, concerned_authorities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from documents.papers.models import Paper
    from qualification.applications.models import Application, Decision, SupplementRequest
    from qualification.assessments.models import CommitmentCheck
    from qualification.certificates.models import Certificate
    from qualification.regions.models import Authority

PAPER_LANGUAGE = "zh-hans"
LICENSING_LAW_32 = gettext_lazy("Administrative Licensing Law, article 32")
LICENSING_LAW_38 = gettext_lazy("Administrative Licensing Law, article 38")
ORDER_163 = gettext_lazy("Order 163 (2021)")


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Title of a notice and the word in its document number."""

    title: str | Promise
    word: str


KINDS = {
    "receipt": NoticeKind(gettext_lazy("Receipt of an application"), "资认收"),
    "acceptance": NoticeKind(gettext_lazy("Notice of acceptance"), "资认受"),
    "supplement": NoticeKind(gettext_lazy("Notice to supplement an application"), "资认补"),
    "not_accepted": NoticeKind(gettext_lazy("Decision not to accept"), "资认不受"),
    "lapse": NoticeKind(gettext_lazy("Notice of an application given up"), "资认弃"),
    "withdrawal": NoticeKind(gettext_lazy("Notice of withdrawal"), "资认撤"),
    "termination": NoticeKind(gettext_lazy("Notice of termination of the review"), "资认终"),
    "visit": NoticeKind(gettext_lazy("Notice of on-site assessment"), "资认评"),
    "rectification": NoticeKind(gettext_lazy("Notice to rectify"), "资认改"),
    "grant": NoticeKind(gettext_lazy("Decision to grant the administrative licence"), "资认许"),
    "refusal": NoticeKind(gettext_lazy("Decision not to grant the administrative licence"), "资认不许"),
    "commitment_check": NoticeKind(gettext_lazy("Notice of the result of a commitment check"), "资认核"),
    "revocation": NoticeKind(gettext_lazy("Decision to revoke the administrative licence"), "资认撤许"),
    "filing": NoticeKind(gettext_lazy("Receipt of a filing"), "资认备"),
}


@dataclass(slots=True)
class Text:
    """What a notice says, in the paper's language."""

    paragraphs: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)
    items_title: str = ""
    items: list[dict[str, str]] = field(default_factory=list)
    articles: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    remedies: str = ""


def zh_date(day: dt.date) -> str:
    """A day as the papers write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def provisional(day: dt.date) -> str:
    """A day that falls into a year whose holidays are not published, as the papers write it."""
    with translation.override(PAPER_LANGUAGE):
        return _("%s (provisional until that year's holidays are published)") % zh_date(day)


def _facts(application: Application) -> list[tuple[str, str]]:
    facts = [
        (_("Application number"), application.reference),
        (_("Applicant"), application.laboratory.name),
        (_("Kind of application"), application.kind_labels),
    ]
    if application.submitted_at:
        facts.append((_("Received on"), zh_date(timezone.localdate(application.submitted_at))))
    return facts


def _ask(application: Application, kind: str, text: Text, *, now: dt.datetime) -> Paper:
    authority = application.authority
    today = timezone.localdate(now)
    with translation.override(PAPER_LANGUAGE):
        context = {
            "is_trial": authority.is_trial,
            "authority": authority.code,
            "authority_name": authority.name_zh,
            "addressee": application.laboratory.name,
            "paragraphs": text.paragraphs,
            "facts": [{"label": label, "value": value} for label, value in [*_facts(application), *text.facts]],
            "items_title": text.items_title,
            "items": text.items,
            "articles": text.articles,
            "closing": text.closing,
            "remedies": text.remedies,
            "contact": "",
            "verify_url": "",
        }
        title = str(KINDS[kind].title)
    return papers.request(
        kind=f"notice.{kind}", template="notice", title=title, context=context, signers=[authority.code],
        owner_kind=OWNER_KIND, owner_id=application.uuid, dated_on=today,
        document_number=document_number(application, kind, today), now=now,
    )  # fmt: skip


def document_number(application: Application, kind: str, day: dt.date) -> str:
    """The document number (文号): region, kind of paper, year, case."""
    return f"{application.authority.short_zh}{KINDS[kind].word}〔{day.year}〕{application.pk}号"


def _remedies() -> str:
    return _(
        "If you do not agree with what is decided here, you may apply for administrative reconsideration to the people's "
        "government of this authority's level within 60 days of receiving it, or bring an administrative suit before "
        "a people's court within six months of receiving it."
    )


def _law(*articles: Any) -> list[str]:
    return [str(article) for article in articles]


def receipt(application: Application, *, now: dt.datetime) -> Paper:
    """Receipt for what was handed in: each file with its hash."""
    with translation.override(PAPER_LANGUAGE):
        title = str(KINDS["receipt"].title)
        context = {
            "is_trial": application.authority.is_trial,
            "authority": application.authority.code,
            "authority_name": application.authority.name_zh,
            "received_from": application.laboratory.name,
            "received_at": f"{zh_date(timezone.localdate(now))}{timezone.localtime(now):%H:%M}",
            "subject": _("application for qualification (%s)") % application.kind_labels,
            "facts": [{"label": label, "value": value} for label, value in _facts(application)],
            "materials": list(_materials(application)),
            "note": _("The materials stand as handed in; each is named with its SHA-256 value."),
        }
    today = timezone.localdate(now)
    return papers.request(
        kind="receipt", template="receipt", title=title, context=context, signers=[application.authority.code],
        owner_kind=OWNER_KIND, owner_id=application.uuid, dated_on=today,
        document_number=document_number(application, "receipt", today), now=now,
    )  # fmt: skip


def _materials(application: Application) -> Iterable[dict[str, str]]:
    documents = Document.objects.filter(owner_kind=OWNER_KIND, owner_id=application.uuid).prefetch_related(
        "versions__file"
    )
    for document in documents.order_by("code", "label"):
        for version in document.versions.all():
            if version.withdrawn_at is None:
                yield {"label": version.file.name, "value": "\n".join(["SHA-256", *_halves(version.file.sha256)])}


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def acceptance(application: Application, *, now: dt.datetime) -> Paper:
    """Notice of acceptance, or of deemed acceptance."""
    assert application.accepted_on is not None
    with translation.override(PAPER_LANGUAGE):
        day = zh_date(application.accepted_on)
        if application.is_deemed_accepted:
            told = (
                _(
                    "No decision was made within the statutory limit; by law your application is deemed accepted as of %s, the day of receipt."
                )
                % day
            )
        else:
            told = (
                _("On examination your application meets the conditions for acceptance and was accepted on %s.") % day
            )
        text = Text([told, _what_follows(application)], articles=_law(LICENSING_LAW_32))
        return _ask(application, "acceptance", text, now=now)


def _what_follows(application: Application) -> str:
    if application.is_by_commitment:
        return _(
            "On your commitment the decision is made without a technical review. What you have committed yourself to is checked on site after the decision."
        )
    return _("The technical review is arranged next; its time does not count towards the licensing period.")


def supplement(request: SupplementRequest, *, due_on: str, now: dt.datetime) -> Paper:
    """The one notice that lists everything to supplement."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [
                _(
                    "On examination the materials you handed in are incomplete or not in the statutory form. You are told once, of everything to supplement:"
                )
            ],
            items_title=_("To be supplemented"),
            items=[{"text": item.text} for item in request.items.all()],
            articles=_law(LICENSING_LAW_32),
            closing=[
                _(
                    "Hand the supplement in by %s. If you do not, without good reason, the application counts as given up."
                )
                % due_on
            ],
        )
        return _ask(request.application, "supplement", text, now=now)


def not_accepted(application: Application, *, reasons: str, article: str, now: dt.datetime) -> Paper:
    """Decision not to accept, with reasons."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("On examination your application is not accepted, for the following reasons:")],
            items=[{"text": reasons}], articles=[article], closing=_after_false_material(application), remedies=_remedies(),
        )  # fmt: skip
        return _ask(application, "not_accepted", text, now=now)


def _after_false_material(application: Application) -> list[str]:
    """What the law adds to a refusal for concealment or false material: a bar of a year, and a warning."""
    if not application.has_false_material:
        return []
    return [_("By article 78 of the Administrative Licensing Law you may not apply for this administrative licence again within one year from the day of this decision, and you are warned.")]  # fmt: skip


def lapse(application: Application, *, article: str = "", now: dt.datetime) -> Paper:
    """The supplement did not come in time; the ground is the one that the limit rests on."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("The supplement was not handed in within the time told to you; by law the application counts as given up."),
             _("You may submit a new application.")],
            facts=[(_("Legal ground"), article)] if article else [],
        )  # fmt: skip
        return _ask(application, "lapse", text, now=now)


def withdrawal(application: Application, *, reason: str, now: dt.datetime) -> Paper:
    """The laboratory withdrew."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("At your request the application is withdrawn; its handling has ended.")],
            facts=[(_("Reason given"), reason)],
        )
        return _ask(application, "withdrawal", text, now=now)


def termination(application: Application, *, reason: str, now: dt.datetime) -> Paper:
    """The review was terminated with the authority's consent."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("With the consent of this authority the technical review of your application is terminated, for the following reason:")],
            items=[{"text": reason}], remedies=_remedies(),
        )  # fmt: skip
        return _ask(application, "termination", text, now=now)


def visit(application: Application, *, days: str, timetable: str, team: list[str], now: dt.datetime) -> Paper:
    """Notice of visit with the timetable and the team."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("The on-site assessment of your laboratory takes place on %s. Please prepare the persons, equipment and records concerned.") % days],
            facts=[(_("Assessment team"), "、".join(team))],
            items_title=_("Timetable") if timetable else "",
            items=[{"text": line} for line in timetable.splitlines() if line.strip()],
            closing=[_("Report to this authority any member of the team who should be recused.")],
        )  # fmt: skip
        return _ask(application, "visit", text, now=now)


def rectification(
    application: Application, *, items: list[dict[str, str]], days: int, due_on: str, now: dt.datetime
) -> Paper:
    """Notice to rectify: every nonconformity, and the limit."""
    with translation.override(PAPER_LANGUAGE):
        limit = _(
            "Rectify within %(days)s working days and hand the evidence in by %(due)s. If it is late or does not stand, the conclusion of the assessment is “does not conform”."
        )
        text = Text(
            [_("The on-site assessment found the following nonconformities:")],
            items_title=_("Nonconformities"), items=items, closing=[limit % {"days": days, "due": due_on}],
        )  # fmt: skip
        return _ask(application, "rectification", text, now=now)


def decision(application: Application, decided: Decision, *, now: dt.datetime) -> Paper:
    """Decision to grant (wholly or in part) or to refuse, when it is released."""
    with translation.override(PAPER_LANGUAGE):
        if decided.outcome == "refuse":
            told = [
                _(
                    "On examination this authority decides not to grant the administrative licence you applied for, for the following reasons:"
                )
            ]
        elif decided.outcome == "part":
            told = [
                _(
                    "On examination this authority decides to grant in part the administrative licence you applied for; the part not granted and the reasons:"
                )
            ]
        else:
            told = [_("On examination your application meets the statutory conditions. This authority decides to grant the administrative licence."),
                    _("The certificate and its annexes are issued within the statutory limit.")]  # fmt: skip
        text = Text(
            told, items=[{"text": decided.reasons}] if decided.reasons else [],
            articles=[decided.article] if decided.article else _law(LICENSING_LAW_38),
            facts=_regions(application), closing=_after_false_material(application),
            remedies="" if decided.outcome == "grant" else _remedies(),
        )  # fmt: skip
        kind = "refusal" if decided.outcome == "refuse" else "grant"
        return _ask(application, kind, text, now=now)


def commitment_check(check: CommitmentCheck, *, now: dt.datetime) -> Paper:
    """What the check of a commitment found, and what follows."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_("After the decision this authority had it checked on site whether what you committed yourself to is true. The conclusion: %s.") % check.get_conclusion_display()],
            items_title=_("Findings of the check") if check.findings else "",
            items=[{"text": line} for line in check.findings.splitlines() if line.strip()],
            articles=_law(ORDER_163), closing=[str(_CHECK_CLOSING[check.conclusion])],
        )  # fmt: skip
        return _ask(check.application, "commitment_check", text, now=now)


_CHECK_CLOSING = {
    "true": gettext_lazy("The check has ended with this."),
    "mostly": gettext_lazy("Correct what was found; the authority looks at it in its supervision."),
    "false": gettext_lazy("The authority decides on revoking what was granted. You may state your case to it before."),
}


def revocation(
    application: Application, certificate: Certificate | None, *, reason: str, article: str, now: dt.datetime
) -> Paper:
    """Decision to revoke what was granted on a commitment proved false; a certificate is revoked as a whole."""
    with translation.override(PAPER_LANGUAGE):
        text = Text(
            [_revoked(application, certificate)], items=[{"text": reason}], articles=[article], remedies=_remedies()
        )
        return _ask(application, "revocation", text, now=now)


def _revoked(application: Application, certificate: Certificate | None) -> str:
    if certificate is not None:
        return (
            _("The check has shown that your commitment is seriously untrue. This authority revokes what was granted on it, and with it the whole certificate %s, for the following reasons:")
            % certificate.number
        )  # fmt: skip
    if application.state == ApplicationState.GRANTED:
        return _("The check has shown that your commitment is seriously untrue. This authority revokes what was granted on it and issues no certificate, for the following reasons:")  # fmt: skip
    return _("The check has shown that your commitment is seriously untrue. This authority revokes what was granted on it, for the following reasons:")  # fmt: skip


def _regions(application: Application) -> list[tuple[str, str]]:
    authorities: list[Authority] = concerned_authorities(application)
    return [(_("Authorities concerned"), "、".join(a.name_zh for a in authorities))] if len(authorities) > 1 else []


def filing(application: Application, *, now: dt.datetime) -> Paper:
    """Receipt of a filing: change of a manager."""
    with translation.override(PAPER_LANGUAGE):
        assert Kind.MANAGER in application.kinds
        text = Text(
            [_("Your change of manager has been recorded.")],
            facts=[(_("Post"), manager_post_label(application.manager_post)), (_("New holder"), application.manager_name)],
        )  # fmt: skip
        return _ask(application, "filing", text, now=now)


MANAGER_POSTS = {"top_manager": gettext_lazy("top manager"), "technical_manager": gettext_lazy("technical manager")}


def manager_post_label(post: str) -> str:
    """The post in words."""
    return str(MANAGER_POSTS.get(post, post))
