"""Whether a 404 hid something: what was asked for is there, but not for this person.

To the person a hidden thing and a missing one answer alike; only 登录与导出 knows the difference.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model

from basins.models import (
    AuditRecord,
    CalendarAct,
    Jurisdiction,
    Notification,
    PersonAct,
    River,
    User,
)
from basins.models import SignInSession as Session
from basins.reference.planning import find
from jobs.models import Job
from monitoring.models import (
    AccessToken,
    AssessmentBasis,
    DeadLetter,
    ImportBatch,
    Observation,
    ReadingUpload,
    Section,
    Station,
)
from settlements import models as money
from settlements.reference.kinds import KINDS, LAYOUTS
from settlements.rules import RULES

FORMATS = ("csv", "xlsx")
Exists = Callable[[dict[str, Any]], bool]


def _by(model: type[Model], **lookups: str) -> Exists:
    """There is a row whose fields are these arguments of the address; `pk` is its number."""
    names = lookups or {"pk": "pk"}

    def exists(given: dict[str, Any]) -> bool:
        wanted = {field: given[name] for field, name in names.items()}
        return model._default_manager.filter(**wanted).exists()

    return exists


def _month_of_agreement(given: dict[str, Any]) -> bool:
    if not 1 <= given["month"] <= 12 or not 1 <= given["year"] <= 9999:
        return False
    return money.Accrual.objects.filter(
        term__agreement__code=given["code"],
        period__year=given["year"],
        period__month__in=[given["month"], 1],
    ).exists()


def _is_thing(given: dict[str, Any]) -> bool:
    kind = KINDS.get(given["kind"])
    return kind is not None and find(kind, given["key"]) is not None


_agreement, _month = _by(money.Agreement, code="code"), _month_of_agreement
_year = _by(money.Settlement, agreement__code="code", year="year")
_scenario = _by(money.Scenario, token="token")


def _is_place(given: dict) -> bool:
    model = {"districts": Jurisdiction, "rivers": River}.get(given["kind"])
    return model is not None and model._default_manager.filter(code=given["key"]).exists()


# Names of the addresses that name a thing → whether there is one.
THINGS: dict[str, Exists] = {
    name: exists
    for names, exists in (
        ("basin", _by(River, code="code")),
        ("section section-stations water-body", _by(Section, code="code")),
        ("district", _by(Jurisdiction, code="code")),
        ("agreement agreement-amend", _agreement),
        ("agreement-document", _by(money.DraftDocument, pk="document")),
        ("draft-document", _by(money.DraftDocument, pk="document", draft="pk")),
        ("draft-check draft-step", _by(money.AgreementDraft)),
        ("notice notice-file notice-sign notice-remind", _by(money.Notice)),
        ("notification", _by(Notification)),
        ("objection objection-evidence objection-reply objection-withdraw objection-decide"
         " objection-remeasurement", _by(money.Objection)),
        ("objection-evidence-file", _by(money.Evidence, pk="number", objection="pk")),
        ("joint-sample-reserve", _by(money.JointSample)),
        ("sample sample-correct sample-report", _by(money.LabSample)),
        ("objection-new month-confirm month-remind settlement-month month-explanation", _month),
        ("settlement settlement-sign settlement-confirm settlement-prepare settlement-return"
         " settlement-close settlement-refuse settlement-remind settlement-decide-silent", _year),
        ("explain accrual-explanation", _by(money.Accrual)),
        ("fuse-trip fuse-act", _by(money.FuseTrip)),
        ("adjustment adjustment-act", _by(money.Adjustment)),
        ("fund-project fund-spend fund-correct fund-reduce", _by(money.FundProject)),
        ("fund-export", lambda given: given["form"] in FORMATS),
        ("fund-document", _by(money.FundSpending)),
        ("measure measure-report measure-lift", _by(money.Measure)),
        ("ledger-account ledger-reconcile ledger-account-close", _by(money.LedgerAccount)),
        ("ledger-correct", _by(money.BalanceStatement)),
        ("ledger-correction", _by(money.Correction)),
        ("ledger-carryover", _by(money.Carryover)),
        ("ledger-carryover-new", _by(Jurisdiction, code="code")),
        ("ledger-entry ledger-reverse", _by(money.JournalEntry)),
        ("ledger-payment ledger-payment-attach ledger-offset-act", _by(money.Payment)),
        ("ledger-consent-scan", _by(money.OffsetConsent, pk="number", payment="pk")),
        ("ledger-payment-slip", _by(money.PaymentSlip, pk="number", payment="pk")),
        ("ledger-demand ledger-demand-file", _by(money.Demand)),
        ("refusal refusal-scan refusal-act", _by(money.AmountRefusal)),
        ("signature-scan", _by(money.SettlementSignature)),
        ("ledger-reversal", _by(money.Reversal)),
        ("ledger-opening", _by(money.OpeningBatch)),
        ("observation", _by(Observation)),
        ("reading-upload-page reading-upload-columns reading-upload-import reading-upload-cancel"
         " reading-upload-errors", _by(ReadingUpload)),
        ("batch batch-undo", _by(ImportBatch)),
        ("token-change token-revoke", _by(AccessToken)),
        ("station station-factor station-replay", _by(Station, mn="mn")),
        ("letter", _by(DeadLetter)),
        ("reading-template", lambda given: given["format"] in FORMATS),
        ("ruling ruling-evidence", _by(money.MonthRuling)),
        ("verdict-evidence", _by(money.VerdictEvidence)),
        ("rule", lambda given: given["code"] in {rule.code for rule in RULES.values()}),
        ("scenario scenario-copy scenario-delete scenario-export scenario-export-xlsx"
         " scenario-term-add scenario-term-remove scenario-term", _scenario),
        ("scenario-run scenario-run-cancel paper-export paper-export-cancel paper-export-file"
         " reading-export reading-export-cancel reading-export-file", _by(Job)),
        ("basis-withdraw", _by(AssessmentBasis)),
        ("reference-list reference-new reference-import reference-template reference-export"
         " reference-errors", lambda given: given["kind"] in LAYOUTS),
        ("reference-item reference-change", _is_thing),
        ("reference-section-act", _by(Section, code="key")),
        ("reference-place-act", _is_place),
        ("audit-record", _by(AuditRecord)),
        ("paper paper-style paper-file", _by(money.IssuedPaper)),
        ("issue-request", _by(money.IssueRequest)),
        ("account-session-end", _by(Session)),
        ("person person-act-new", _by(User)),
        ("calendar-act", _by(CalendarAct)),
        ("person-act", _by(PersonAct)),
    )
    for name in names.split()
}  # fmt: skip
# What is open to everybody hides nothing; files of one's own list name a format, no thing.
NOTHING_HIDDEN = {"verify-code", "ledger-export", "help-page"}


def hid_something(request: Any) -> bool:
    """Of a request that was answered 404: was there something? At most 1 SQL query, of
    reference data 3.

    An address that names nothing is a page of some roles: missing to a person, it was refused.
    """
    match = request.resolver_match
    if match is None or match.url_name in NOTHING_HIDDEN:
        return False
    if match.app_name == "admin":
        return not admin.site.has_permission(request)
    if not match.kwargs:
        return match.url_name is not None and match.view_name != "api:missing"
    exists = THINGS.get(match.url_name or "")
    return exists is not None and exists(match.kwargs)
