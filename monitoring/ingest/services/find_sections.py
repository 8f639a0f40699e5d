"""From the name a file gives to the section it means, made if the importer allows it."""

from dataclasses import dataclass, field

from django.db import connection

from basins.city import home
from basins.models import Jurisdiction
from monitoring.models import Section
from monitoring.protocols.layouts import SectionRef
from monitoring.standards.water_bodies import assumed_water
from written.text import name_key

LONGEST_NAME = 60


@dataclass
class Sections:
    """All sections by code and by name, loaded once for a whole file: 2 SQL queries.

    `find` answers a section's id, or the words why it cannot be told. Names and codes are
    compared as people read them: 甲断面（左） is 甲断面 (左). `trial`: what would be made is
    not made, nothing is locked, and stands under an id below zero.
    """

    create: bool
    trial: bool = False
    unknown: dict[str, int] = field(default_factory=dict)  # name → how many rows
    created: list[str] = field(default_factory=list)
    assumed: list[dict[str, str]] = field(default_factory=list)  # name, body and why

    def __post_init__(self) -> None:
        self._found: dict[SectionRef, int] = {}
        self._locked = self.trial
        self.imagined: dict[int, Section] = {}  # what a trial would make
        self._provinces = {
            name_key(name): (pk, code)
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
        self._as_written: dict[str, int] = {}  # codes may differ in case alone
        self._codes: set[str] = set()
        self._by_name: dict[str, dict[int, list[int]]] = {}
        for pk, code, name, province in Section.objects.order_by("pk").values_list(
            "pk", "code", "name", "province_id"
        ):
            self._keep(pk, code, name, province)

    def _keep(self, pk: int, code: str, name: str, province: int) -> None:
        self._codes.add(code)
        self._as_written[code] = pk
        self._by_code[name_key(code)] = pk
        self._by_name.setdefault(name_key(name), {}).setdefault(province, []).append(pk)

    def _look_up(self, ref: SectionRef) -> int | str:
        if ref.code and ref.code in self._as_written:
            return self._as_written[ref.code]
        if ref.code and name_key(ref.code) in self._by_code:
            return self._by_code[name_key(ref.code)]
        named = self._by_name.get(name_key(ref.name), {}) if ref.name else {}
        if ref.province:
            province = self._provinces.get(name_key(ref.province))
            if province is None:
                return f"不认识的省份“{ref.province}”;请写全称,如“四川省”。"
            if province[0] in named and not ref.code:
                return _only(named[province[0]], ref.name)
        elif len(named) == 1 and not ref.code:
            return _only(next(iter(named.values())), ref.name)
        elif len(named) > 1 and not ref.code:
            return f"有 {len(named)} 个省份都有断面“{ref.name}”;请加省份列或填断面编码。"
        label = ref.name or ref.code or ""
        if not self.create:
            self.unknown[label] = self.unknown.get(label, 0) + 1
            return f"没有登记断面“{label}”;请先登记,或选“自动新建没有登记的断面”(命令加 --create-sections)。"
        return self._make(ref)

    def _make(self, ref: SectionRef) -> int | str:
        if not self._locked:
            # Two imports that make sections do so one after the other.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('monitoring_sections'))")
            self._locked = True
            self._load()
            return self._look_up(ref)
        own = home().province
        of_home = next(p for p in self._provinces.values() if p[1] == own)
        province_id, province_code = (
            self._provinces[name_key(ref.province)] if ref.province else of_home
        )
        name = ref.name or ref.code or ""
        if len(name) > LONGEST_NAME:
            return f"断面名称长 {len(name)} 字,最多 {LONGEST_NAME} 字;请改短。"
        if province_id in self._by_name.get(name_key(name), {}):
            return f"断面“{name}”已登记为另一编码;请核对断面编码“{ref.code}”。"
        water = assumed_water(ref.province, name)
        section = Section(
            code=ref.code or self._free_code(province_code, name),
            name=name,
            province_id=province_id,
            water_body=water.body,
            water_body_why=water.why,
            grade=Section.Grade.NATIONAL if ref.basin else Section.Grade.MUNICIPAL,
            source="导入时新建",
        )
        if self.trial:
            section.pk = -1 - len(self.imagined)
            self.imagined[section.pk] = section
        else:
            section.save(force_insert=True)
        self._keep(section.pk, section.code, name, province_id)
        self.created.append(name)
        if water.why:
            body = str(Section.Body(water.body).label)
            self.assumed.append({"name": name, "body": body, "why": water.why})
        return section.pk

    def _free_code(self, province_code: str, name: str) -> str:
        """Province and pinyin, as 50-XIANGJIA; numbered when two names sound alike."""
        from pypinyin import lazy_pinyin  # its tables take longer to load than most commands to run

        sound = "".join(part for part in lazy_pinyin(name, errors="ignore")).upper()[:30]
        stem = f"{province_code[:2]}-{sound or 'SECTION'}"
        code, number = stem, 1
        while code in self._codes:
            number += 1
            code = f"{stem}-{number}"
        return code


def _only(ids: list[int], name: str) -> int | str:
    """The one section of that name; words where two differ in nothing that people read."""
    if len(ids) == 1:
        return ids[0]
    return f"有 {len(ids)} 个断面都叫“{name}”(只差全角、空格或括号);请填断面编码。"
