from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "workflows.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from qualification.pages import menu
        from workflows.jobs import checks, signals  # noqa: F401
        from workflows.jobs.roles import READERS

        menu.register(
            "operations",
            _("Operations"),
            "jobs:status",
            "activity",
            lambda user: user.is_authenticated and user.has_role(*READERS),
            order=900,
        )
        menu.register(
            "files",
            _("Files to look after"),
            "jobs:files",
            "file-alert",
            lambda user: user.is_authenticated and user.has_role(*READERS),
            order=901,
        )
