"""Which people a person may see, and which roles they may give."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from qualification.accounts.enums import AUTHORITY_ROLES, LABORATORY_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.models import TransitionLog

SUBJECT = "accounts.User"


def visible_to(user: Any) -> QuerySet[User]:
    """People the person may see: themselves, and whoever has or had a role at a place they administer or manage.

    The same rule as `accounts.User.see`.
    """
    if not isinstance(user, User) or not user.is_active:
        return User.objects.none()
    authorities = user.authority_ids({Role.REGION_ADMIN})
    managed = {m.laboratory_id for m in user.active_memberships if m.role == Role.LAB_MANAGER}
    places = (
        Q(authority_id__in=authorities) | Q(laboratory__authority_id__in=authorities) | Q(laboratory_id__in=managed)
    )
    return User.objects.filter(Q(pk=user.pk) | Q(Exists(Membership.objects.filter(places, user=OuterRef("pk")))))


def with_roles(people: QuerySet[User]) -> QuerySet[User]:
    """Along with their roles in force, as `roles_now`."""
    rows = Membership.objects.in_force().select_related("authority", "laboratory").order_by("pk")
    return people.prefetch_related(Prefetch("memberships", rows, to_attr="roles_now"))


def roles_to_give(user: User) -> list[Role]:
    """Roles the person may give to others: an administrator the authority's and the laboratories', a manager a member's."""
    if user.authority_ids({Role.REGION_ADMIN}):
        return [role for role in Role if role in AUTHORITY_ROLES | LABORATORY_ROLES]
    return [Role.LAB_MEMBER] if user.has_role(Role.LAB_MANAGER) else []


def account_of(email: str) -> User | None:
    """The account under an e-mail address, whether it is its name or its address."""
    return User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).order_by("pk").first()


def history_of(person: User) -> QuerySet[TransitionLog]:
    """What was done to an account, the newest first."""
    rows = TransitionLog.objects.filter(subject_type=SUBJECT, subject_id=person.pk)
    return rows.select_related("by").order_by("-pk")
