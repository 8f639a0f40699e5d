"""An objection in the world of Border: what tests of disputes begin with."""

from datetime import date, datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from basins.clock import moved_to
from monitoring.models import Origin
from monitoring.screening.services.verdicts import ReadingKey
from settlements import pipeline
from settlements.models import AgreementMonth, Objection
from settlements.objections.kinds import BY_CODE
from settlements.objections.services.objections import raise_objection
from tests.published import agreement_month, published
from tests.worlds import Border, People

PUBLISHED, RAISED, DECIDED = date(2023, 5, 15), date(2023, 5, 16), date(2023, 5, 18)
APRIL = datetime(2023, 4, 15, 10, tzinfo=timezone.get_default_timezone())
AMMONIA = ReadingKey("NH3-N", APRIL, Origin.MANUAL.value)


def pdf(name: str = "报告.pdf", words: str = "") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, f"%PDF-1.7 {words}".encode())


def proofs(kind: str = "data_error") -> list[tuple[str, SimpleUploadedFile]]:
    """A file for each piece of evidence that an objection of the kind must come with."""
    rules = BY_CODE.get(kind)
    return [] if rules is None or rules.proves_later else [(i.key, pdf()) for i in rules.required]


def april_published(border: Border, people: People) -> AgreementMonth:
    """April 2023, class IV by its ammonia; published on 15 May, objections until 22 May."""
    border.assessed("2023-04", "IV")
    with moved_to(PUBLISHED):
        published(people, "2023-04")
    return agreement_month(border, "2023-04")


def objected(border: Border, people: People, month: AgreementMonth, **more) -> Objection:
    """上游区 objects to its ammonia on 16 May, with its original record."""
    given = {"kind": "data_error", "reason": "氨氮分析有误。", "readings": [AMMONIA], **more}
    given.setdefault("files", proofs(given["kind"]))
    with moved_to(RAISED):
        return raise_objection(month=month, by=people.district, section=border.section, **given)


def year_published(border: Border, people: People) -> AgreementMonth:
    """2023 settled as one, class III but for June and July, 劣Ⅴ: the year's mean is Ⅳ. Published
    on 15 January; the December that carries it."""
    border.agreement.terms.get(rule="baseline").delete()
    border.term("baseline", date(2023, 1, 1), comparison="yearly")
    for when in border.months("2023-01", "2023-12"):
        border.measured(when, "劣Ⅴ" if when in ("2023-06", "2023-07") else "III")
    pipeline.recompute()
    with moved_to(date(2024, 1, 15)):
        published(people, "2023-12")
    return agreement_month(border, "2023-12")
