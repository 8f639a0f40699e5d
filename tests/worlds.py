"""Small worlds for tests, built in glossary words."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from basins.clock import moved_to, now
from basins.models import Jurisdiction, River, Role, User
from basins.ranges import between, next_month
from monitoring.models import Assessment, Indicator, Origin, Section, Target
from monitoring.standards.gb3838_2002 import WaterClass
from settlements import pipeline, rules
from settlements.models import (
    Accrual,
    Agreement,
    AgreementMonth,
    Notice,
    Party,
    Settlement,
    SettlementNet,
    Term,
    TermSection,
    Transfer,
)
from settlements.moving.acts import moving
from settlements.papers.paper import Paper
from settlements.rules.parameters import with_defaults
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data, unsigned
from tests.past import established

# NH3-N (mg/L) well inside each class; everything else is class I.
AMMONIA = {1: "0.1", 2: "0.3", 3: "0.8", 4: "1.2", 5: "1.8", 6: "3.0"}
CLEAN = {"pH": "7.5", "DO": "9.0", "CODMn": "1.5", "TP": "0.015"}


def month(text: str) -> date:
    """'2019-06' as the first day of that month."""
    year, number = text.split("-")
    return date(int(year), int(number), 1)


def jurisdiction(code: str, name: str, level=Jurisdiction.Level.DISTRICT) -> Jurisdiction:
    return Jurisdiction.objects.get_or_create(
        code=code,
        defaults={"name": name, "short_name": name[:2], "level": level, "sort_key": code},
    )[0]


@dataclass
class Border:
    """One border section, two parties, one agreement with the 2018 and the 2023 rule."""

    upstream: Jurisdiction
    downstream: Jurisdiction
    stranger: Jurisdiction
    river: River
    section: Section
    agreement: Agreement | None = None
    _seen: dict = field(default_factory=dict)

    @classmethod
    def make(cls, *, with_agreement: bool = True) -> "Border":
        river = River.objects.create(code="TESTHE", name="测试河", level=1)
        upstream = jurisdiction("500901", "上游区")
        downstream = jurisdiction("500902", "下游区")
        stranger = jurisdiction("500903", "外人区")
        section = Section.objects.create(
            code="BORDER",
            name="交界",
            province=Jurisdiction.objects.get(code="500000"),
            river=river,
            km=10,
            upstream=upstream,
            downstream=downstream,
        )
        Target.objects.create(
            section=section,
            water_class=3,
            in_force=between(date(2015, 1, 1)),
            source="测试用功能类别",
        )
        world = cls(upstream, downstream, stranger, river, section)
        if with_agreement:
            world.sign()
        return world

    def sign(self, code: str = "TEST") -> Agreement:
        agreement = Agreement.objects.create(
            code=code,
            title="测试河协议",
            river=self.river,
            state=Agreement.State.ACTIVE,
            signed_on=date(2018, 5, 1),
        )
        for order, party in enumerate((self.upstream, self.downstream), start=1):
            Party.objects.create(agreement=agreement, jurisdiction=party, order=order)
        self.agreement = agreement
        self.term("class_vs_last_year", date(2018, 6, 1), date(2023, 1, 1))
        self.term("baseline", date(2023, 1, 1))
        return agreement

    def term(self, rule: str, start: date, end: date | None = None, **given) -> Term:
        """A further term; parameters not given take the defaults of its first day."""
        module = rules.get(rule)
        term = Term.objects.create(
            agreement=self.agreement,
            number=self.agreement.terms.count() + 1,
            rule=rule,
            rule_revision=module.revision,
            parameters=with_defaults(module.parameters, given, on=start),
            in_force=between(start, end),
        )
        TermSection.objects.create(
            term=term, section=self.section, upstream=self.upstream, downstream=self.downstream
        )
        return term

    def measured(self, when: str, water_class: str | int, *, section: Section | None = None):
        """A manual sample in the middle of the month whose ammonia decides that class."""
        at = datetime.combine(month(when), time(10), timezone.get_default_timezone())
        wanted = WaterClass.parse(str(water_class)).value
        self.store(at + timedelta(days=14), {**CLEAN, "NH3-N": AMMONIA[wanted]}, section=section)

    def store(self, at: datetime, values: dict[str, str], *, origin=Origin.MANUAL, section=None):
        """Readings as raw SQL stores them: nothing but the triggers knows of them."""
        ids = dict(Indicator.objects.values_list("code", "pk"))
        with connection.cursor() as cursor:
            for code, value in values.items():
                cursor.execute(
                    """INSERT INTO monitoring_reading
                       (section_id, indicator_id, sampled_at, origin, value)
                       VALUES (%s, %s, %s, %s, %s)
                       ON CONFLICT (section_id, indicator_id, sampled_at, origin)
                       DO UPDATE SET value = EXCLUDED.value""",
                    [(section or self.section).pk, ids[code], at, origin, Decimal(value)],
                )

    def assessed(self, when: str, water_class: str | int) -> Assessment:
        """Measured, and everything recomputed."""
        self.measured(when, water_class)
        pipeline.recompute()
        return Assessment.objects.get(section=self.section, month=month(when))

    def accrual(self, when: str) -> Accrual:
        return Accrual.objects.get(term__agreement=self.agreement, period=month(when))

    def transfers(self, when: str) -> list[tuple[Jurisdiction, Jurisdiction, Decimal]]:
        return [
            (t.payer, t.payee, t.yuan)
            for t in Transfer.objects.filter(
                accrual__term__agreement=self.agreement, accrual__period=month(when)
            ).order_by("pk")
        ]

    def net(self, year: int) -> dict[str, Decimal]:
        return {
            n.jurisdiction.name: n.yuan
            for n in SettlementNet.objects.filter(
                settlement__agreement=self.agreement, settlement__year=year
            ).select_related("jurisdiction")
        }

    def months(self, first: str, last: str) -> list[str]:
        found, day = [], month(first)
        while day <= month(last):
            found.append(f"{day:%Y-%m}")
            day = next_month(day)
        return found


def mark_months(section: Section, first: str, count: int) -> None:
    """So many months in a row wait to be computed, as if something of them had changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
               SELECT %s, (%s::date + n * interval '1 month')::date, now()
               FROM generate_series(0, %s - 1) AS n ON CONFLICT DO NOTHING""",
            [section.pk, month(first), count],
        )


def begun_later(border: Border, day: date) -> None:
    """The agreement's first term begins that day: before anything is computed."""
    first = border.agreement.terms.get(number=1)
    first.in_force = between(day, first.in_force.upper)
    first.save()


@dataclass
class People:
    """One person a role, by role code; `stranger` is the official of an uninvolved district."""

    bureau: User
    bureau2: User  # the second of two persons
    treasury: User
    treasury2: User
    district: User
    township: User
    admin: User
    auditor: User
    station: User
    downstream: User  # the district official of 下游区
    stranger: User
    nobody: User  # signed in, but without a role

    @classmethod
    def make(cls) -> "People":
        upstream = jurisdiction("500901", "上游区")
        place = {
            "district": upstream,
            "township": jurisdiction("500901100", "上游镇", Jurisdiction.Level.TOWNSHIP),
            "downstream": jurisdiction("500902", "下游区"),
            "stranger": jurisdiction("500903", "外人区"),
        }
        Jurisdiction.objects.filter(code="500901100").update(parent=upstream)
        names = list(cls.__dataclass_fields__)
        users = User.objects.bulk_create(
            User(
                username=name,
                display_name=name,
                is_staff=name == "admin",
                password=make_password(None),
            )
            for name in names
        )
        people = dict(zip(names, users, strict=True))
        with established():
            Role.objects.bulk_create(
                Role(
                    user=user,
                    role="district" if name in ("stranger", "downstream") else name.rstrip("2"),
                    jurisdiction=place.get(name),
                    in_force=between(date(2018, 1, 1)),
                )
                for name, user in people.items()
                if name != "nobody"
            )
        return cls(**people)


def out_of_office(person: User) -> None:
    """The person never held a role."""
    with established():
        person.roles.all().delete()


def refusal(who: str) -> int:
    """The one status of what is not for a person: missing, or refused where nothing is for them."""
    return 403 if who in ("station", "nobody") else 404


def publish_year(agreement: Agreement, year: int, people: People, *, on: date) -> None:
    """The year's preliminary months, published in one notice on that day, unobjected, final."""
    with moved_to(on), transaction.atomic():
        accruals = Accrual.objects.filter(
            term__agreement=agreement, period__year=year, state=Accrual.State.PRELIMINARY
        )
        months = sorted(
            {
                date(year, 12, 1) if yearly else period
                for period, yearly in accruals.values_list("period", "yearly")
            }
        )
        with moving("prepare", by=people.bureau):
            notice = Notice.objects.create(
                month=months[-1],
                summary="",
                content={},
                digest="",
                due_on=on,
                prepared_by=people.bureau,
                prepared_at=now(),
            )
        last = Notice.objects.filter(year=on.year).aggregate(last=Max("number"))["last"]
        with moving("sign_off", by=people.bureau2):
            notice.state, notice.published_by, notice.published_at = (
                "published",
                people.bureau2,
                now(),
            )
            notice.year, notice.number = on.year, (last or 0) + 1
            notice.save()
        accruals.update(state=Accrual.State.PUBLISHED)
        with moving("publish", by=people.bureau2):
            AgreementMonth.objects.bulk_create(
                AgreementMonth(
                    agreement=agreement,
                    month=month,
                    notice=notice,
                    objection_days=5,
                    objection_until=on - timedelta(days=1),
                )
                for month in months
            )
        for event, state in (("lapse", "confirmed"), ("finalise", "final")):
            with moving(event, by=None):
                AgreementMonth.objects.filter(agreement=agreement, month__in=months).update(
                    state=state
                )


def taken_as(state: str, accruals: QuerySet[Accrual]) -> None:
    """The accruals in that state without the notice or closing it takes: past the guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        accruals.update(state=state)
        cursor.execute("SET LOCAL session_replication_role = origin")


def finished(paper: Paper | None) -> Paper:
    """A statement as of a finished year, where what it says of its months is not the question."""
    assert paper is not None
    return replace(paper, draft="")


def close_year(agreement: Agreement, year: int, people: People, *, on: date) -> Settlement:
    """Published, signed, confirmed and closed: the whole way of a year, on one day."""
    publish_year(agreement, year, people, on=on)
    return close_published_year(agreement, year, people, on=on)


def close_published_year(
    agreement: Agreement, year: int, people: People, *, on: date
) -> Settlement:
    """Signed, confirmed and closed, with what was approved since its publication."""
    settlement = Settlement.objects.get(agreement=agreement, year=year)
    with moved_to(on):
        for act in (sign_data, confirm_amounts):
            for party in unsigned(settlement, "data" if act is sign_data else "amount"):
                _sign(act, settlement, party, people)
        prepare_closing(settlement=settlement, by=people.bureau)
        return close_settlement(settlement=settlement, by=people.bureau2)


def _sign(act, settlement: Settlement, party: Jurisdiction, people: People) -> None:
    """By the party's own official, else entered for it by the bureau."""
    own = User.objects.filter(roles__jurisdiction=party, roles__role="district").first()
    if own is not None:
        act(settlement=settlement, by=own)
    else:
        act(settlement=settlement, by=people.bureau, party=party, document="测试函〔1〕号")
