"""The settings of the measurements: the product's own, and the plain flow beside it."""

from qualification.conf.settings import *  # noqa: F403
from qualification.conf.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "tests.bench"]
LOGGING = {"version": 1, "disable_existing_loggers": True}
