"""Tokens of programs: made, changed for another, revoked, and found by what a request brings."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from basins.access import Act, viewer_of
from basins.models import User
from basins.refusals import Refused
from monitoring.models import AccessToken, Section

BEGINS = "rc_"
CHANGING = timedelta(hours=24)  # how long a token that was changed for another still holds
NOTED_EVERY = timedelta(minutes=1)
LONGEST_DAYS = 3650


def digest_of_token(secret: str) -> str:
    """SHA-256, hexadecimal: of 256 random bits a fast digest gives nothing away."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def add_token(
    *, name: str, sections: Sequence[str], days: int | None, by: User | None
) -> tuple[AccessToken, str]:
    """A new token for the sections of those codes, and its secret, which is told only here.

    `days`: how long it holds; None: until it is revoked. `by` None: from the command line. Raises
    Refused, naming the field.
    """
    _refuse_unless_may(by)
    said = " ".join(name.split())
    if not said or len(said) > 100:
        raise Refused("请写明令牌的名称（如“市监测中心实验室”，至多 100 字）。", field="name")
    if AccessToken.objects.filter(name=said).exists():
        raise Refused(f"已有名为“{said}”的令牌；请换一个名称，或更换它的密钥。", field="name")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"有效天数须为 1–{LONGEST_DAYS}。", field="days")
    codes = list(dict.fromkeys(code.strip() for code in sections if code.strip()))
    found = list(Section.objects.filter(code__in=codes))
    if missing := [code for code in codes if code not in {s.code for s in found}]:
        raise Refused(f"没有编码为 {'、'.join(missing)} 的断面。", field="sections")
    if not found:
        raise Refused("请选择令牌可以报送的断面。", field="sections")
    secret = _secret()
    token = AccessToken.objects.create(
        name=said,
        prefix=secret[:10],
        digest=digest_of_token(secret),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        made_by=by,
    )
    token.sections.set(found)
    return token, secret


@transaction.atomic
def change_secret(*, token: AccessToken, by: User | None) -> tuple[AccessToken, str]:
    """Another secret for the token; the one before holds for 24 hours more. Raises Refused."""
    _refuse_unless_may(by)
    held = AccessToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if held.revoked_at is not None:
        raise Refused(f"令牌“{held}”已吊销；请签发新的。")
    secret = _secret()
    held.former_digest, held.former_until = held.digest, timezone.now() + CHANGING
    held.prefix, held.digest = secret[:10], digest_of_token(secret)
    held.save()
    return held, secret


@transaction.atomic
def revoke_token(*, token: AccessToken, by: User | None) -> AccessToken:
    """End it at once, with the secret before it; one that is revoked stays so."""
    _refuse_unless_may(by)
    held = AccessToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if held.revoked_at is None:
        held.revoked_at, held.revoked_by = timezone.now(), by
        held.former_digest, held.former_until = "", None
        held.save()
    return held


def token_of(secret: str) -> AccessToken | None:
    """The token that holds now by that secret; None for any other. Its use is noted once a minute:
    1 SQL query, and 1 more then."""
    if not secret.startswith(BEGINS) or len(secret) > 100:
        return None
    digest, now = digest_of_token(secret), timezone.now()
    found = AccessToken.objects.filter(
        Q(digest=digest) | Q(former_digest=digest, former_until__gt=now),
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        revoked_at__isnull=True,
    ).first()
    if found is not None and (found.last_used_at is None or now - found.last_used_at > NOTED_EVERY):
        AccessToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _secret() -> str:
    return BEGINS + secrets.token_urlsafe(32)


def _refuse_unless_may(by: User | None) -> None:
    if by is not None and not viewer_of(by).sees_all(Act.UPLOAD_READINGS):
        raise Refused(f"{by} 不能签发或吊销令牌；由生态环境局办理。")
