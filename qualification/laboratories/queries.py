"""Which laboratories and sites a person may see: the queryset side of `qualification.laboratories.rules`."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import User
from qualification.laboratories.models import Laboratory, RegisterImport, Site


def visible_to(user: Any) -> QuerySet[Laboratory]:
    """The person's own laboratories; for an authority's staff those with the legal person or a site in its region;
    for the joint meeting and national viewers all but trial ones. Nobody else sees any by this rule.
    """
    if not isinstance(user, User) or not user.is_active:
        return Laboratory.objects.none()
    authorities = user.authority_ids(STAFF_ROLES)
    seen = Q(pk__in=user.laboratory_ids())
    seen |= Q(authority__in=authorities)
    seen |= Q(Exists(Site.objects.filter(laboratory=OuterRef("pk"), authority__in=authorities)))
    if user.has_role(*NATIONAL_ROLES):
        seen |= Q(authority__is_trial=False)
    return Laboratory.objects.filter(seen)


def sites_visible_to(user: Any) -> QuerySet[Site]:
    """The sites of the laboratories that the person may see."""
    return Site.objects.filter(laboratory__in=visible_to(user))


def imports_visible_to(user: Any) -> QuerySet[RegisterImport]:
    """Imports of the laboratories for which the person acts; nobody else sees them."""
    if not isinstance(user, User) or not user.is_active:
        return RegisterImport.objects.none()
    return RegisterImport.objects.filter(laboratory__in=user.laboratory_ids())
