from django.apps import AppConfig


class LookingConfig(AppConfig):
    name = "documents.looking"
    label = "document_looking"
    default_auto_field = "django.db.models.BigAutoField"
