"""我的关注: what changed of the sections, rivers and agreements a person follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from basins.access import Viewer
from basins.links import Link, to
from basins.models import River, Star
from monitoring.models import Assessment, Section
from monitoring.standards.gb3838_2002 import WaterClass
from monitoring.visible import visible_sections
from settlements.models import AgreementMonth
from settlements.shown.visible import visible_accruals, visible_agreements

FEW = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """One star: its name and address, and what is new since it was looked at."""

    kind: str
    kind_words: str
    code: str
    name: str
    path: Link
    seen_at: datetime
    news: tuple[str, ...]


def followed(viewer: Viewer) -> list[Followed]:
    """What the person follows and still may see, news first: at most 7 SQL queries."""
    stars = list(Star.objects.filter(user=viewer.user_id).order_by("kind", "code"))
    if not stars:
        return []
    codes = {kind: [s.code for s in stars if s.kind == kind] for kind in Star.Kind.values}
    names = _names(viewer, codes)
    since = min(s.seen_at for s in stars)
    assessed = _assessed(viewer, codes, since)
    moved = _moved(viewer, codes[Star.Kind.AGREEMENT], since)
    answer = []
    for star in stars:
        if (name := names.get((star.kind, star.code))) is None:
            continue
        if star.kind == Star.Kind.AGREEMENT:
            news = [w for code, at, w in moved if code == star.code and at > star.seen_at]
        else:
            at_star = 0 if star.kind == Star.Kind.SECTION else 1
            news = [
                words
                for keys, at, words in assessed
                if keys[at_star] == star.code and at > star.seen_at
            ]
        more = [f"等 {len(news)} 项"] if len(news) > FEW else []
        answer.append(
            Followed(
                star.kind,
                star.get_kind_display(),
                star.code,
                name,
                to({"river": "basin"}.get(star.kind, star.kind), star.code),
                star.seen_at,
                (*news[:FEW], *more),
            )
        )
    return sorted(answer, key=lambda f: not f.news)


def _names(viewer: Viewer, codes: dict[str, list[str]]) -> dict[tuple[str, str], str]:
    rows: dict[str, Iterable[tuple[str, str]]] = {
        "section": visible_sections(viewer)
        .filter(code__in=codes["section"])
        .values_list("code", "name"),
        "river": River.objects.filter(code__in=codes["river"]).values_list("code", "name"),
        "agreement": visible_agreements(viewer)
        .filter(code__in=codes["agreement"])
        .values_list("code", "title"),
    }
    return {(kind, code): name for kind, found in rows.items() for code, name in found}


def _assessed(
    viewer: Viewer, codes: dict[str, list[str]], since: datetime
) -> list[tuple[tuple[str, str | None], datetime, str]]:
    """(section, river), when, and in words: the newest months first."""
    sections = visible_sections(viewer)
    wanted = Section.objects.filter(code__in=codes["section"]) | Section.objects.filter(
        river__code__in=codes["river"]
    )
    found = (
        Assessment.objects.filter(section__in=wanted.values("pk"), computed_at__gt=since)
        .filter(section__in=sections.values("pk"))
        .select_related("section__river")
        .order_by("-month", "section__code")
    )
    return [
        (
            (a.section.code, a.section.river.code if a.section.river else None),
            a.computed_at,
            f"{_month(a.month)}{a.section.name} {WaterClass(a.water_class).label}",
        )
        for a in found
    ]


def _moved(viewer: Viewer, codes: list[str], since: datetime) -> list[tuple[str, datetime, str]]:
    """Agreement, when, and in words: publications and preliminary results."""
    if not codes:
        return []
    published = [
        (m.agreement.code, at, f"{_month(m.month)}已发布")
        for m in AgreementMonth.objects.filter(
            agreement__code__in=codes, notice__published_at__gt=since
        )
        .select_related("agreement", "notice")
        .defer("notice__content")
        .order_by("-month")
        if (at := m.notice.published_at) is not None
    ]
    computed = [
        (code, at, f"{_month(period)}核算更新")
        for code, period, at in visible_accruals(viewer)
        .filter(term__agreement__code__in=codes, computed_at__gt=since, state="preliminary")
        .order_by("-period")
        .values_list("term__agreement__code", "period", "computed_at")
    ]
    return [*published, *computed]


def _month(month: date) -> str:
    return f"{month.year}年{month.month}月"
