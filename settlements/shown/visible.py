"""What of the money side a viewer may see; everything else does not exist for them.

Source: the table of the people in product.md, as data in basins.access.TABLE. A district
sees published results of all agreements, and drafts only of agreements it is party to.
"""

from datetime import date

from django.contrib.postgres.fields import DateRangeField
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value

from basins.access import Act, Scope, Viewer
from basins.clock import today
from basins.ranges import year_start
from settlements.models import (
    Accrual,
    Agreement,
    LabSample,
    LedgerAccount,
    MonthRuling,
    Party,
    Settlement,
    TermSection,
)


def _is_party(agreement: str, viewer: Viewer) -> Exists:
    return Exists(
        Party.objects.filter(agreement=OuterRef(agreement), jurisdiction=viewer.jurisdiction_id)
    )


def visible_agreements(viewer: Viewer) -> QuerySet[Agreement]:
    """Agreements in force or ended for everyone who sees results; drafts for those who edit."""
    match viewer.scope(Act.SEE_AGREEMENTS):
        case Scope.ALL:
            return Agreement.objects.all()
        case Scope.PUBLISHED:
            return Agreement.objects.filter(
                ~Q(state=Agreement.State.DRAFT) | _is_party("pk", viewer)
            )
        case Scope.OWN:
            return Agreement.objects.filter(
                _is_party("pk", viewer), ~Q(state=Agreement.State.DRAFT)
            )
    return Agreement.objects.none()


def own_first(agreement: str, viewer: Viewer) -> Exists | Value:
    """Whether the viewer's own place is party, for who sees others' too; false for all where the
    viewer sees everything or nothing but the own.

    `agreement` names the agreement's id in the query, as in _is_party."""
    if viewer.scope(Act.SEE_AGREEMENTS) is not Scope.PUBLISHED:
        return Value(False, output_field=BooleanField())
    return _is_party(agreement, viewer)


def visible_accruals(viewer: Viewer) -> QuerySet[Accrual]:
    """Accruals by state: preliminary ones are drafts."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return Accrual.objects.all()
        case Scope.PUBLISHED:
            published = ~Q(state__in=Accrual.OPEN)
            if viewer.scope(Act.SEE_DRAFTS) is Scope.OWN:
                return Accrual.objects.filter(published | _is_party("term__agreement", viewer))
            return Accrual.objects.filter(published)
        case Scope.OWN:
            return Accrual.objects.filter(
                ~Q(state__in=Accrual.OPEN), _is_party("term__agreement", viewer)
            )
    return Accrual.objects.none()


def visible_settlements(viewer: Viewer) -> QuerySet[Settlement]:
    """Closed and cleared settlements are published; open ones are drafts of their parties. A
    township sees its own from when they are to be signed."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return Settlement.objects.all()
        case Scope.PUBLISHED:
            return Settlement.objects.filter(
                Q(state__in=Settlement.FIXED) | _is_party("agreement", viewer)
            )
        case Scope.OWN:
            # A year to be signed: over, with everything in it published.
            year = {"term__agreement": OuterRef("agreement"), "period__year": OuterRef("year")}
            whole = Q(Exists(Accrual.objects.filter(**year)), year__lt=today().year) & ~Q(
                Exists(Accrual.objects.filter(**year, state__in=Accrual.OPEN))
            )
            return Settlement.objects.filter(
                Q(state__in=Settlement.FIXED) | whole, _is_party("agreement", viewer)
            )
    return Settlement.objects.none()


def visible_accounts(viewer: Viewer) -> QuerySet[LedgerAccount]:
    """Ledger accounts: all, or the viewer's own jurisdiction's."""
    match viewer.scope(Act.SEE_LEDGER):
        case Scope.ALL:
            return LedgerAccount.objects.all()
        case Scope.PUBLISHED | Scope.OWN:
            return LedgerAccount.objects.filter(jurisdiction=viewer.jurisdiction_id)
    return LedgerAccount.objects.none()


def visible_rulings(viewer: Viewer) -> QuerySet[MonthRuling]:
    """认定 of months: all, or those that an agreement rests on to which the viewer is party."""
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return MonthRuling.objects.all()
        case Scope.OWN:
            days = Func(
                F("month"),
                template="daterange(%(expressions)s, (%(expressions)s + interval '1 month')::date)",
                output_field=DateRangeField(),
            )
            own = TermSection.objects.filter(
                section=OuterRef("section"),
                term__in_force__overlap=OuterRef("days"),
                term__agreement__parties__jurisdiction=viewer.jurisdiction_id,
            )
            of_agreement = own.filter(term__agreement=OuterRef("agreement"))
            return MonthRuling.objects.alias(days=days).filter(
                Q(Exists(own), agreement=None) | Exists(of_agreement)
            )
    return MonthRuling.objects.none()


def only_words(viewer: Viewer) -> str:
    """What a viewer who does not see all of a month is told about its figures."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return ""
        case Scope.PUBLISHED:
            return "仅含已发布、已结清及本区协议"
    return "仅含本地为协议方的已发布结果"


def sees_year_of(viewer: Viewer, agreement: Agreement) -> bool:
    """Whether who signed a year and what it still lacks may be shown: where drafts are, and to
    who signs it for a party."""
    if sees_drafts_of(viewer, agreement):
        return True
    return (
        viewer.scope(Act.SIGN_YEAR) is Scope.OWN
        and Party.objects.filter(agreement=agreement, jurisdiction=viewer.jurisdiction_id).exists()
    )


def sees_drafts_of(viewer: Viewer, agreement: Agreement) -> bool:
    """Whether what is only proposed for this agreement may be shown."""
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return True
        case Scope.OWN:
            return Party.objects.filter(
                agreement=agreement, jurisdiction=viewer.jurisdiction_id
            ).exists()
    return False


def agreement_of_month(
    viewer: Viewer, code: str, month: date
) -> tuple[Agreement, Settlement | None] | None:
    """The agreement, where the viewer sees this month's year of it or one of its accruals."""
    settlement = (
        visible_settlements(viewer)
        .filter(agreement__code=code, year=month.year)
        .select_related("agreement")
        .first()
    )
    if settlement is not None:
        return settlement.agreement, settlement
    accrual = (
        visible_accruals(viewer)
        .filter(
            Q(period=month) | Q(period=year_start(month.year), yearly=True),
            term__agreement__code=code,
        )
        .select_related("term__agreement")
        .first()
    )
    return (accrual.term.agreement, None) if accrual is not None else None


def visible_samples(viewer: Viewer) -> QuerySet[LabSample]:
    """实验室样品: all, or those of the sections that an agreement to which the viewer is party counted
    on the day of the sample."""
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return LabSample.objects.all()
        case Scope.OWN:
            day = "(%(expressions)s AT TIME ZONE 'Asia/Shanghai')::date"
            days = Func(
                "sampled_at",
                template=f"daterange({day}, {day}, '[]')",
                output_field=DateRangeField(),
            )
            own = TermSection.objects.filter(
                Q(section=OuterRef("section")) | Q(inflow=OuterRef("section")),
                term__in_force__overlap=OuterRef("days"),
                term__agreement__parties__jurisdiction=viewer.jurisdiction_id,
            )
            return LabSample.objects.alias(days=days).filter(Exists(own))
    return LabSample.objects.none()
