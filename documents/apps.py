from django.apps import AppConfig
from django.conf import settings


class DocumentsConfig(AppConfig):
    name = "documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have files scanned for malware where a scanner is configured."""
        from documents.clamd import ClamdScanner
        from documents.scanning import register_scanner

        if settings.CLAMD:
            register_scanner(ClamdScanner(settings.CLAMD))
