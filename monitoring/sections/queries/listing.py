"""断面列表: the visible sections of a month with class, target and completeness.

Classes are 1–6 (GB 3838-2002, 6 = 劣Ⅴ).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.core.paginator import Page, Paginator
from django.db.models import (
    BooleanField,
    Case,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from basins.access import Act, Viewer
from basins.models import Jurisdiction, River
from monitoring.models import Assessment, MonthlyMean, Section, Target
from monitoring.visible import visible_sections
from written.text import name_key

PER_PAGE = 40
NO_RIVER = "-"  # asks for the sections that came in with a file and lie on no river of ours


@dataclass(frozen=True, slots=True)
class SectionFilter:
    """What the list is narrowed to; an empty text does not narrow. Codes as in the address."""

    river: str = ""
    district: str = ""
    grade: str = ""
    water_class: str = ""  # "1"…"6", "0": not assessed
    met: str = ""  # "yes", "no"
    text: str = ""


@dataclass(frozen=True, slots=True)
class SectionLine:
    code: str
    name: str
    is_demo: bool
    river: str | None
    river_code: str | None
    km: Decimal | None
    grade: str
    border: str  # '梁平区 → 垫江县', or ''
    water_class: int | None
    deciding: tuple[str, ...]  # names
    target: int | None
    complete: bool
    valid: int
    expected: int
    own: bool  # at the border of the viewer's own place

    @property
    def shown_name(self) -> str:
        return f"{self.name}*" if self.is_demo else self.name

    @property
    def worse(self) -> bool:
        return bool(self.water_class and self.target and self.water_class > self.target)

    @property
    def met(self) -> bool | None:
        """None where there is no class or no target."""
        if self.water_class is None or self.target is None:
            return None
        return self.water_class <= self.target

    @property
    def completeness(self) -> Decimal | None:
        """Values used of values due, per cent."""
        return Decimal(100 * self.valid) / self.expected if self.expected else None


@dataclass(frozen=True, slots=True)
class SectionList:
    month: date
    page: Page  # of SectionLine
    assessed: int
    worse: int

    @property
    def own_first(self) -> bool:
        """Whether the page begins with sections at the borders of the viewer's own place."""
        return bool(self.page.object_list and self.page.object_list[0].own)


@dataclass(frozen=True, slots=True)
class ListChoices:
    """(code, label) of what the list can be narrowed to."""

    rivers: tuple[tuple[str, str], ...]
    districts: tuple[tuple[str, str], ...]


def list_choices(viewer: Viewer) -> ListChoices:
    """Rivers and districts that have a visible section: 2 queries."""
    seen = visible_sections(viewer).order_by()
    rivers = River.objects.filter(sections__in=seen.values("pk")).distinct()
    districts = Jurisdiction.objects.filter(
        Q(sections_out__in=seen.values("pk")) | Q(sections_in__in=seen.values("pk"))
    ).distinct()
    return ListChoices(
        rivers=tuple(rivers.values_list("code", "name")),
        districts=tuple(districts.order_by("sort_key", "pk").values_list("code", "short_name")),
    )


def section_list(
    viewer: Viewer, month: date, only: SectionFilter = SectionFilter(), page: str | None = None
) -> SectionList:
    """Sections at the borders of the viewer's own place first, then in river order, with the
    month's class: 5 queries whatever the sections."""
    found = _narrowed(with_month(visible_sections(viewer), month), only)
    totals = found.order_by().aggregate(
        assessed=Count("pk", filter=Q(class_now__isnull=False)),
        worse=Count("pk", filter=Q(class_now__gt=F("target_now"))),
    )
    ordered = found.annotate(own=_at_own_border(viewer)).order_by(
        "-own",
        F("river__level").asc(nulls_last=True),
        "river__code",
        F("km").asc(nulls_last=True),
        "code",
    )
    chosen = Paginator(ordered, PER_PAGE).get_page(page)
    chosen.object_list = _lines(list(chosen.object_list), month)  # type: ignore[assignment]
    return SectionList(month, chosen, totals["assessed"], totals["worse"])


def _at_own_border(viewer: Viewer) -> Case | Value:
    """False for all where the viewer sees everything."""
    if viewer.jurisdiction_id is None or viewer.sees_all(Act.SEE_RESULTS):
        return Value(False, output_field=BooleanField())
    own = Q(upstream=viewer.jurisdiction_id) | Q(downstream=viewer.jurisdiction_id)
    return Case(When(own, then=True), default=False, output_field=BooleanField())


def with_month(sections: QuerySet[Section], month: date) -> QuerySet[Section]:
    assessment = Assessment.objects.filter(section=OuterRef("pk"), month=month)
    target = Target.objects.filter(section=OuterRef("pk"), in_force__contains=month)
    return sections.annotate(
        class_now=Subquery(assessment.values("water_class")[:1]),
        target_now=Subquery(target.values("water_class")[:1]),
    )


def _narrowed(found: QuerySet[Section], only: SectionFilter) -> QuerySet[Section]:
    if only.river == NO_RIVER:
        found = found.filter(river__isnull=True)
    elif only.river:
        found = found.filter(river__code=only.river)
    else:
        found = found.filter(river__isnull=False)
    if only.district:
        found = found.filter(Q(upstream__code=only.district) | Q(downstream__code=only.district))
    if only.grade:
        found = found.filter(grade=only.grade)
    if only.water_class == "0":
        found = found.filter(class_now__isnull=True)
    elif only.water_class:
        found = found.filter(class_now=int(only.water_class))
    if only.met == "yes":
        found = found.filter(class_now__lte=F("target_now"))
    elif only.met == "no":
        found = found.filter(class_now__gt=F("target_now"))
    if only.text:
        found = found.filter(pk__in=sections_called(only.text))
    return found


def sections_called(text: str) -> list[int]:
    """Ids of the sections whose code, name, river or district on either side holds the text,
    however wide its letters and brackets, or has these initials (lhk is 两河口): 1 SQL query."""
    wanted = name_key(text)
    if not wanted:
        return []
    sounds = wanted.isascii() and wanted.isalpha()
    called = ("name", "river__name", "upstream__name", "downstream__name")
    return [
        pk
        for pk, code, *names in Section.objects.order_by().values_list("pk", "code", *called)
        if wanted in name_key(code)
        or any(
            wanted in name_key(name) or (sounds and wanted in _initials(name))
            for name in names
            if name
        )
    ]


@lru_cache(maxsize=8192)
def _initials(name: str) -> str:
    from pypinyin import Style, lazy_pinyin  # its tables take longer to load than most pages

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors="ignore")).lower()


def _lines(sections: list[Section], month: date) -> list[SectionLine]:
    """The shown page's lines: 3 queries (the page itself is the fourth)."""
    ids = [s.pk for s in sections]
    rows = {
        s.pk: s
        for s in Section.objects.filter(pk__in=ids)
        .select_related("river", "upstream", "downstream")
        .defer("upstream__boundary", "downstream__boundary")
    }
    assessments = {a.section_id: a for a in Assessment.objects.filter(section__in=ids, month=month)}
    counts = {
        (row["section"], row["indicator__code"]): row
        for row in MonthlyMean.objects.filter(section__in=ids, month=month).values(
            "section", "indicator__code", "indicator__name", "valid", "expected"
        )
    }
    lines = []
    for each in sections:
        section, assessment = rows[each.pk], assessments.get(each.pk)
        used = [
            counts[each.pk, code]
            for code in (assessment.assessed if assessment else ())
            if (each.pk, code) in counts
        ]
        names = {row["indicator__code"]: row["indicator__name"] for row in used}
        lines.append(
            SectionLine(
                code=section.code,
                name=section.name,
                is_demo=section.is_demo,
                river=section.river.name if section.river else None,
                river_code=section.river.code if section.river else None,
                km=section.km,
                grade=section.get_grade_display(),
                border=_border(section),
                water_class=assessment.water_class if assessment else None,
                deciding=tuple(names.get(c, c) for c in assessment.deciding) if assessment else (),
                target=each.target_now,  # type: ignore[attr-defined]
                complete=bool(assessment and assessment.complete),
                valid=sum(min(row["valid"], row["expected"]) for row in used),
                expected=sum(row["expected"] for row in used),
                own=each.own,  # type: ignore[attr-defined]
            )
        )
    return lines


def _border(section: Section) -> str:
    ends = [j.short_name for j in (section.upstream, section.downstream) if j]
    return " → ".join(ends)
