"""Settings: everything an installation decides comes from the environment.

Unset DATABASE_URL and BROKER_URL mean the embedded PostgreSQL and the filesystem broker
under VAR_DIR. Each setting is listed in docs/settings.md (a test compares).
"""

import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from config.database import database_from_url, embedded_database

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(choices)}.")
    return value


def env_number(name: str, default: int, least: int, most: int) -> int:
    text = env(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ImproperlyConfigured(f"{name}={text!r}: use a number from {least} to {most}.")
    return int(text)


def env_list(name: str, default: str) -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXY: {text!r} is no address or network; write it like 10.0.0.5 or "
            "10.0.0.0/24, several comma-separated."
        ) from error


# The installation ---------------------------------------------------------------------
VAR_DIR = Path(env("VAR_DIR", str(BASE_DIR / "var"))).resolve()
# 演示 / 测试 / 正式: shown in a bar on every page.
INSTALLATION = env_choice("INSTALLATION", "demo", ("demo", "test", "production"))
DEBUG = env_choice("DEBUG", "off", ("on", "off")) == "on"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")


# The city or province whose scheme this is, as the masthead says it, and the province a file means
# when it names none (GB/T 2260): until somebody has said them on /start/ (basins.city).
INSTALLATION_PLACE = env("INSTALLATION_PLACE", "")
HOME_PROVINCE = env("HOME_PROVINCE", "500000")

# 月通报: published on this day of the next month, or the next working day after it; open for
# objection for so many working days (Anhui's scheme has 15).
NOTICE_DAY = env_number("NOTICE_DAY", 15, 1, 28)
OBJECTION_DAYS = env_number("OBJECTION_DAYS", 5, 1, 60)
# 拨款通知: working days a debtor of a closed year has to pay. No scheme we hold names one: ours.
PAYMENT_DAYS = env_number("PAYMENT_DAYS", 20, 1, 120)
# A year's data, and then its amounts, are signed or refused within so many working days; who is
# silent is reminded and has so many more; a refusal that was turned down goes to the common
# superior within as many. Ours too.
SIGN_DAYS = env_number("SIGN_DAYS", 10, 1, 60)
SILENCE_DAYS = env_number("SILENCE_DAYS", 5, 1, 60)
# Working days the parties have to speak to a proposed adjustment before it is approved; 0: none.
HEARING_DAYS = env_number("HEARING_DAYS", 5, 0, 60)


def secret_key() -> str:
    """SECRET_KEY from the environment; else one made once and kept under VAR_DIR (0600)."""
    if key := env("SECRET_KEY"):
        return key
    if INSTALLATION == "production":
        raise ImproperlyConfigured(
            "SECRET_KEY is not set: a production installation needs one of its own, "
            "at least 50 random characters."
        )
    path = VAR_DIR / "secret_key"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    fresh = VAR_DIR / f".secret_key.{os.getpid()}"
    if not path.exists():
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50), encoding="ascii")
        try:
            os.link(fresh, path)  # the first of two starting at once wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii")


SECRET_KEY = secret_key()

# Database and broker ------------------------------------------------------------------
DATABASE_URL = env("DATABASE_URL")
DATABASES = {
    "default": database_from_url(DATABASE_URL) if DATABASE_URL else embedded_database(VAR_DIR)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = env("BROKER_URL")
if BROKER_URL and not BROKER_URL.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
    raise ImproperlyConfigured(
        "BROKER_URL must start with redis://, rediss://, amqp:// or amqps://; "
        "leave it unset to use the folder under VAR_DIR."
    )
CELERY_BROKER_URL = BROKER_URL or "filesystem://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
if not BROKER_URL:
    _queue, _control = VAR_DIR / "broker" / "queue", VAR_DIR / "broker" / "control"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_control),
        "polling_interval": 0.02,
    }
    for _folder in (_queue, _control):
        _folder.mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a message only wakes; the sweep finds what it would have
# So a page waits for no broker that is down: one try more, two seconds in all.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS |= {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    "connect_retries_timeout": 2,
}
if (BROKER_URL or "").startswith(("redis://", "rediss://")):
    CELERY_BROKER_TRANSPORT_OPTIONS["socket_connect_timeout"] = 2
CELERY_TIMEZONE = "Asia/Shanghai"
# Messages wake, rows are the truth: the sweep finds whatever a lost message left behind.
SWEEP_SECONDS = float(env("SWEEP_SECONDS", "30"))
CELERY_BEAT_SCHEDULE = {
    "sweep jobs": {"task": "jobs.sweep", "schedule": SWEEP_SECONDS},
    "sweep dirty months": {"task": "settlements.recompute", "schedule": SWEEP_SECONDS},
    # Deadlines and digests. Every hour: a round that is missed is made up for soon.
    "daily round": {"task": "settlements.daily", "schedule": crontab(minute=7)},
}

# Pages as they were last shown, kept in each process's memory (dashboard/frame/kept.py), so that nothing of
# them lies on a disk and no other program can read them. 0: none.
KEPT_PAGES = env_number("KEPT_PAGES", 400, 0, 100_000)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "kept": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache"
        if KEPT_PAGES
        else "django.core.cache.backends.dummy.DummyCache",
        "LOCATION": "kept",
        "TIMEOUT": 24 * 60 * 60,
        "OPTIONS": {"MAX_ENTRIES": KEPT_PAGES, "CULL_FREQUENCY": 4},
    },
}

# Applications -------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "jobs",
    "basins",
    "monitoring",
    "settlements",
    "dashboard",
    "config.reference.ReferenceConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "axes",
    "csp",
]
MIDDLEWARE = [
    "dashboard.frame.middleware.HeadMiddleware",
    "config.health.HealthMiddleware",
    "dashboard.frame.middleware.NulMiddleware",
    "dashboard.frame.body_limit.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.frame.compression.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dashboard.frame.middleware.PrivatePagesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dashboard.frame.middleware.UnseenInFormsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dashboard.frame.acting.ActingMiddleware",
    "dashboard.frame.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "dashboard.frame.middleware.NotAllowedMiddleware",
    "dashboard.frame.middleware.EndedSessionMiddleware",
    "dashboard.frame.middleware.OwnPasswordMiddleware",
    "dashboard.frame.middleware.NoRoleMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "dashboard.frame.context.page_frame",
            ],
            "builtins": ["dashboard.templatetags.joined"],
        },
    }
]

# Sign-in ------------------------------------------------------------------------------
AUTH_USER_MODEL = "basins.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "basins.services.person_acts.OneTimeCodeBackend",
]
# Wrong passwords make one wait, longer each time, by name and address and by address alone
# (basins/services/sign_in_locks.py): GB/T 22239-2019 level 3.
AXES_HANDLER = "dashboard.frame.locks.LockHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_LOCKOUT_CALLABLE = "dashboard.frame.sign_in.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "basins.passwords.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name", "unit", "email")},
    },
    {
        "NAME": "basins.passwords.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "basins.passwords.CommonPasswordValidator"},
    {"NAME": "basins.passwords.NumericPasswordValidator"},
    {"NAME": "basins.passwords.HabitPasswordValidator"},
]
# Sessions are rows of ours, with an absolute end of twelve hours (basins/sessions.py).
SESSION_ENGINE = "basins.sessions"
SESSION_COOKIE_AGE = 30 * 60  # idle sign-out at 30 minutes: GB/T 22239-2019 level 3
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = env("SESSION_COOKIE_NAME", "river_session")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Behind TLS (INSTALLATION=production) cookies travel encrypted only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = INSTALLATION == "production"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Addresses or networks whose X-Forwarded-For is believed in the audit trail; others' is not.
TRUSTED_PROXY = [network(part) for part in env_list("TRUSTED_PROXY", "")]

# One person per role (two to activate an agreement), made by `seed_demo` and named on the
# sign-in page of a demo alone.
DEMO_PASSWORD = "yanshi-Demo-2026"
DEMO_SIGN_INS = [
    ("bureau", "流域处(市生态环境局)"),
    ("bureau2", "流域处(复核)"),
    ("treasury", "市财政局"),
    ("treasury2", "市财政局(复核)"),
    ("district", "梁平区生态环境局"),
    ("township", "万州区分水镇"),
    ("admin", "协议管理"),
    ("admin2", "协议管理(复核)"),
    ("auditor", "审计管理"),
    ("station", "监测站点"),
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Language, time, files ----------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.vendored.WheelFinder",
]
WHITENOISE_USE_FINDERS = env_choice("WHITENOISE_USE_FINDERS", "off", ("on", "off")) == "on"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if WHITENOISE_USE_FINDERS
            else "config.static_storage.HashedStaticFiles"
        )
    },
}
MEDIA_ROOT = VAR_DIR / "media"

# Mail ---------------------------------------------------------------------------------
# Without a server, mail is written to files under VAR_DIR.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_number("EMAIL_PORT", 25, 1, 65535)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_choice("EMAIL_USE_TLS", "off", ("on", "off")) == "on"
EMAIL_TIMEOUT = 30
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_SUBJECT_PREFIX = ""
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "rivers@localhost")
# Where the links of a mail lead; without it, to the port `make demo` answers on.
SITE_URL = env("SITE_URL", f"http://127.0.0.1:{env('PORT', '8000').strip() or '8000'}").rstrip("/")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Longer takes no statement of a request of the interface.
API_SECONDS = env_number("API_SECONDS", 10, 1, 600)
API_REQUESTS_A_MINUTE = env_number("API_REQUESTS_A_MINUTE", 600, 1, 1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "跨界断面横向生态补偿：接口",
    "DESCRIPTION": "报送和取用监测数据、断面，查看金额的计算过程。时间是 UTC，金额和浓度是文本。",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "WARNING")},
}
