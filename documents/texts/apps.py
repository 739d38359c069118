from django.apps import AppConfig


class TextsConfig(AppConfig):
    name = "documents.texts"
    label = "document_texts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the text of every file read once it is checked and stored."""
        from documents.scanning import when_promoted
        from documents.texts.services import ask_for

        when_promoted(ask_for)
