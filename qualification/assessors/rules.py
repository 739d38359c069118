"""Who may do what to offers and to the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.applications.rules import at_lead, is_party, is_person, is_system

if TYPE_CHECKING:
    from qualification.accounts.models import User


@rules.predicate
def is_asked(user: User | None, offer: Any) -> bool:
    """The offer is this person's."""
    return user is not None and offer.assessor.user_id == user.pk


@rules.predicate
def sees_pool(user: User, assessor: Any) -> bool:
    """Staff of the five authorities see the shared pool; an assessor sees the own entry."""
    if assessor.user_id == user.pk:
        return True
    if assessor.home.is_trial:
        return user.has_role(*STAFF_ROLES, authority_id=assessor.home_id)
    return user.has_role(*STAFF_ROLES, *NATIONAL_ROLES)


@rules.predicate
def keeps_pool(user: User, assessor: Any) -> bool:
    """The home region's coordinator or administrator keeps the entry."""
    return user.has_role(Role.COORDINATOR, Role.REGION_ADMIN, authority_id=assessor.home_id)


TABLE: dict[str, tuple[Any, Any]] = {
    "assessors.Assessor.see": (is_person & sees_pool, ""),
    "assessors.Assessor.edit": (is_person & keeps_pool, _("Only the assessor's home region keeps this entry.")),
    "assessors.Offer.send": (is_system | is_person & at_lead(Role.COORDINATOR), ""),
    "assessors.Offer.accept": (is_asked, _("Only the assessor who was asked answers this offer.")),
    "assessors.Offer.decline": (is_asked, _("Only the assessor who was asked answers this offer.")),
    "assessors.Offer.expire": (is_system, _("An offer expires by time alone.")),
    "assessors.Offer.void": (is_party, ""),
}

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        door.reasons.sentences[_name] = _sentence
