"""Start-up of the outbox."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "workflows.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Checks, notices of the clocks, the unread counter, and the entry of the navigation."""
        from django.core import checks

        from qualification.pages import menu
        from workflows.clocks import calendar_services, executors
        from workflows.outbox import calendar_notices, notices, queries
        from workflows.outbox.checks import check_outbox

        checks.register(check_outbox)
        executors.register_notifier(notices)
        calendar_services.register_listener(calendar_notices.tell_applied)
        menu.register_unread(queries.unread_count)
        menu.register(
            "undelivered",
            _("Undelivered mail"),
            "outbox:deliveries",
            "mail-exclamation",
            queries.watches_mail,
            order=900,
        )
