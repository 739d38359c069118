from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LaboratoriesConfig(AppConfig):
    name = "qualification.laboratories"
    label = "laboratories"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES
        from qualification.laboratories import rules  # noqa: F401
        from qualification.pages import menu

        menu.register(
            "laboratory",
            _("My laboratory"),
            "laboratories:mine",
            "building",
            lambda user: user.is_authenticated and user.has_role(*LABORATORY_ROLES),
            order=300,
        )
        menu.register(
            "laboratories",
            _("Laboratories"),
            "laboratories:list",
            "buildings",
            lambda user: user.is_authenticated and user.has_role(*STAFF_ROLES, *NATIONAL_ROLES),
            order=700,
        )
