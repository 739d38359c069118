"""Who may see people, give and end roles, and close accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import Role
from qualification.door import reasons

if TYPE_CHECKING:
    from qualification.accounts.models import Membership, User


@rules.predicate
def is_person(user: User | None, subject: Any) -> bool:
    """A person who is signed in and active."""
    return user is not None and user.is_authenticated and user.is_active


@rules.predicate
def is_self(user: User, person: Any) -> bool:
    """The person's own entry."""
    return bool(user.pk == person.pk)


def administers_place(user: User, membership: Membership) -> bool:
    """Region administrator of the membership's authority, or of its laboratory's region."""
    if membership.authority_id is not None:
        return user.has_role(Role.REGION_ADMIN, authority_id=membership.authority_id)
    if membership.laboratory is not None:
        return user.has_role(Role.REGION_ADMIN, authority_id=membership.laboratory.authority_id)
    return False


def _manages_place(user: User, membership: Membership) -> bool:
    own = membership.laboratory_id is not None
    return own and user.has_role(Role.LAB_MANAGER, laboratory_id=membership.laboratory_id)


@rules.predicate
def sees_place_of(user: User, person: Any) -> bool:
    """Administers or manages a place at which the person has, or had, a role."""
    memberships = person.memberships.select_related("laboratory").order_by("pk")
    return any(administers_place(user, m) or _manages_place(user, m) for m in memberships)


@rules.predicate
def is_of_another(user: User, membership: Any) -> bool:
    """Nobody gives or ends a role of their own."""
    return bool(membership.user_id != user.pk)


@rules.predicate
def may_staff_place(user: User, membership: Any) -> bool:
    """The region's administrator for every role there; a laboratory's manager for its members."""
    if administers_place(user, membership):
        return True
    return membership.role == Role.LAB_MEMBER and _manages_place(user, membership)


@rules.predicate
def administers_all_places(user: User, person: Any) -> bool:
    """Administers every place at which the person has a role now, and at least one at which they had one."""
    memberships = list(person.memberships.select_related("laboratory").order_by("pk"))
    in_force = [m for m in memberships if m.ended_at is None]
    return bool(memberships) and all(administers_place(user, m) for m in in_force or memberships)


_ONLY_PLACE = _("Roles are given and ended by the administrator of the place, never by the person concerned.")
_ONLY_ALL = _(
    "An account is closed or opened by the administrator of every place where the person has a role, never by the person."
)
_ONLY_NAME = _("A name stands on papers: the administrator of every place where the person has a role changes it.")

TABLE: dict[str, tuple[Any, Any]] = {
    "accounts.User.see": (is_person & (is_self | sees_place_of), ""),
    "accounts.User.deactivate": (is_person & ~is_self & administers_all_places, _ONLY_ALL),
    "accounts.User.reactivate": (is_person & ~is_self & administers_all_places, _ONLY_ALL),
    "accounts.User.rename": (is_person & ~is_self & administers_all_places, _ONLY_NAME),
    "accounts.User.invite": (is_person & ~is_self & sees_place_of, _ONLY_PLACE),
    "accounts.Membership.give": (is_person & is_of_another & may_staff_place, _ONLY_PLACE),
    "accounts.Membership.end": (is_person & is_of_another & may_staff_place, _ONLY_PLACE),
}

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        reasons.sentences[_name] = _sentence
