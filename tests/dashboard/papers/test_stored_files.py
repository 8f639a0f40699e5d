"""What was handed in or issued is given out as it was, or said to be missing or altered."""

from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from basins.access import viewer_of
from basins.clock import moved_to, today
from basins.models import AccessEvent
from dashboard.papers.export import AlteredPaper, rendered
from settlements.accruals.services.rulings import rule_month
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.slips import attach_slips
from settlements.models import (
    AgreementDraft,
    DraftDocument,
    Evidence,
    FundProject,
    IssuedPaper,
)
from settlements.moving.acts import Refused
from settlements.moving.documents import checked, kept
from settlements.objections.services.decisions import Treatment, accept_objection
from settlements.objections.services.judging import judge_with_evidence
from settlements.objections.services.objections import add_evidence
from settlements.papers.queries.papers import built
from settlements.papers.services.papers import issue
from tests.disputes import AMMONIA, RAISED, objected, pdf
from tests.told_once import of_told, told_once, with_april
from tests.worlds import finished

told = told_once(with_april)
april = of_told("april")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def evidence(border, people, april):
    objection = objected(border, people, april)
    found = Evidence.objects.get()
    return "bureau", reverse("objection-evidence-file", args=[objection.pk, found.pk]), found.file


def ruling(border, people, april):
    made = rule_month(
        section=border.section, month=date(2023, 5, 1), state="excluded", ground="disaster",
        reason="山洪", by=people.bureau, evidence=pdf(),
    )  # fmt: skip
    return "bureau", reverse("ruling-evidence", args=[made.pk]), made.evidence


def document(border, people, april):
    draft = AgreementDraft.objects.create(title="草稿", prepared_by=people.admin)
    found = checked(pdf())
    made = DraftDocument(
        draft=draft, name=found.name, kind=found.kind, size=1, sha256=found.sha256,
        added_by=people.admin,
    )  # fmt: skip
    made.file.name = kept(found, "agreements")
    made.save()
    return "admin", reverse("draft-document", args=[draft.pk, made.pk]), made.file


def spending(border, people, april):
    project = FundProject.objects.create(
        agreement=border.agreement, jurisdiction=border.upstream, name="湿地",
        purpose="ecological_protection", allotted=10, allotted_on=date(2024, 5, 1), by=people.district,
        at="2024-05-01T00:00Z",
    )  # fmt: skip
    found = checked(pdf())
    made = project.spendings.create(
        yuan=1, spent_on=date(2024, 6, 1), text="苗木", file=kept(found, "spending"),
        filename=found.name, kind=found.kind, sha256=found.sha256, by=people.district,
        at="2024-06-01T00:00Z",
    )  # fmt: skip
    return "bureau", reverse("fund-document", args=[made.pk]), made.file


def slip(border, people, april):
    payment = prepare_payment(
        agreement=border.agreement, payer=border.upstream, payee=border.downstream, yuan="1",
        voucher="PZ-1", paid_on=today(), overpayment=True, overpayment_why="预付",
        by=people.treasury,
    )  # fmt: skip
    [made] = attach_slips(payment=payment, files=[pdf()], by=people.treasury)
    return "bureau", reverse("ledger-payment-slip", args=[payment.pk, made.pk]), made.file


def proof(border, people, april):
    made = judge_with_evidence(
        section=border.section, key=AMMONIA, outcome="accepted", reason="属实", by=people.bureau,
        evidence=pdf(),
    ).evidence  # fmt: skip
    return "bureau", reverse("verdict-evidence", args=[made.pk]), made.file


@pytest.mark.parametrize("handed_in", [evidence, ruling, document, spending, slip, proof])
def test_a_file_is_given_out_as_it_was_or_said_not_to_be(client, border, people, april, handed_in):
    with moved_to(RAISED):
        who, address, file = handed_in(border, people, april)
        client.force_login(getattr(people, who))
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content) == pdf().read()
        exports = AccessEvent.objects.filter(kind=AccessEvent.Kind.EXPORT).count()
        path = Path(file.path)
        path.write_bytes(b"%PDF-1.7 another")
        altered = client.get(address)
        assert altered.status_code == 410
        assert "内容已被改动" in altered.content.decode()
        path.unlink()
        missing = client.get(address)
        assert missing.status_code == 410
        assert "已缺失或读不出" in missing.content.decode()
        path.mkdir()
        assert client.get(address).status_code == 410
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.EXPORT).count() == exports


def test_a_decision_rests_on_no_altered_evidence(border, people, april):
    objection = objected(border, people, april, kind="exclusion", ground="drought", readings=[])
    with moved_to(RAISED):
        add_evidence(objection=objection, by=people.district, item="official", file=pdf())
    Path(Evidence.objects.get().file.path).write_bytes(b"%PDF-1.7 another")
    exclude = Treatment("exclude", state="excluded", ground="drought")
    with moved_to(RAISED), pytest.raises(Refused, match="内容已被改动，不能作为认定的依据"):
        accept_objection(
            unheard="急",
            objection=objection,
            by=people.bureau,
            reason="属实",
            treatment=[exclude],
        )


@pytest.mark.parametrize(
    "changed", ["title = '另'", "digest = repeat('0', 64)", "content = '[]'", "content = '{}'"]
)
def test_an_altered_paper_is_said_on_its_page_and_given_out_by_no_address(
    client, border, people, april, changed
):
    paper = issue(finished(built(viewer_of(people.bureau), "agreement:TEST:2023")), people.bureau)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE settlements_issuedpaper SET {changed}")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    client.force_login(people.bureau)
    assert "已改动" in client.get(reverse("paper", args=[paper.pk])).content.decode()
    assert client.get(reverse("paper-list")).status_code == 200
    assert client.get(reverse("paper-style", args=[paper.pk])).status_code == 200
    for format in ("pdf", "xlsx"):
        refused = client.get(reverse("paper-file", args=[paper.pk, format]))
        assert refused.status_code == 410
        assert "不作为原件提供下载" in refused.content.decode()
        with pytest.raises(AlteredPaper):  # nor by the archive of a year
            rendered(IssuedPaper.objects.get(), format)
    assert "真实有效" not in client.get(reverse("verify-code", args=[paper.code])).content.decode()
