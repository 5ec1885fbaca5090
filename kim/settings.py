"""Settings of the whole program; every value that differs between places comes from the environment."""

import os
import secrets
from pathlib import Path

from csp.constants import NONE, SELF

from kim.store import postgres, ranges

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"  # what script/setup makes
ASSETS = BASE_DIR / "node_modules" / "@kern-ux" / "native" / "dist"
TRIAL = os.environ.get("KIM_TRIAL") == "1"
HTTPS = os.environ.get("KIM_HTTPS") == "1"

DEBUG = False
SECRET_KEY = os.environ.get("KIM_SECRET_KEY") or secrets.token_urlsafe(50)
ALLOWED_HOSTS = os.environ.get("KIM_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if HTTPS else []

INSTALLED_APPS = [
    "kim",
    "staffing",
    "grants",
    "meetings",
    "allauth",
    "allauth.account",
    "kim.apps.TechnicalConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "django_tables2",
    "django_filters",
    "csp",
    "django_tasks",
    "django_tasks_db",
]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kim.access.middleware.ScopeMiddleware",
]
ROOT_URLCONF = "kim.urls"
CSRF_FAILURE_VIEW = "kim.pages.views.forged"
WSGI_APPLICATION = "kim.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kim.pages.views.page_context",
            ],
            "builtins": ["kim.templatetags.kim"],
        },
    }
]
FORM_RENDERER = "kim.pages.forms.KernRenderer"

# The page has one transaction around view, template and error page (kim.permissions); this is the savepoint in it.
ranges.register()
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": True,
        "CONN_HEALTH_CHECKS": True,
        **postgres.logins()[postgres.APP],
        "TEST": {"NAME": os.environ.get("KIM_TEST_DATABASE", "test_kim")},
    }
}
if os.environ.get("KIM_SERVING") == "1":
    if "assume_role" in DATABASES["default"]["OPTIONS"]:  # taking on a role inside Django's pool waits for the pool
        DATABASES["default"]["CONN_MAX_AGE"] = None
    else:
        DATABASES["default"]["OPTIONS"] |= {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"
PGTRIGGER_MIGRATIONS = PGTRIGGER_INSTALL_ON_MIGRATE = False  # kim.store.migrating installs them

AUTH_USER_MODEL = "kim.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "/", "account_login"
ACCOUNT_ADAPTER = "kim.pages.accounts.ClosedAdapter"
ACCOUNT_FORMS = {"login": "kim.pages.accounts.SignInForm", "change_password": "kim.pages.accounts.NewPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/anmelden/"

SESSION_COOKIE_AGE = 10 * 60 * 60
SESSION_IDLE_AGE = 60 * int(os.environ.get("KIM_IDLE_MINUTES", "60"))
PASSWORD_RESET_TIMEOUT = 7 * 24 * 60 * 60  # seconds that the link to a new password holds
# A browser keeps cookies by host, whatever the port: one's own house beside the trial has names of its own.
HOUSE = "" if postgres.folder() == VAR else f"-{postgres.folder().name}"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (f"{'__Host-' if HTTPS else ''}{name}{HOUSE}" for name in ("kim", "csrf"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "de"
TIME_ZONE = "Europe/Berlin"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
BUILT = VAR / "assets-built"  # what script/setup builds: the text editor
STATICFILES_DIRS = [*([("kern", ASSETS)] if ASSETS.is_dir() else []), *([BUILT] if BUILT.is_dir() else [])]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
    },
}
