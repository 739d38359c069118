"""Start-up of the inbox: its entries in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "workflows.inbox"
    label = "inbox"

    def ready(self) -> None:
        """Register the entries: my tasks first, then the cases."""
        from qualification.pages import menu

        menu.register("tasks", _("My tasks"), "inbox:home", "inbox", has_work, order=10)
        menu.register("cases", _("Cases"), "inbox:list", "folders", has_work, order=20)
        menu.register("certificates", _("Certificates"), "certificates:list", "certificate", is_staff, order=30)
        menu.register("process", _("The procedure"), "inbox:process", "sitemap", has_work, order=950)


def has_work(user: Any) -> bool:
    """Whoever holds a role; an account without one has nothing here."""
    return bool(user.is_authenticated and user.active_memberships)


def is_staff(user: Any) -> bool:
    """Staff of an authority, and the national roles."""
    from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES

    return bool(user.is_authenticated and user.has_role(*STAFF_ROLES, *NATIONAL_ROLES))
