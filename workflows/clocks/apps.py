from django.apps import AppConfig
from django.core import checks


class ClocksConfig(AppConfig):
    name = "workflows.clocks"
    label = "clocks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from workflows.clocks.checks import check_policy

        checks.register(check_policy)
