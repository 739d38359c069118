"""What the team records during the visit: answers, nonconformities, the capability row by row."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts.enums import LABORATORY_ROLES
from qualification.assessments.enums import Answer, AssessmentState, ClosedBy
from qualification.assessments.models import Assessment, Item, ItemAnswer, Nonconformity
from qualification.assessments.queries import answer_choices
from qualification.assessments.services.visits import demand_record
from qualification.scope import services as scope
from qualification.scope.models import CapabilityRow

if TYPE_CHECKING:
    from qualification.accounts.models import User


def answer_item(
    *, assessment: Assessment, item: Item, answer: str, note: str, by: User, now: dt.datetime
) -> ItemAnswer:
    """Answer one checklist item; anything but “conforms” needs the facts."""
    with transaction.atomic():
        fresh = demand_record(assessment, by)
        _check_answer(fresh, item, answer, note)
        row = ItemAnswer.objects.filter(assessment=fresh, item=item).first() or ItemAnswer(assessment=fresh, item=item)
        row.answer, row.note, row.by, row.at = answer, note.strip(), by, now
        row.save()
        if answer in {Answer.CONFORM, Answer.NOT_APPLICABLE}:
            Nonconformity.objects.filter(assessment=fresh, item=item).delete()
        else:
            # The laboratory confirmed the record as it was; a changed degree is to be confirmed anew.
            Nonconformity.objects.filter(assessment=fresh, item=item).exclude(degree=answer).update(
                degree=answer, confirmed_at=None, confirmed_by=None
            )
    return row


def _check_answer(assessment: Assessment, item: Item, answer: str, note: str) -> None:
    if item.clause.edition_id != assessment.edition_id:
        raise ValidationError(_("This item belongs to another edition of the criteria."))
    if answer not in dict(answer_choices(assessment)):
        raise ValidationError(_("Choose one of the answers offered."))
    if answer != Answer.CONFORM and not note.strip():
        raise ValidationError(_("Item %s: write down the facts.") % item.number)


def answer_rest(*, assessment: Assessment, by: User, now: dt.datetime) -> int:
    """Answer every item still open with “conforms”; returns how many."""
    with transaction.atomic():
        fresh = demand_record(assessment, by)
        open_ = Item.objects.filter(clause__edition_id=fresh.edition_id).exclude(
            pk__in=ItemAnswer.objects.filter(assessment=fresh).values("item")
        )
        rows = [
            ItemAnswer(assessment=fresh, item=i, answer=Answer.CONFORM, by=by, at=now) for i in open_.order_by("number")
        ]
        return len(ItemAnswer.objects.bulk_create(rows))


def record_nonconformity(
    *, assessment: Assessment, item: Item, department: str, fact: str, shown_by: str, by: User, now: dt.datetime
) -> Nonconformity:
    """Write or rewrite the record of one item; its degree is that of the item's answer."""
    if not fact.strip() or not department.strip():
        raise ValidationError(_("A nonconformity record names the department and the fact."))
    if shown_by not in ClosedBy.values:
        raise ValidationError(_("Say how the closing is to be shown."))
    with transaction.atomic():
        fresh = demand_record(assessment, by)
        answer = ItemAnswer.objects.filter(assessment=fresh, item=item).first()
        if answer is None or answer.answer not in {Answer.MOSTLY, Answer.NOT}:
            raise ValidationError(_("Item %s has no answer that calls for a record.") % item.number)
        record = Nonconformity.objects.filter(assessment=fresh, item=item).first() or _next_record(fresh, item)
        record.department, record.fact = department.strip(), fact.strip()
        record.degree, record.shown_by = answer.answer, shown_by
        record.recorded_by, record.recorded_at = by, now
        # What the laboratory confirmed before is not what is written now: it confirms anew.
        record.confirmed_at = record.confirmed_by = None
        record.save()
    return record


def _next_record(assessment: Assessment, item: Item) -> Nonconformity:
    last = Nonconformity.objects.filter(assessment=assessment).aggregate(n=Max("number"))["n"] or 0
    return Nonconformity(assessment=assessment, item=item, number=last + 1)


def confirm_nonconformity(*, record: Nonconformity, by: User, now: dt.datetime) -> Nonconformity:
    """The laboratory confirms that it has seen the record."""
    with transaction.atomic():
        fresh: Any = door.lock(record.assessment)
        laboratory_id = fresh.application.laboratory_id
        if not by.has_role(*LABORATORY_ROLES, laboratory_id=laboratory_id):
            raise door.Refused(_("Only the laboratory confirms the records."))
        if fresh.state not in AssessmentState.open():
            raise door.Stale(door.stale_message(fresh))
        Nonconformity.objects.filter(pk=record.pk, confirmed_at__isnull=True).update(confirmed_at=now, confirmed_by=by)
        record.refresh_from_db()
    return record


def judge_rows(
    *,
    assessment: Assessment,
    rows: QuerySet[CapabilityRow],
    verdict: str,
    means: str,
    restriction: str,
    note: str,
    by: User,
    now: dt.datetime,
) -> int:
    """Confirm, restrict or drop abilities, with how they were confirmed; the team never adds."""
    with transaction.atomic():
        fresh = demand_record(assessment, by)
        own = rows.filter(table__application_id=fresh.application_id)
        return scope.confirm_many(
            rows=own, verdict=verdict, means=means, restriction=restriction, note=note, by=by, now=now
        )


def may_judge(user: User, assessment: Assessment) -> bool:
    """Whether the person may record findings now; what the grid asks."""
    return assessment.state == "visiting" and bool(rules.has_perm("assessments.Assessment.record", user, assessment))
