"""A month drawn on the map: districts by net, rivers and sections by class, who pays whom."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from basins.access import Viewer
from basins.city import home
from dashboard.map.arrows import arrow, opposite
from dashboard.map.geometry import Geometry, PlacePath, ReachPath, geometry
from dashboard.map.labels import LINE, Box, Labels
from dashboard.map.projection import GRID, Point
from dashboard.templatetags.figures import wan, water_label, water_numeral
from monitoring.assessment.queries.assessments import AssessedMonth, MonthWater
from monitoring.sections.queries.rivers import class_of_reach
from settlements.accruals.queries.month import AgreementInForce, MonthMoney, PartyNet
from settlements.districts.queries.districts import opens_place

LAYERS = {"net": "净额与流向", "class": "类别", "agreements": "协议覆盖"}
# Shades of a district, by its net of the month in yuan: up to the first, up to the second, above.
SHADES = (Decimal(500_000), Decimal(1_000_000))
LEGEND, LEGEND_OF_AGREEMENTS = Box(0, 0, 262, 214), Box(0, 0, 262, 300)
WIDTHS = {0: "main-stem", 1: "large"}
MAIN_STEM, LARGE = 0, 1  # levels of rivers
LARGE_SHOWN = 2  # tributaries that the coverage names


@dataclass(frozen=True, slots=True)
class Shape:
    """A district: its link ('' where its page does not open), and how it is filled."""

    code: str
    path: str
    css: str
    hatched: bool
    url: str
    words: str
    tabbed: bool


@dataclass(frozen=True, slots=True)
class Course:
    key: str
    path: str
    css: str
    casing: str


@dataclass(frozen=True, slots=True)
class Site:
    code: str
    x: str
    y: str
    css: str
    numeral: str
    dark: bool
    worse: bool
    url: str
    words: str
    tabbed: bool


@dataclass(frozen=True, slots=True)
class MoneyFlow:
    line: str
    head: str
    wide: bool


@dataclass(frozen=True, slots=True)
class Label:
    x: str
    y: str
    text: str
    css: str
    amount: str = ""
    amount_y: str = ""
    amount_css: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Agreements in force on a river, or across one border of the city, and since when."""

    name: str
    count: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything the SVG says; positions are text in drawing units."""

    layer: str
    width: int
    height: int
    zoom: str  # of the path grid
    words: str
    neighbours: tuple[str, ...]
    shapes: tuple[Shape, ...]
    courses: tuple[Course, ...]
    flows: tuple[MoneyFlow, ...]
    sites: tuple[Site, ...]
    labels: tuple[Label, ...]
    coverage: tuple[Coverage, ...]


def build_scene(
    viewer: Viewer,
    layer: str,
    water: MonthWater,
    money: MonthMoney,
    agreements: tuple[AgreementInForce, ...],
) -> Scene | None:
    """The map of a month in one of LAYERS; None while no shapes are stored. 2 SQL queries."""
    drawn = geometry()
    if drawn.projection is None:
        return None
    frame = drawn.projection
    nets = {net.place.code: net for net in money.nets}
    parties = Counter(p.code for a in agreements for p in a.parties)
    covered = {code for a in agreements for code in a.sections}
    spots = {
        s.code: frame.point((float(s.lon), float(s.lat)))
        for s in water.sections
        if s.lon is not None and s.lat is not None
    }
    spots = {code: spot for code, spot in spots.items() if frame.inside(spot)}
    sites = [s for s in water.sections if s.code in spots]
    labels = Labels(Box(0, 0, frame.width, frame.height))
    city = home().province[:2]
    legend = LEGEND_OF_AGREEMENTS if layer == "agreements" else LEGEND
    labels.block([legend, *(Box.around(x, y, 19, 19) for x, y in spots.values())])
    flows, flow_labels = _flows(drawn, money, spots, labels) if layer == "net" else ((), ())
    words = _words(drawn.places, layer, nets, parties, labels)
    return Scene(
        layer=layer,
        width=frame.width,
        height=frame.height,
        zoom=f"{1 / GRID:g}",
        words=f"{water.month.year}年{water.month.month}月{LAYERS[layer]}示意图，与旁边的表格内容一致",
        neighbours=tuple(p.path for p in drawn.places if not p.own),
        shapes=tuple(
            _shape(viewer, p, layer, nets.get(p.code), parties, money.only)
            for p in drawn.places
            if p.own and p.path
        ),
        courses=tuple(_courses(drawn, water, agreements, layer)),
        flows=flows,
        sites=tuple(_site(s, spots[s.code], layer, covered) for s in sites),
        labels=(*words, *flow_labels, *_river_names(drawn, agreements, labels)),
        coverage=_coverage(agreements, drawn, city) if layer == "agreements" else (),
    )


def shade(net: PartyNet | None) -> str:
    """CSS class of a district by its net."""
    if net is None or net.net == 0:
        return "net-0"
    size = 1 + sum(abs(net.net) > limit for limit in SHADES)
    return f"{'receives' if net.net > 0 else 'pays'}-{size}"


def net_words(name: str, net: PartyNet | None, only: str) -> str:
    """The district's net as its link says it; `only`: words for a viewer who sees a part."""
    if net is None:
        return f"{name}：没有可见的补偿（{only}）" if only else f"{name}：本月无补偿"
    if net.net == 0:
        return f"{name}：应收、应付各 {wan(net.receivable)} 万元，净额 0.00"
    return f"{name}：净{'应收' if net.net > 0 else '应付'} {wan(abs(net.net))} 万元"


def _shape(
    viewer: Viewer,
    place: PlacePath,
    layer: str,
    net: PartyNet | None,
    parties: Counter,
    only: str,
) -> Shape:
    css, hatched, words = "", False, net_words(place.name, net, only)
    if layer == "net":
        css, hatched = shade(net), bool(net and net.net < 0)
    elif layer == "agreements":
        count = parties[place.code]
        css = "covered" if count else "uncovered"
        words = f"{place.name}：{count} 项有效协议" if count else f"{place.name}：没有有效协议"
    return Shape(
        code=place.code,
        path=place.path,
        css=css,
        hatched=hatched,
        url=reverse("district", args=[place.code]) if opens_place(viewer, place.code) else "",
        words=words,
        tabbed=layer != "class",
    )


def _courses(drawn: Geometry, water: MonthWater, agreements, layer: str):
    by_river: dict[str, list[AssessedMonth]] = {}
    for section in water.sections:
        by_river.setdefault(section.river_code, []).append(section)
    agreed = {code for a in agreements for code in (a.river_code, *a.section_rivers)}
    for reach in drawn.reaches:
        if not reach.path:
            continue
        width = WIDTHS.get(reach.level, "small")
        if layer == "agreements":
            kind = "river-agreed" if reach.river_code in agreed else ""
        else:
            found = class_of_reach(reach.from_km, reach.to_km, by_river.get(reach.river_code, []))
            kind = f"river-{found}" if found else ""
        yield Course(
            key=reach.key,
            path=reach.path,
            css=" ".join(filter(None, (width, kind, "schematic" if reach.schematic else ""))),
            casing=width,
        )


def _site(section: AssessedMonth, spot: Point, layer: str, covered: set[str]) -> Site:
    found = section.water_class
    aim = f"，目标{water_label(section.target)}" if section.target else ""
    state = f"{water_label(found)}" if found else "未评价"
    miss = "，未达目标" if section.below_target else ""
    quiet = layer == "agreements" and section.code not in covered
    return Site(
        code=section.code,
        x=f"{spot[0]:.1f}",
        y=f"{spot[1]:.1f}",
        css="site-quiet" if quiet else (f"site-{found}" if found else "site-none"),
        numeral="" if quiet else (water_numeral(found) if found else "–"),
        dark=found == 6 and not quiet,
        worse=section.below_target and not quiet,
        url=reverse("section", args=[section.code]),
        words=f"{section.river} {section.shown_name}：{state}{aim}{miss}",
        tabbed=layer == "class",
    )


def _flows(drawn: Geometry, money: MonthMoney, spots: dict[str, Point], labels: Labels):
    """Arrows of the month's payments, and names for parties that have no place on the map."""
    places = {p.code: p.label for p in drawn.places if p.own}
    flows: list[MoneyFlow] = []
    outside: dict[str, tuple[str, Point]] = {}
    at_section: Counter = Counter()
    for line in money.lines:
        spot = spots.get(line.section_code)
        payer, payee = places.get(line.payer.code), places.get(line.payee.code)
        if spot is None and payer and payee:
            spot = (payer[0] + payee[0]) / 2, (payer[1] + payee[1]) / 2
        if spot is None or not (payer or payee):
            continue
        start = payer or opposite(spot, payee or spot)
        end = payee or opposite(spot, start)
        for place, drawn_at, point in ((line.payer, payer, start), (line.payee, payee, end)):
            if drawn_at is None:
                outside.setdefault(f"{place.code}@{line.section_code}", (place.short_name, point))
        made = arrow(start, spot, end, line.yuan, at_section[line.section_code])
        at_section[line.section_code] += 1
        flows.append(MoneyFlow(made.line, made.head, made.wide))
        labels.block(Box.around(x, y, 12, 12) for x, y in (made.start, made.middle, made.end))
    names = []
    for text, point in outside.values():
        stands = labels.place([point], [text], must=True)
        if stands:
            names.append(_label(stands, text, "place place-outside"))
    return tuple(flows), tuple(names)


def _words(places, layer: str, nets, parties: Counter, labels: Labels) -> list[Label]:
    """Names of the districts: those the layer is about first, the others where room is left."""
    own = [p for p in places if p.own]
    loud = [p for p in own if (parties[p.code] if layer == "agreements" else nets.get(p.code))]
    if layer == "class":
        loud = []
    words = []
    for place in loud:
        net = nets.get(place.code) if layer == "net" else None
        amount = amount_words(net.net) if net else ""
        lines = [place.short_name, amount] if amount else [place.short_name]
        stands = labels.place([place.label], lines, must=True)
        assert stands is not None
        css = ("pos" if net.net > 0 else "neg") if net and net.net else ""
        words.append(_label(stands, place.short_name, "place", amount, css))
    names = {p.code for p in loud}
    for place in own:
        if place.code in names:
            continue
        stands = labels.place([place.label], [place.short_name], must=False)
        if stands:
            words.append(_label(stands, place.short_name, "place-quiet"))
    return words


def amount_words(yuan: Decimal) -> str:
    """Signed 万元 for a narrow place: no decimals where they are zero."""
    text = wan(abs(yuan)).removesuffix(".00")
    return text if yuan == 0 else f"{'+' if yuan > 0 else '−'}{text}"


def _label(stands: Point, text: str, css: str, amount: str = "", amount_css: str = "") -> Label:
    first = stands[1] + 4 - (LINE / 2 if amount else 0)
    return Label(
        x=f"{stands[0]:.0f}",
        y=f"{first:.0f}",
        text=text,
        css=css,
        amount=amount,
        amount_y=f"{first + LINE:.0f}",
        amount_css=amount_css,
    )


def _river_names(drawn: Geometry, agreements, labels: Labels) -> list[Label]:
    """Names along the courses, large rivers and those under an agreement first."""
    agreed = {code for a in agreements for code in (a.river_code, *a.section_rivers)}
    rivers: dict[str, list[ReachPath]] = {}
    for reach in drawn.reaches:
        rivers.setdefault(reach.river_code, []).append(reach)
    ranked = sorted(
        rivers.items(),
        key=lambda item: (item[1][0].level > 0, item[0] not in agreed, item[1][0].level, item[0]),
    )
    names = []
    for _, reaches in ranked:
        points = [p for reach in reaches for p in reach.points]
        along = [points[round(f * (len(points) - 1))] for f in (0.5, 0.35, 0.65, 0.2, 0.8)]
        beside = [(x + dx, y + dy) for x, y in along for dx, dy in ((0, -13), (0, 14), (24, 0))]
        stands = labels.place(beside, [reaches[0].river], must=False)
        if stands:
            names.append(_label(stands, reaches[0].river, "river-label"))
    return names


def _coverage(
    agreements: tuple[AgreementInForce, ...], drawn: Geometry, city: str
) -> tuple[Coverage, ...]:
    """Agreements in force on the main stem, its longest tributaries and others; then each border of
    the city with the year its first agreement in force began. `city`: how the codes of its province begin."""
    counts = Counter(a.river_code for a in agreements)
    stems = [
        Coverage(f"{name}干流" if level == MAIN_STEM else name, counts[code], words)
        for code, name, level in _stems(drawn, city)
        for words in ["上下省界全线贯通" if _whole(code, agreements, drawn, city) else ""]
    ]
    others = sum(counts.values()) - sum(stem.count for stem in stems)
    across: dict[str, list[AgreementInForce]] = {}
    for agreement in agreements:
        for party in agreement.parties:
            if agreement.crosses_province and party.code[:2] != city and agreement.begun:
                across.setdefault(party.short_name, []).append(agreement)
    borders = [
        Coverage(f"与{name}", len(own), f"{min(a.begun for a in own if a.begun).year} 年起")
        for name, own in across.items()
    ]
    return (*stems, Coverage("其他支流", others), *borders)


def _stems(drawn: Geometry, city: str) -> list[tuple[str, str, int]]:
    """Code, name and level of the main stem and of the longest tributaries that end in the province
    (`city`: how its codes begin)."""
    lengths: dict[tuple[str, str, int], Decimal] = {}
    ends: dict[tuple[str, str, int], str] = {}
    for reach in drawn.reaches:
        river = reach.river_code, reach.river, reach.level
        if reach.to_km >= lengths.get(river, Decimal(0)):
            lengths[river], ends[river] = reach.to_km, reach.place[:2]
    main = sorted(river for river in lengths if river[2] == MAIN_STEM)
    large = [river for river in lengths if river[2] == LARGE and ends[river] == city]
    large.sort(key=lambda river: (-lengths[river], river))
    return [*main, *sorted(large[:LARGE_SHOWN])]


def _whole(
    river: str, agreements: tuple[AgreementInForce, ...], drawn: Geometry, city: str
) -> bool:
    """Whether agreements cover the river where it comes into the city and where it leaves."""
    runs = [reach.place[:2] for reach in drawn.reaches if reach.river_code == river]
    beyond = {place for place in runs if place != city}
    covered = {party.code[:2] for a in agreements if a.river_code == river for party in a.parties}
    return len(beyond) > 1 and covered >= beyond
