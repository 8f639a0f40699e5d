"""Registering stations: which device may send for which section, and by which password."""

import hashlib
import hmac
import re
import secrets
from functools import lru_cache

from django.conf import settings
from django.db import transaction

from basins.access import Act, viewer_of
from basins.models import User
from basins.refusals import Refused
from monitoring.models import Command, Section, Station

MN = re.compile(r"[0-9A-Za-z_\-]{1,24}")
LETTERS, MADE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", 12
PASSWORD = re.compile(r"[0-9A-Za-z]{6,20}")


@lru_cache(1)
def _key() -> bytes:
    return hashlib.sha256(b"monitoring.station:" + settings.SECRET_KEY.encode()).digest()


@lru_cache(1024)
def digest_of(password: str) -> str:
    """The keyed digest of a station's password: HMAC-SHA-256 under the installation's secret.

    Not a slow hash: the password travels in the clear in every frame, and a frame is checked in
    microseconds. Another SECRET_KEY makes all of them void.
    """
    return hmac.digest(_key(), password.encode(), "sha256").hex()


def _checked_password(password: str) -> str:
    if not PASSWORD.fullmatch(password):
        raise Refused("密码须为 6–20 位字母或数字（HJ 212 的 PW 字段）。", field="password")
    return digest_of(password)


def made_password() -> str:
    """A password nobody thought of, without letters that are taken for others."""
    return "".join(secrets.choice(LETTERS) for _ in range(MADE))


@transaction.atomic
def add_station(*, mn: str, section: str, password: str, by: User | None) -> Station:
    """Register the device `mn` for the section of that code.

    The section's own 设备编码 is set where it has none. Raises Refused, naming the field: an MN that
    is none or is taken, a section that is not there or has ended, a password HJ 212 cannot carry.
    `by` None: from the command line.
    """
    refuse_unless_may(by)
    mn = mn.strip()
    if not MN.fullmatch(mn):
        raise Refused("设备编码 MN 须为 1–24 位字母、数字、“_”或“-”。", field="mn")
    digest = _checked_password(password)
    found = Section.objects.select_for_update(of=("self",)).filter(code=section.strip()).first()
    if found is None:
        raise Refused(f"没有编码为 {section} 的断面；请先在“断面”里登记。", field="section")
    if found.ended_on is not None:
        raise Refused(f"断面 {found} 已于 {found.ended_on} 停用。", field="section")
    if (held := Station.objects.filter(mn=mn).select_related("section").first()) is not None:
        raise Refused(f"设备编码 {mn} 已登记在断面 {held.section}。", field="mn")
    other = Section.objects.filter(station_mn=mn).exclude(pk=found.pk).first()
    if other is not None:
        raise Refused(f"设备编码 {mn} 已写在断面 {other} 上；请核对。", field="mn")
    if not found.station_mn:
        found.station_mn = mn
        found.save(update_fields=["station_mn"])
    return Station.objects.create(mn=mn, section=found, password_digest=digest, added_by=by)


@transaction.atomic
def change_station(
    *,
    station: Station,
    by: User | None,
    password: str = "",
    assessed: str | None = None,
    counts_by_hand: bool | None = None,
    is_active: bool | None = None,
) -> Station:
    """Change what is given; an empty password stays as it is. A running gateway follows within
    seconds. Raises Refused."""
    refuse_unless_may(by)
    held = Station.objects.select_for_update(of=("self",)).get(pk=station.pk)
    if password:
        held.password_digest = _checked_password(password)
    if assessed is not None:
        if assessed not in Command.values:
            raise Refused("参与评价的数据须从列表中选择。", field="assessed")
        held.assessed = assessed
    if counts_by_hand is not None:
        held.counts_by_hand = counts_by_hand
    if is_active is not None:
        held.is_active = is_active
    held.save()
    return held


def refuse_unless_may(by: User | None) -> None:
    if by is not None and not viewer_of(by).sees_all(Act.UPLOAD_READINGS):
        raise Refused(f"{by} 不能登记、管理站点和它们的报文；由生态环境局办理。")
