"""One person a role, as settings.DEMO_SIGN_INS names them."""

from datetime import date

from django.conf import settings
from django.contrib.auth.hashers import make_password

from basins.models import Jurisdiction, Role, User
from basins.ranges import between
from dashboard.demo import wanzhou

# sign-in → (name, unit, code of the place); the role is the sign-in less its number
PEOPLE = {
    "bureau": ("流域处", "重庆市生态环境局", None),
    "bureau2": ("流域处复核", "重庆市生态环境局", None),
    "treasury": ("市财政经办", "重庆市财政局", None),
    "treasury2": ("市财政复核", "重庆市财政局", None),
    "district": ("区级经办", "梁平区生态环境局", "500155"),
    "township": ("镇级经办", "万州区分水镇", "500101-FS"),
    "admin": ("协议管理员", "重庆市生态环境局", None),
    "admin2": ("协议复核员", "重庆市生态环境局", None),
    "auditor": ("审计管理员", "重庆市审计局", None),
    "station": ("普顺自动站", "龙溪河普顺断面（演示）", None),
}
IN_OFFICE_SINCE = date(2018, 1, 1)


def make_people() -> dict[str, User]:
    """The demonstration's users, by sign-in; 万州区's townships among the jurisdictions."""
    _make_towns()
    # Hashed once: it is the same, published password for all of them.
    password = make_password(settings.DEMO_PASSWORD)
    people = {}
    for username, _ in settings.DEMO_SIGN_INS:
        name, unit, place = PEOPLE[username]
        role = username.rstrip("0123456789")
        user = User.objects.create(
            username=username,
            password=password,
            display_name=name,
            unit=unit,
            is_staff=role == "admin",
        )
        Role.objects.create(
            user=user,
            role=role,
            jurisdiction=Jurisdiction.objects.get(code=place) if place else None,
            in_force=between(IN_OFFICE_SINCE),
        )
        people[username] = user
    return people


def _make_towns() -> None:
    """The townships, and what the district pays them from: it stands where the city's treasury
    does elsewhere."""
    district = Jurisdiction.objects.get(code=wanzhou.DISTRICT)
    Jurisdiction.objects.bulk_create(
        [
            *(
                Jurisdiction(
                    code=town.code,
                    name=town.name,
                    short_name=town.short,
                    name_en=town.key.capitalize(),
                    sort_key=town.key,
                    level=Jurisdiction.Level.TOWNSHIP,
                    parent=district,
                )
                for town in wanzhou.TOWNS
            ),
            Jurisdiction(
                code=wanzhou.TREASURY,
                name="万州区财政（镇街补偿）",
                short_name="万州财政",
                name_en="Wanzhou Treasury",
                sort_key="wanzhou-z",
                level=Jurisdiction.Level.TREASURY,
                parent=district,
            ),
        ]
    )
