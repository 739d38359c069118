"""People, and what they are to which authority or laboratory."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import AUTHORITY_ROLES, LABORATORY_ROLES, NATIONAL_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable


class User(AbstractUser):
    """A person. What they may do follows from their memberships alone."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    language = models.CharField(_("language of messages"), max_length=10, default="zh-hans")

    REQUIRED_FIELDS = ["name", "email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name or self.username

    @cached_property
    def active_memberships(self) -> list[Membership]:
        """Memberships in force, read once for this instance."""
        return list(self.memberships.in_force().select_related("authority", "laboratory"))

    def has_role(self, *roles: str, authority_id: int | None = None, laboratory_id: int | None = None) -> bool:
        """Whether the person holds one of the roles, at that authority or laboratory where one is given."""
        return any(
            m.role in roles
            and (authority_id is None or m.authority_id == authority_id)
            and (laboratory_id is None or m.laboratory_id == laboratory_id)
            for m in self.active_memberships
        )

    def authority_ids(self, roles: Iterable[str]) -> set[int]:
        """Authorities at which the person holds one of the roles."""
        wanted = set(roles)
        return {m.authority_id for m in self.active_memberships if m.role in wanted and m.authority_id}

    def laboratory_ids(self) -> set[int]:
        """Laboratories for which the person acts."""
        return {m.laboratory_id for m in self.active_memberships if m.role in LABORATORY_ROLES and m.laboratory_id}


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self) -> MembershipQuerySet:
        """Memberships not ended."""
        return self.filter(ended_at__isnull=True)


class Membership(models.Model):
    """One role of one person, at an authority or a laboratory, or for all five regions."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    authority = models.ForeignKey(
        "regions.Authority", on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    laboratory = models.ForeignKey(
        "laboratories.Laboratory", on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="membership_place_fits_role",
                condition=(
                    models.Q(role__in=sorted(LABORATORY_ROLES), laboratory__isnull=False, authority__isnull=True)
                    | models.Q(role__in=sorted(AUTHORITY_ROLES), laboratory__isnull=True, authority__isnull=False)
                    | models.Q(role__in=sorted(NATIONAL_ROLES), laboratory__isnull=True, authority__isnull=True)
                ),
                violation_error_message=_(
                    "A laboratory role needs a laboratory, an authority's role an authority, a national role neither."
                ),
            ),
            models.UniqueConstraint(
                fields=["user", "role", "authority", "laboratory"],
                condition=models.Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="membership_once",
                violation_error_message=_("This person already has this role."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"
