"""Start-up of the board: its entry in the navigation, and the triggers that keep its tallies."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BoardConfig(AppConfig):
    name = "workflows.board"
    label = "board"

    def ready(self) -> None:
        """Register the entry (those who watch time limits begin there) and what follows every `migrate`."""
        from qualification.pages import menu
        from workflows.board import tallies

        menu.register("board", _("Board"), "board:home", "layout-dashboard", _watches, order=5)
        post_migrate.connect(tallies.install, sender=self, dispatch_uid="board-tallies")


def _watches(user: Any) -> bool:
    from workflows.board.queries import is_reader

    return bool(user.is_authenticated and is_reader(user))
