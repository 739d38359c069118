from django.apps import AppConfig
from django.utils.translation import gettext_noop

# Words of Django that read badly in Chinese; named here, they are in our catalogue, which comes before Django's.
DJANGO_WORDS = (gettext_noop("This field is required."), gettext_noop("This field cannot be blank."))


class PagesConfig(AppConfig):
    name = "qualification.pages"
    label = "pages"
