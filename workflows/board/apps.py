"""Start-up of the board: its entry in the navigation."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BoardConfig(AppConfig):
    name = "workflows.board"
    label = "board"

    def ready(self) -> None:
        """Register the entry; those who watch time limits begin there."""
        from qualification.pages import menu

        menu.register("board", _("Board"), "board:home", "layout-dashboard", _watches, order=5)


def _watches(user: Any) -> bool:
    from workflows.board.queries import is_reader

    return bool(user.is_authenticated and is_reader(user))
