"""Start-up of the regions: rules and the entry in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegionsConfig(AppConfig):
    name = "qualification.regions"
    label = "regions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register rules and the navigation's entry."""
        from qualification.pages import menu
        from qualification.regions import calendar_rules, rules  # noqa: F401

        menu.register("regions", _("Settings"), "regions:home", "adjustments", _has_settings, order=910)


def _has_settings(user: Any) -> bool:
    from qualification.accounts.enums import LIMIT_ROLES, NATIONAL_ROLES

    return bool(user.is_authenticated and user.has_role(*LIMIT_ROLES, *NATIONAL_ROLES))
