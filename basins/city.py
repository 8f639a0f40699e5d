"""本市: whose scheme this is, and the province that a file means when it names none.

Set on the first day, by a person (/start/) or with the map data (load_basins); before that, what the
settings INSTALLATION_PLACE and HOME_PROVINCE say.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from basins.access import Act, viewer_of
from basins.models import City, Jurisdiction, User
from basins.refusals import NotAllowed, Refused


@dataclass(frozen=True, slots=True)
class Home:
    """`name` is empty while nobody has said it; `province`: a code of GB/T 2260."""

    name: str
    province: str
    is_set: bool
    prefix: str  # the digits with which the codes of its own places begin: 50, 5101


HOME = """
SELECT c.name, p.code, (SELECT min(code) FROM basins_jurisdiction WHERE level = 'treasury')
FROM (SELECT 1) AS one
LEFT JOIN basins_city c ON true LEFT JOIN basins_jurisdiction p ON p.id = c.province_id
"""


def home() -> Home:
    """1 SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(HOME)
        name, code, treasury = cursor.fetchone()
    province = code or settings.HOME_PROVINCE
    return Home(
        name if code else settings.INSTALLATION_PLACE,
        province,
        code is not None,
        prefix_of(treasury or province),
    )


def governments() -> str:
    """Whom a notice of the city addresses: Chongqing has districts, counties and autonomous counties
    below a municipality, other cities counties, county-level cities and districts."""
    return "各区县（自治县）人民政府" if home().prefix == "50" else "各县（市、区）人民政府"


def prefix_of(code: str) -> str:
    """The digits that all codes within a place share: 50 of 500000, 5101 of 510100-T (GB/T 2260)."""
    digits = code[:6]
    while len(digits) > 2 and digits.endswith("00"):
        digits = digits[:-2]
    return digits


@transaction.atomic
def set_city(*, name: str, province: Jurisdiction, by: User | None) -> City:
    """Say whose scheme this is; `by` None is the command line. Raises NotAllowed, Refused."""
    if by is not None and not viewer_of(by).may(Act.EDIT_REFERENCE):
        raise NotAllowed(f"{by} 不能设定本市。")
    said = " ".join(name.split())
    if not said:
        raise Refused("请填写本市的名称，如 示例市。", field="name")
    if province.level != Jurisdiction.Level.PROVINCE:
        raise Refused("请选择省（直辖市）。", field="province")
    city, _ = City.objects.update_or_create(pk=1, defaults={"name": said, "province": province})
    return city
