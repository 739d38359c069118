from django.apps import AppConfig, apps

OWN = ("documents.", "qualification.", "workflows.", "viewflow.")


class QualificationConfig(AppConfig):
    name = "qualification"
    label = "qualification"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Rows that other rows point to are fetched by prepared queries, and become instances without detours."""
        from documents.statements import prepare_relations, read_plainly

        own = [model for model in apps.get_models() if model.__module__.startswith(OWN)]
        prepare_relations(own)
        read_plainly(own)
