"""Who may see and change what an authority has set, and the dictionaries of the certificate number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import LIMIT_ROLES, NATIONAL_ROLES, Role
from qualification.door import reasons

if TYPE_CHECKING:
    from qualification.accounts.models import User


@rules.predicate
def is_person(user: User | None, subject: Any) -> bool:
    """A person who is signed in and active."""
    return user is not None and user.is_authenticated and user.is_active


@rules.predicate
def administers(user: User, profile: Any) -> bool:
    """Region administrator of the profile's authority."""
    return user.has_role(Role.REGION_ADMIN, authority_id=profile.authority_id)


@rules.predicate
def keeps_limits(user: User, profile: Any) -> bool:
    """Region administrator or time-limit administrator of the profile's authority."""
    return user.has_role(*LIMIT_ROLES, authority_id=profile.authority_id)


@rules.predicate
def views_nationally(user: User, profile: Any) -> bool:
    """Joint meeting and national viewers read the profiles of the five, not those of trial authorities."""
    return user.has_role(*NATIONAL_ROLES) and not profile.authority.is_trial


@rules.predicate
def administers_some_region(user: User, entry: Any) -> bool:
    """Region administrator of an authority that takes part: the dictionaries are one for all five."""
    return any(
        m.role == Role.REGION_ADMIN and m.authority and not m.authority.is_trial for m in user.active_memberships
    )


@rules.predicate
def reads_dictionaries(user: User, entry: Any) -> bool:
    """Region administrators, time-limit administrators and the national roles."""
    return user.has_role(*LIMIT_ROLES, *NATIONAL_ROLES)


@rules.predicate
def meets_jointly(user: User, entry: Any) -> bool:
    """Members of the joint meeting keep what is one for all five: the law's limits, and those agreed."""
    return user.has_role(Role.JOINT_MEETING)


TABLE: dict[str, tuple[Any, Any]] = {
    "regions.Profile.see": (is_person & (keeps_limits | views_nationally), ""),
    "regions.Profile.change_setting": (
        is_person & administers, _("Only the administrator of this authority changes its settings."),
    ),
    "regions.Profile.enter_limit": (
        is_person & keeps_limits, _("Only the region administrator or the time-limit administrator of this authority enters its limits."),
    ),
    "regions.LimitEntry.enter_law": (
        is_person & meets_jointly, _("The joint meeting keeps the one edition of the law's limits; only its members enter it."),
    ),
    "regions.DictionaryEntry.see": (is_person & reads_dictionaries, ""),
    "regions.DictionaryEntry.edit": (
        is_person & administers_some_region, _("Only a region administrator changes the dictionaries."),
    ),
}  # fmt: skip

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        reasons.sentences[_name] = _sentence
