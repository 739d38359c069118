"""What of the regions' settings a person may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from qualification.accounts.enums import LIMIT_ROLES, NATIONAL_ROLES
from qualification.accounts.models import User
from qualification.regions.models import Profile, ProfileChange


def profiles_visible_to(user: Any) -> QuerySet[Profile]:
    """Profiles the person may read; the same rule as `regions.Profile.see`."""
    if not isinstance(user, User) or not user.is_active:
        return Profile.objects.none()
    seen = Q(authority_id__in=user.authority_ids(LIMIT_ROLES))
    if user.has_role(*NATIONAL_ROLES):
        seen |= Q(authority__is_trial=False)
    return Profile.objects.filter(seen).select_related("authority")


def last_changes(profile: Profile) -> dict[str, ProfileChange]:
    """The newest change of each setting."""
    rows = profile.changes.select_related("by").order_by("key", "-at", "-pk").distinct("key")
    return {change.key: change for change in rows}
