"""Start-up of the clocks: the check of their policy, and the calendars' entry in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class ClocksConfig(AppConfig):
    name = "workflows.clocks"
    label = "clocks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the check and the entry."""
        from qualification.pages import menu
        from workflows.clocks.checks import check_policy

        checks.register(check_policy)
        menu.register("calendars", _("Calendars"), "calendars:home", "calendar", _keeps_calendars, order=905)


def _keeps_calendars(user: Any) -> bool:
    """Those who watch time limits; other staff find a calendar from the page that counts a date."""
    from qualification.accounts.enums import NATIONAL_ROLES, Role

    watchers = (Role.SLA_ADMIN, Role.SUPERVISOR, Role.REGION_ADMIN, *NATIONAL_ROLES)
    return bool(user.is_authenticated and user.has_role(*watchers))
