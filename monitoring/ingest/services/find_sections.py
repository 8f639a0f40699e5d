"""From the name a file gives to the section it means, made if the importer allows it."""

from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from basins.models import Jurisdiction
from monitoring.models import Section
from monitoring.protocols.lakes import in_lake
from monitoring.protocols.layouts import SectionRef
from monitoring.standards.gb3838_2002 import WaterBody

LONGEST_NAME = 60


@dataclass
class Sections:
    """All sections by code and by name, loaded once for a whole file: 2 SQL queries.

    `find` answers a section's id, or the words why it cannot be told.
    """

    create: bool
    unknown: dict[str, int] = field(default_factory=dict)  # name → how many rows
    created: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._found: dict[SectionRef, int] = {}
        self._locked = False
        self._provinces = {
            name: (pk, code)
            for pk, code, full, short in Jurisdiction.objects.filter(
                level=Jurisdiction.Level.PROVINCE
            ).values_list("pk", "code", "name", "short_name")
            for name in (full, short)
        }
        self._load()

    def find(self, ref: SectionRef) -> int | str:
        """The section's id; or, as text, why there is none and what to do."""
        if known := self._found.get(ref):
            return known
        answer = self._look_up(ref)
        if isinstance(answer, int):
            self._found[ref] = answer
        return answer

    def _load(self) -> None:
        self._by_code: dict[str, int] = {}
        self._by_name: dict[str, dict[int, int]] = {}
        for pk, code, name, province in Section.objects.order_by("pk").values_list(
            "pk", "code", "name", "province_id"
        ):
            self._by_code[code] = pk
            self._by_name.setdefault(name, {})[province] = pk

    def _look_up(self, ref: SectionRef) -> int | str:
        if ref.code and ref.code in self._by_code:
            return self._by_code[ref.code]
        named = self._by_name.get(ref.name, {}) if ref.name else {}
        if ref.province:
            province = self._provinces.get(ref.province)
            if province is None:
                return f"不认识的省份“{ref.province}”;请写全称,如“重庆市”。"
            if province[0] in named and not ref.code:
                return named[province[0]]
        elif len(named) == 1 and not ref.code:
            return next(iter(named.values()))
        elif len(named) > 1 and not ref.code:
            return f"有 {len(named)} 个省份都有断面“{ref.name}”;请加省份列或填断面编码。"
        label = ref.name or ref.code or ""
        if not self.create:
            self.unknown[label] = self.unknown.get(label, 0) + 1
            return f"没有登记断面“{label}”;请先登记,或加 --create-sections 自动新建。"
        return self._make(ref)

    def _make(self, ref: SectionRef) -> int | str:
        if not self._locked:
            # Two imports that make sections do so one after the other.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('monitoring_sections'))")
            self._locked = True
            self._load()
            return self._look_up(ref)
        home = next(p for p in self._provinces.values() if p[1] == settings.HOME_PROVINCE)
        province_id, province_code = self._provinces[ref.province] if ref.province else home
        name = ref.name or ref.code or ""
        if len(name) > LONGEST_NAME:
            return f"断面名称长 {len(name)} 字,最多 {LONGEST_NAME} 字;请改短。"
        if province_id in self._by_name.get(name, {}):
            return f"断面“{name}”已登记为另一编码;请核对断面编码“{ref.code}”。"
        section = Section.objects.create(
            code=ref.code or self._free_code(province_code, name),
            name=name,
            province_id=province_id,
            water_body=WaterBody.LAKE if in_lake(ref.province, name) else WaterBody.RIVER,
            grade=Section.Grade.NATIONAL if ref.basin else Section.Grade.MUNICIPAL,
            source="导入时新建",
        )
        self._by_code[section.code] = section.pk
        self._by_name.setdefault(name, {})[province_id] = section.pk
        self.created.append(name)
        return section.pk

    def _free_code(self, province_code: str, name: str) -> str:
        """Province and pinyin, as 50-XIANGJIA; numbered when two names sound alike."""
        from pypinyin import lazy_pinyin  # its tables take longer to load than most commands to run

        sound = "".join(part for part in lazy_pinyin(name, errors="ignore")).upper()[:30]
        stem = f"{province_code[:2]}-{sound or 'SECTION'}"
        code, number = stem, 1
        while code in self._by_code:
            number += 1
            code = f"{stem}-{number}"
        return code
