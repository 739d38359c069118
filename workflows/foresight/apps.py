"""Start-up of foresight: its entry in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForesightConfig(AppConfig):
    name = "workflows.foresight"
    label = "foresight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the entry, beside the board's."""
        from qualification.pages import menu

        menu.register("foresight", _("Forecast"), "foresight:list", "chart-line", _watches, order=6)


def _watches(user: Any) -> bool:
    from workflows.board.queries import is_reader

    return bool(user.is_authenticated and is_reader(user))
