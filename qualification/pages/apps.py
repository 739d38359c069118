from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "qualification.pages"
    label = "pages"
