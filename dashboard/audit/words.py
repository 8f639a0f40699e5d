"""操作记录 in words: who did what to which object, and from what to what.

`told(records)` is for pages and files: names are fetched for all records at once, one query a
model named in them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.urls import reverse

from basins.access import Viewer
from basins.audit import Audited, audited_of, by_table
from basins.models import AccessEvent, AuditRecord, Jurisdiction
from dashboard.audit.values import EMPTY, ValueChange, changes_of, plain
from monitoring.figures import FIGURES
from settlements.work.queries.audit import visible_tables

NAMED = 3  # changes a sentence names
Op = AuditRecord.Op

# How an object is called, where "its kind and its name" would not do; by label.
CALLED: dict[str, Callable[[Any], str]] = {
    "settlements.Agreement": lambda o: f"《{o.title}》",
    "settlements.Term": lambda o: f"{called(o.agreement)}第 {o.number} 条款期",
    "settlements.TermSection": lambda o: f"{called(o.term)}的断面“{o.section.name}”",
    "settlements.Party": lambda o: f"{called(o.agreement)}的协议方“{o.jurisdiction.name}”",
    "settlements.Settlement": lambda o: f"{called(o.agreement)}{o.year} 年度结算",
    "settlements.Notice": lambda o: f"{o}",
    # Its number is in the content, of which a digest alone is kept.
    "settlements.IssuedPaper": lambda o: f"文书《{o.title}》",
    "monitoring.Observation": lambda o: (
        f"{o.section or o.jurisdiction} {o.period:%Y-%m} 的{figure_label(o.name)}"
    ),
    "monitoring.Target": lambda o: f"{called(o.section)}的目标",
    "monitoring.AssessmentBasis": lambda o: "统计口径",
    "monitoring.SamplingPlan": lambda o: f"{called(o.section)}的监测频次",
    "basins.PersonAct": lambda o: f"账号事项“{o}”",
    "basins.Role": lambda o: f"{called(o.user)}的角色“{o.get_role_display()}”",
    "basins.RiverReach": lambda o: f"{called(o.river)}的第 {o.order} 河段",
}
# What the words above go through; of other models every direct foreign key.
THROUGH = {
    "settlements.Term": ("agreement",),
    "settlements.TermSection": ("term__agreement", "section"),
    "settlements.Party": ("agreement", "jurisdiction"),
    "settlements.Settlement": ("agreement",),
    "settlements.IssuedPaper": (),
    "settlements.Adjustment": ("accrual__term__agreement",),
    "monitoring.Section": (),
    "basins.RiverReach": ("river",),
    "basins.River": (),
    "basins.Jurisdiction": (),
}
ADDRESSES: dict[str, Callable[[Any], str]] = {
    "monitoring.Section": lambda o: reverse("section", args=[o.code]),
    "settlements.Agreement": lambda o: reverse("agreement", args=[o.code]),
    "settlements.Term": lambda o: (
        f"{reverse('agreement', args=[o.agreement.code])}#term-{o.number}"
    ),
    "settlements.Settlement": lambda o: reverse("settlement", args=[o.agreement.code, o.year]),
    "basins.River": lambda o: reverse("basin", args=[o.code]),
    "basins.Jurisdiction": lambda o: (
        reverse("district", args=[o.code]) if o.level == Jurisdiction.Level.DISTRICT else ""
    ),
}


@dataclass(frozen=True)
class Told:
    """A record for people. `rows` are all fields, `changes` those that changed."""

    record: AuditRecord
    kind: str
    object: str
    url: str
    rows: tuple[ValueChange, ...]

    @property
    def pk(self) -> int:
        return self.record.pk

    @property
    def at(self) -> datetime:
        return self.record.at

    @property
    def op(self) -> str:
        return self.record.get_op_display()

    @property
    def who(self) -> str:
        """Whoever acted; SQL from elsewhere has but the role of the database."""
        return self.record.who or (
            "未登录" if self.record.act else f"数据库角色 {self.record.database_role}"
        )

    @cached_property
    def changes(self) -> tuple[ValueChange, ...]:
        return tuple(row for row in self.rows if row.changed)

    @cached_property
    def what(self) -> str:
        """“将《甲河协议》第 2 条款期的“止日”由 2024-12-31 改为 2025-12-31”."""
        match self.record.op:
            case Op.INSERT:
                return f"新增了{self.object}{self._amounts(after=True)}"
            case Op.DELETE:
                return f"删除了{self.object}{self._amounts(after=False)}"
            case Op.ESTABLISHED:
                return f"{self.object}作为既有资料载入"
        named = "；".join(each.told for each in self.changes[:NAMED])
        more = f"，共 {len(self.changes)} 项" if len(self.changes) > NAMED else ""
        return f"将{self.object}的{named}{more}"

    def _amounts(self, *, after: bool) -> str:
        """“，金额 1,000.00 元”: what a new or a removed row says in yuan."""
        said = [
            f"{row.label.removesuffix('(元)')} {text} 元"
            for row in self.rows
            if row.money and (text := row.after if after else row.before) != EMPTY
        ]
        return "".join(f"，{words}" for words in said[:NAMED])

    @property
    def sentence(self) -> str:
        return f"{self.who} {self.what}"


def figure_label(name: str) -> str:
    figure = FIGURES.get(name)
    return f"“{figure.label}”" if figure else name


def called(obj: models.Model) -> str:
    """An object in words: 《甲河协议》第 2 条款期, 断面“普顺”."""
    words = CALLED.get(obj._meta.label)
    if words:
        return words(obj)
    kept = audited_of(type(obj))
    kind = obj._meta.verbose_name
    owner = getattr(obj, kept.part_of) if kept and kept.part_of else None
    return f"{called(owner)}的{kind}" if owner is not None else f"{kind}“{obj}”"


def address_of(obj: models.Model) -> str:
    """Page of an object, or of what it is part of; '' where there is none."""
    address = ADDRESSES.get(obj._meta.label)
    if address:
        return address(obj)
    kept = audited_of(type(obj))
    owner = getattr(obj, kept.part_of) if kept and kept.part_of else None
    return address_of(owner) if owner is not None else ""


def history_url(viewer: Viewer, obj: models.Model) -> str:
    """Address of all records of an object and its parts; '' to who may not see them."""
    if obj._meta.db_table not in visible_tables(viewer):
        return ""
    return f"{reverse('audit')}?{urlencode({'table': obj._meta.db_table, 'key': obj.pk})}"


def told(records: Sequence[AuditRecord], names: "Names | None" = None) -> list[Told]:
    """`names`: of the records told before these, so that each object is fetched once."""
    tables = by_table()
    names = names or Names()
    for record in records:
        if kept := tables.get(record.table):
            names.want(kept.model, record.key)
            for field in kept.model._meta.concrete_fields:
                if field.is_relation:
                    for row in (record.before, record.after):
                        names.want(field.related_model, (row or {}).get(str(field.column)))
    names.fetch()
    return [_told(record, tables.get(record.table), names) for record in records]


def _told(record: AuditRecord, kept: Audited | None, names: "Names") -> Told:
    before, after = record.before or {}, record.after or {}
    if kept is None:  # of a model that is no more
        rows = [
            ValueChange(c, plain(before.get(c)), plain(after.get(c))) for c in {**before, **after}
        ]
        return Told(record, record.table, f"{record.table} {record.key}", "", tuple(rows))
    rows = list(changes_of(kept.model, before, after, names.name, kept.masked))
    obj = names.get(kept.model, record.key)
    here = obj is not None
    try:
        shown = obj or rebuilt(kept.model, after or before)
        words, url = called(shown), address_of(shown) if here else ""
    except (ObjectDoesNotExist, ValueError):  # what it belonged to is gone as well
        words, url = f"{kept.model._meta.verbose_name} {record.key}", ""
    return Told(record, str(kept.model._meta.verbose_name), words, url, tuple(rows))


def rebuilt(model: type[models.Model], row: dict[str, Any]) -> models.Model:
    """A row that is gone, as the object it was; for its name alone."""
    return model(
        **{
            field.attname: row.get(str(field.column))
            for field in model._meta.concrete_fields
            if str(field.column) in row
        }
    )


class Names:
    """Objects by model and key, fetched together."""

    def __init__(self) -> None:
        self._wanted: dict[type[models.Model], set[str]] = defaultdict(set)
        self._asked: set[tuple[type[models.Model], str]] = set()
        self._found: dict[tuple[type[models.Model], str], models.Model] = {}

    def want(self, model: Any, key: Any) -> None:
        if key is not None and isinstance(model, type) and (model, str(key)) not in self._asked:
            self._wanted[model].add(str(key))

    def fetch(self) -> None:
        for model, keys in self._wanted.items():
            for obj in self._some(model).filter(pk__in=keys):
                self._found[model, str(obj.pk)] = obj
            self._asked |= {(model, key) for key in keys}
        self._wanted.clear()

    def _some(self, model: type[models.Model]) -> models.QuerySet:
        through = THROUGH.get(model._meta.label)
        if through is None:
            through = tuple(f.name for f in model._meta.concrete_fields if f.is_relation)
        kept = audited_of(model)
        if kept and kept.part_of:  # its name begins with that of its owner
            owner = cast(type[models.Model], model._meta.get_field(kept.part_of).related_model)
            of_owner = THROUGH.get(owner._meta.label, ())
            through = (*through, *(f"{kept.part_of}__{path}" for path in of_owner))
        left_out = {*(kept.masked if kept else ()), *_bulky(model)}
        for path in through:
            left_out |= _bulky_along(model, path)
        found = model._base_manager.order_by("pk").defer(*left_out)
        return found.select_related(*through) if through else found

    def get(self, model: type[models.Model], key: Any) -> models.Model | None:
        return self._found.get((model, str(key)))

    def name(self, model: type[models.Model], key: Any) -> str:
        obj = self.get(model, key)
        return str(obj) if obj is not None else f"{model._meta.verbose_name} {key}（已删除）"


def _bulky(model: type[models.Model]) -> set[str]:
    """Fields that hold documents; no name needs them."""
    return {f.name for f in model._meta.concrete_fields if isinstance(f, models.JSONField)}


def _bulky_along(model: type[models.Model], path: str) -> set[str]:
    """Those of the models on a path of foreign keys, as `defer` names them."""
    found: set[str] = set()
    steps: list[str] = []
    for step in path.split("__"):
        model = cast(type[models.Model], model._meta.get_field(step).related_model)
        steps.append(step)
        found |= {"__".join([*steps, name]) for name in _bulky(model)}
    return found


# Sign-ins and exports ------------------------------------------------------------------------


def access_words(event: AccessEvent) -> str:
    """What an event was about: “变更记录 120 行；条件 act U”; '' where its kind says it all."""
    words = [event.what] if event.what else []
    if event.rows is not None:
        words.append(f"{event.rows:,} 行")
    if event.kind == AccessEvent.Kind.REFUSED:
        words.append(event.path)
    text = " ".join(words)
    return f"{text}；条件 {plain(event.filters)}" if event.filters else text


def access_person(event: AccessEvent) -> str:
    return event.who or (f"所填 {event.name}" if event.name else "未填用户名")


def changed_rows(told_one: Told) -> Iterable[ValueChange]:
    """For the sheet side by side: what changed first."""
    return sorted(told_one.rows, key=lambda row: not row.changed)
