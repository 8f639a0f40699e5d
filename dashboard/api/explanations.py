"""Why an amount is what it is, as JSON. The form is docs/api.md's; VERSION rises with it."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from basins.access import Viewer
from dashboard.about_page import version as software_version
from dashboard.api.base import Endpoint
from settlements.queries.explain import Explanation, explain_accrual, explain_month

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


class AccrualExplanation(Endpoint):
    """GET /api/v1/accruals/<id>/explanation/"""

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any] | None:
        found = explain_accrual(viewer, given["pk"])
        return document_of(found) if found is not None else None


class MonthExplanation(Endpoint):
    """GET /api/v1/settlements/<agreement>/<year>/<month>/explanation/"""

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any] | None:
        code, year, month = given["code"], given["year"], given["month"]
        if not (1 <= month <= 12 and 1900 <= year <= 9998):
            return None
        found = explain_month(viewer, code, date(year, month, 1))
        if found is None:
            return None
        return {
            "version": VERSION,
            "software_version": software_version(),
            "agreement": plain(found.agreement),
            "month": found.month,
            "total": str(found.total),
            "nets": [plain(net) for net in found.nets],
            "accruals": [document_of(each) for each in found.accruals],
            "as_of": found.as_of,
        }
