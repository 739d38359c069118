"""What the team has found, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from qualification.applications.queries import visible_to as visible_applications
from qualification.assessments.enums import Answer
from qualification.assessments.models import Assessment, CheckIn, CommitmentCheck, Item, ItemAnswer, Nonconformity
from qualification.assessments.outcomes import Answered, Result, conclude
from qualification.regions.settings import setting
from qualification.scope import queries as scope

if TYPE_CHECKING:
    from qualification.accounts.models import User


def visible_to(user: User) -> QuerySet[Assessment]:
    """Assessments of the cases the person may read."""
    return Assessment.objects.filter(application__in=visible_applications(user))


def checks_visible_to(user: User) -> QuerySet[CommitmentCheck]:
    """Checks of commitments for their team and for staff who see the case; a laboratory reads its own on its case."""
    seen = visible_applications(user).exclude(laboratory_id__in=user.laboratory_ids())
    return CommitmentCheck.objects.filter(application__in=seen)


@dataclass(frozen=True, slots=True)
class Open:
    """One thing the team must still do before the visit can be concluded."""

    text: str
    section: str


def items_of(assessment: Assessment) -> QuerySet[Item]:
    """The checklist of the assessment's edition."""
    return Item.objects.filter(clause__edition_id=assessment.edition_id).select_related("clause").order_by("number")


def answers_of(assessment: Assessment) -> dict[int, ItemAnswer]:
    """The answers by item."""
    return {a.item_id: a for a in ItemAnswer.objects.filter(assessment=assessment).select_related("by")}


def result_of(assessment: Assessment) -> Result:
    """The conclusion that the answers so far lead to."""
    rows = ItemAnswer.objects.filter(assessment=assessment).values_list("item__clause__is_starred", "answer")
    return conclude((Answered(s, a) for s, a in rows.order_by("item__number")), assessment.edition.rules)


def missing_to_conclude(assessment: Assessment) -> list[Open]:
    """What keeps the visit from being concluded: the one list behind page, button and guard."""
    return [*_open_checkins(assessment), *_open_items(assessment), *_open_records(assessment), *_open_rows(assessment)]


def _open_checkins(assessment: Assessment) -> list[Open]:
    seen = set(CheckIn.objects.filter(visit__assessment=assessment).order_by("pk").values_list("site_id", flat=True))
    sites = assessment.application.sites.order_by("pk")
    return [Open(_("Nobody has checked in at the site “%s”.") % s.name, "checkins") for s in sites if s.pk not in seen]


def _open_items(assessment: Assessment) -> list[Open]:
    answered = ItemAnswer.objects.filter(assessment=assessment).values("item")
    left = [str(n) for n in items_of(assessment).exclude(pk__in=answered).values_list("number", flat=True)]
    if not left:
        return []
    numbers = ", ".join(left[:10]) + ("…" if len(left) > 10 else "")
    return [
        Open(
            _("%(count)s checklist items are unanswered: %(numbers)s.") % {"count": len(left), "numbers": numbers},
            "checklist",
        )
    ]


def _open_records(assessment: Assessment) -> list[Open]:
    recorded = Nonconformity.objects.filter(assessment=assessment).values("item")
    wanting = ItemAnswer.objects.filter(assessment=assessment, answer__in=[Answer.MOSTLY, Answer.NOT])
    left = wanting.exclude(item__in=recorded).order_by("item__number").values_list("item__number", flat=True)
    return [Open(_("Write the nonconformity record of item %s.") % number, "nonconformities") for number in left]


def _open_rows(assessment: Assessment) -> list[Open]:
    left = scope.unconfirmed(assessment.application).count()
    if not left:
        return []
    return [Open(_("%s abilities are not yet confirmed, restricted or dropped.") % left, "capability")]


def answer_choices(assessment: Assessment) -> list[tuple[str, str]]:
    """The answers the authority allows; “not applicable” is a setting."""
    allowed = setting(assessment.application.authority, "not_applicable_allowed")
    return [(v, str(label)) for v, label in Answer.choices if v != Answer.NOT_APPLICABLE or allowed]


def answer_counts(assessment: Assessment) -> dict[str, int]:
    """How many items have which answer."""
    rows = ItemAnswer.objects.filter(assessment=assessment).values("answer").annotate(n=Count("pk")).order_by("answer")
    return {row["answer"]: row["n"] for row in rows}


def capability_counts(assessment: Assessment) -> dict[str, int]:
    """How many abilities were applied for, confirmed, restricted and dropped."""
    progress = scope.progress_of(assessment.application)
    return {
        "applied": progress.total, "confirmed": progress.confirmed, "restricted": progress.restricted,
        "dropped": progress.dropped,
    }  # fmt: skip
