"""Start-up of accounts: rules and the entry in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "qualification.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register rules and the navigation's entry."""
        from qualification.accounts import rules  # noqa: F401
        from qualification.pages import menu

        menu.register("people", _("People"), "accounts:people", "users", _keeps_people, order=900)


def _keeps_people(user: Any) -> bool:
    from qualification.accounts.enums import Role

    return bool(user.is_authenticated and user.has_role(Role.REGION_ADMIN, Role.LAB_MANAGER))
