"""Start-up of the pool: its entries in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessorsConfig(AppConfig):
    name = "qualification.assessors"
    label = "assessors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offers and the own record for assessors, the pool for staff."""
        from qualification.pages import menu

        menu.register("offers", _("Offers"), "assessors:offers", "mail-question", is_assessor, order=100)
        menu.register("me", _("My record"), "assessors:me", "id", is_assessor, order=110)
        menu.register("pool", _("Assessors"), "assessors:pool", "users", sees_pool, order=600)


def is_assessor(user: Any) -> bool:
    """Whoever holds the role of an assessor."""
    from qualification.accounts.enums import Role

    return bool(user.is_authenticated and user.has_role(Role.ASSESSOR))


def sees_pool(user: Any) -> bool:
    """Staff of the authorities, and whoever looks at all five."""
    from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES

    return bool(user.is_authenticated and user.has_role(*STAFF_ROLES, *NATIONAL_ROLES))
