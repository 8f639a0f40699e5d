"""Why an amount is what it is, as JSON. The form is docs/api.md's; VERSION rises with it."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework.response import Response

from basins.access import Viewer
from dashboard.about.page import version as software_version
from dashboard.api.base import Endpoint
from dashboard.api.schema import explained, object_of
from dashboard.frame.known import Moment
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.accruals.queries.explain import (
    Explanation,
    MonthExplanation,
    explain_accrual,
    explain_month,
)
from settlements.as_known.queries.as_known import BorderThen, accrual_as_known, month_as_known

VERSION = 1


def document_of(explanation: Explanation) -> dict[str, Any]:
    """One accrual's explanation: amounts as text in yuan, times in ISO 8601."""
    return {"version": VERSION, "software_version": software_version(), **plain(explanation)}


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON takes it: Decimals as text, for a number would lose the fen."""
    return asdict(
        value,
        dict_factory=lambda pairs: {
            name: str(each) if isinstance(each, Decimal) else each for name, each in pairs
        },
    )


def known_document(moment: Moment, then: BorderThen | None) -> dict[str, Any]:
    """What the accrual came to as known at the moment; `found` None: nothing, or not shown."""
    held = then.then if then is not None else None
    found = None
    if then is not None and held is not None:
        found = {
            "water_class": WaterClass(held.water_class).numeral if held.water_class else None,
            "state": held.state,
            "transfers": [
                {
                    "payer": p.payer.code,
                    "payee": p.payee.code,
                    "yuan": str(p.yuan),
                    "reason": p.reason,
                }
                for p in held.payments
            ],
            "input_digest": then.digest,
            "computed_anew": held.computed,
            "revised": then.changed,
            "reason": then.reason if then.changed else "",
        }
    return {"at": moment.at, "accrual": then.accrual if then is not None else None, "found": found}


ABOUT = {"version": {"type": "integer"}, "software_version": {"type": "string"}}


def accrual_form() -> dict[str, Any]:
    """The schema of `document_of`, and of `known` beside it."""
    return object_of(Explanation, **ABOUT, known={"type": "object", "additionalProperties": True})


def month_form() -> dict[str, Any]:
    """The schema of a month's explanation."""
    whole = object_of(MonthExplanation, **ABOUT, known={"type": "object"})
    whole["properties"]["total"] = {"type": "string", "format": "decimal"}
    return whole


class AccrualExplanation(Endpoint):
    """GET /api/v1/accruals/<id>/explanation/"""

    @explained("accrual_explanation", "一笔月核算的计算过程", accrual_form)
    def get(self, request, **given: Any) -> Response:
        return super().get(request, **given)

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any] | None:
        moment = self.known()
        found = explain_accrual(viewer, given["pk"])
        if found is None:
            return None
        document = document_of(found)
        if moment is not None:
            then = accrual_as_known(viewer, given["pk"], moment.at)
            document["known"] = known_document(moment, then)
        return document


class MonthExplanationEndpoint(Endpoint):
    """GET /api/v1/settlements/<agreement>/<year>/<month>/explanation/"""

    @explained("month_explanation", "一份协议一个月的计算过程", month_form)
    def get(self, request, **given: Any) -> Response:
        return super().get(request, **given)

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any] | None:
        code, year, month = given["code"], given["year"], given["month"]
        if not (1 <= month <= 12 and 1900 <= year <= 9998):
            return None
        moment = self.known()
        found = explain_month(viewer, code, date(year, month, 1))
        if found is None:
            return None
        known = {}
        if moment is not None:
            then = month_as_known(viewer, code, found.month, moment.at)
            sections = then.sections if then is not None else ()
            known = {
                "known": {
                    "at": moment.at,
                    "published": then is not None and not then.hidden,
                    "accruals": [known_document(moment, each) for each in sections],
                }
            }
        return {
            "version": VERSION,
            "software_version": software_version(),
            "agreement": plain(found.agreement),
            "month": found.month,
            "total": str(found.total),
            "nets": [plain(net) for net in found.nets],
            "accruals": [document_of(each) for each in found.accruals],
            "as_of": found.as_of,
            **known,
        }
