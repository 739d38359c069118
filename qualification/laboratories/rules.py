"""Who may see and change a laboratory's data."""

from __future__ import annotations

from typing import Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import User
from qualification.door import reasons
from qualification.laboratories.enums import LEGAL_FIELDS, ManagerPost
from qualification.laboratories.models import Laboratory

# Once a certificate stands on them, the laboratory applies for their change; its authority may correct them.
CERTIFIED_FIELDS = frozenset({*LEGAL_FIELDS, ManagerPost.TOP.value, ManagerPost.TECHNICAL.value})


def _counts(user: Any) -> bool:
    return isinstance(user, User) and user.is_active


@rules.predicate
def is_system(user: User | None, laboratory: Laboratory | None = None) -> bool:
    """Nobody in person: the system itself."""
    return user is None


@rules.predicate
def is_member(user: User | None, laboratory: Laboratory) -> bool:
    """Acts for the laboratory, as its member or its manager."""
    return _counts(user) and laboratory.pk in user.laboratory_ids()  # type: ignore[union-attr]


@rules.predicate
def is_manager(user: User | None, laboratory: Laboratory) -> bool:
    """Manages the laboratory."""
    return _counts(user) and user.has_role(Role.LAB_MANAGER, laboratory_id=laboratory.pk)  # type: ignore[union-attr]


@rules.predicate
def is_staff_of_a_region(user: User | None, laboratory: Laboratory) -> bool:
    """Works for the authority of the legal person or of one of the sites."""
    if not _counts(user):
        return False
    authorities = user.authority_ids(STAFF_ROLES)  # type: ignore[union-attr]
    return laboratory.authority_id in authorities or laboratory.sites.filter(authority__in=authorities).exists()


@rules.predicate
def is_national(user: User | None, laboratory: Laboratory) -> bool:
    """Sits in the joint meeting or views nationally; trial laboratories are not shown to them."""
    return _counts(user) and user.has_role(*NATIONAL_ROLES) and not laboratory.is_trial  # type: ignore[union-attr]


@rules.predicate
def administers_region(user: User | None, laboratory: Laboratory | None) -> bool:
    """Administers the region of the legal person; without a laboratory: any region."""
    if not _counts(user):
        return False
    authority = laboratory.authority_id if laboratory else None
    return user.has_role(Role.REGION_ADMIN, authority_id=authority)  # type: ignore[union-attr]


can_see = is_member | is_staff_of_a_region | is_national
can_edit_profile = is_manager | administers_region | is_system
can_edit_registers = is_member | is_system
can_edit_signatories = is_manager | is_system

PERMISSIONS = {
    "see": can_see,
    "create": administers_region | is_system,
    "edit_profile": can_edit_profile,
    "edit_sites": can_edit_registers,
    "edit_staff": can_edit_registers,
    "edit_equipment": can_edit_registers,
    "edit_signatories": can_edit_signatories,
}
for _verb, _predicate in PERMISSIONS.items():
    rules.add_perm(f"laboratories.Laboratory.{_verb}", _predicate)

reasons.sentences.update(
    {
        "laboratories.Laboratory.create": _("Only an administrator of the region enters a laboratory. Ask them."),
        "laboratories.Laboratory.edit_profile": _(
            "Only the laboratory's manager, or an administrator of its region, changes its profile."
        ),
        "laboratories.Laboratory.edit_sites": _("Only people of the laboratory change its sites."),
        "laboratories.Laboratory.edit_staff": _("Only people of the laboratory change its staff."),
        "laboratories.Laboratory.edit_equipment": _("Only people of the laboratory change its equipment."),
        "laboratories.Laboratory.edit_signatories": _("Only the laboratory's manager changes its signatories."),
    }
)


def locked_fields(user: User | None, laboratory: Laboratory) -> frozenset[str]:
    """Fields of the profile that the person cannot change directly.

    The laboratory itself applies for a change of what its certificate stands on; the administrator of the region
    corrects the legal data with a reason, but no contact and no manager.
    """
    if user is None or laboratory.pk is None:
        return frozenset()
    if is_manager(user, laboratory):
        return CERTIFIED_FIELDS if laboratory.certificates.exists() else frozenset()
    every = {f.name for f in Laboratory._meta.concrete_fields}
    return frozenset(every - set(LEGAL_FIELDS)) if administers_region(user, laboratory) else frozenset(every)
