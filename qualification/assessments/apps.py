from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessmentsConfig(AppConfig):
    name = "qualification.assessments"
    label = "assessments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register who may read and write the evidence of a check, and its slot."""
        from documents import slots
        from qualification.assessments import access

        access.register()
        slots.register_type(access.EVIDENCE, title=_("Evidence of the check"))
