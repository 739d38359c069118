from django.apps import AppConfig


class ScopeConfig(AppConfig):
    name = "qualification.scope"
    label = "scope"
    default_auto_field = "django.db.models.BigAutoField"
