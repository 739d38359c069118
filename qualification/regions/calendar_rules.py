"""Who may read and change the calendars.

The State Council's days are the same for everybody: a time-limit administrator of any of the five reads them in or
corrects them, under their own name, and the others are told. A region's own days are its own administrators' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.door import reasons
from qualification.regions.models import Authority, CalendarDraft
from qualification.regions.rules import is_person

if TYPE_CHECKING:
    from qualification.accounts.models import User

# Staff of the authorities and the national roles; laboratories and assessors see the days in their own limits.
READERS = frozenset(STAFF_ROLES | NATIONAL_ROLES)


def edits_nation(user: User) -> bool:
    """Time-limit administrator of an authority that takes part; a trial changes nothing for the others."""
    return any(
        m.role == Role.SLA_ADMIN and m.authority is not None and not m.authority.is_trial
        for m in user.active_memberships
    )


@rules.predicate
def edits_place(user: User, subject: Any) -> bool:
    """Of the nation, a time-limit administrator anywhere; of a region, one of that authority."""
    if subject.authority_id is None:
        return edits_nation(user)
    return user.has_role(Role.SLA_ADMIN, authority_id=subject.authority_id)


def places_read_by(user: User) -> QuerySet[Authority]:
    """Authorities whose own calendar the person reads: the five, and a trial authority they belong to."""
    mine = user.authority_ids(READERS)
    return Authority.objects.filter(Q(is_trial=False) | Q(pk__in=mine)).order_by("code")


def places_edited_by(user: User) -> QuerySet[Authority]:
    """Authorities whose own calendar the person edits."""
    return Authority.objects.filter(pk__in=user.authority_ids({Role.SLA_ADMIN})).order_by("code")


def drafts_visible_to(user: User) -> QuerySet[CalendarDraft]:
    """Changes the person may look at and apply; the same rule as `regions.CalendarDraft.apply`."""
    seen = Q(authority__in=user.authority_ids({Role.SLA_ADMIN}))
    if edits_nation(user):
        seen |= Q(authority__isnull=True)
    drafts = CalendarDraft.objects.filter(seen) if user.is_active else CalendarDraft.objects.none()
    return drafts.select_related("authority", "created_by", "base", "edition__imported_by", "edition__authority")


TABLE: dict[str, tuple[Any, Any]] = {
    "regions.CalendarDraft.apply": (
        is_person & edits_place,
        _("The national calendar is changed by a time-limit administrator, a region's own days by one of that authority."),
    ),
}  # fmt: skip

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    reasons.sentences[_name] = _sentence
