"""Where the database is: DATABASE_URL taken apart, or the embedded one's socket."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

EXAMPLE = "postgresql://user:password@host:5432/name"
ENGINE = "django.db.backends.postgresql"
# Long-lived web workers keep their connection; each request checks that it still lives.
# A page waits no longer for a server that does not answer, and says so (dashboard.frame.down).
CONNECT = {"connect_timeout": "3"}
KEEP = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def database_from_url(url: str) -> dict:
    """Django's DATABASES entry for a libpq URL (PostgreSQL ≥ 15).

    A socket folder may be given as ?host=/folder. Raises ImproperlyConfigured, naming the
    setting and an example; the password is never repeated in the message.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read ({error}); write it like {EXAMPLE}."
        ) from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme or 'nothing'!r}; only PostgreSQL is "
            f"supported: write it like {EXAMPLE}, or leave it unset to use the embedded one."
        )
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database; write it like {EXAMPLE}.")
    options = CONNECT | dict(parse_qsl(parts.query))
    return {
        "ENGINE": ENGINE,
        "NAME": name,
        "USER": options.pop("user", "") or unquote(parts.username or ""),
        "PASSWORD": options.pop("password", "") or unquote(parts.password or ""),
        "HOST": options.pop("host", "") or (parts.hostname or ""),
        "PORT": options.pop("port", "") or str(port or ""),
        "OPTIONS": options,
        **KEEP,
    }


def embedded_database(var_dir: Path) -> dict:
    """DATABASES entry of the embedded PostgreSQL under `var_dir`; starts nothing."""
    from config.embedded.postgres import socket_dir

    return {
        "ENGINE": ENGINE,
        "NAME": "rivers",
        "USER": "postgres",
        "HOST": str(socket_dir(var_dir)),
        "OPTIONS": {**CONNECT},
        **KEEP,
    }
