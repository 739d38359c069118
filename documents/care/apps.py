from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "documents.care"
    label = "document_care"
    default_auto_field = "django.db.models.BigAutoField"
