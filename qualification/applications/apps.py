from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApplicationsConfig(AppConfig):
    name = "qualification.applications"
    label = "applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register who may read and write the files of a case, the slots beside the materials, the laboratory's pages."""
        from documents import slots
        from qualification.accounts.enums import LABORATORY_ROLES
        from qualification.applications import access, materials
        from qualification.pages import menu

        access.register()
        materials.register()
        # No words: a folder “补正材料” holds the answers to all points, and says nothing of the one without a slot.
        slots.register_type("supplement", title=_("Material of the supplement"))
        slots.register_type("hold_material", title=_("Material the leader asks for"), words=("补充材料", "补充"))
        slots.register_type(
            "rectification",
            title=_("Evidence of the rectification"),
            words=("整改", "不符合", "rectification", "nonconformity"),
        )
        own = ("laboratory-home", _("Home"), "applications:home", "home")
        menu.register(*own, lambda user: user.is_authenticated and user.has_role(*LABORATORY_ROLES), order=5)
