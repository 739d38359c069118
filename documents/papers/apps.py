from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "documents.papers"
    label = "papers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from documents import access
        from documents.papers import queries

        access.register_holder(queries.owners_of_file)
