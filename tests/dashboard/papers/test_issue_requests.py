"""签发: one person checks and counts what is to be issued, another issues it or sends it back."""

import pytest
from django.db import IntegrityError, transaction

from basins.access import viewer_of
from basins.models import Notification
from jobs.models import Job
from settlements.models import IssuedPaper, IssueRequest
from settlements.moving.acts import Refused
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import from_data
from settlements.papers.queries.papers import built, subjects_of_year
from settlements.papers.services.requests import (
    approve_issue,
    approve_issue_of_year,
    propose_issue,
    propose_issue_of_year,
    reject_issue,
)
from settlements.work.queries.work import counts
from tests.dashboard.papers.test_papers import (
    AGREEMENT,
    DISTRICT,
    get,
    issued,
    measured_year,
    pages_of,
)
from tests.told_once import of_told, told_once

told = told_once(measured_year)
year = of_told("border")
CHECK, ASK = "/statements/exports/check/", "/statements/exports/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def post(client, user, address, data, **kwargs):
    client.force_login(user)
    return client.post(address, data, **kwargs)


def asked(client, people) -> IssueRequest:
    check = get(client, people.bureau, "/statements/preview/", subject=AGREEMENT)
    given = {"subject": AGREEMENT, "body": check.context["body"]}
    post(client, people.bureau, "/statements/issue/", given)
    return IssueRequest.objects.get(state="prepared")


def test_a_statement_is_checked_by_one_and_issued_by_another(year, people, client):
    check = get(client, people.bureau, "/statements/preview/", subject=AGREEMENT)
    assert "提请签发年度结算单" in check.content.decode()
    given = {"subject": AGREEMENT, "body": check.context["body"]}
    for name in ("district", "admin", "auditor", "stranger", "township"):
        user = getattr(people, name)
        assert post(client, user, "/statements/issue/", given).status_code == 404
        text = client.get("/statements/preview/", {"subject": AGREEMENT}).content.decode()
        assert "签发年度结算单" not in text
    other = {**given, "body": "0" * 64}
    changed = post(client, people.bureau, "/statements/issue/", other, follow=True)
    assert "核对之后数据有变" in changed.content.decode()
    assert not IssueRequest.objects.exists()
    page = post(client, people.bureau, "/statements/issue/", given, follow=True).content.decode()
    assert "请另一人复核签发" in page
    assert "您提请了这次签发" in page
    assert "复核签发</button>" not in page
    again = post(client, people.bureau, "/statements/issue/", given, follow=True)
    assert "已有人提请签发" in again.content.decode()
    found = IssueRequest.objects.get()
    address = f"/statements/requests/{found.pk}/"
    own = post(client, people.bureau, address, {"action": "approve"})
    assert "须由另一人复核签发" in own.content.decode()
    assert not IssuedPaper.objects.exists()
    page = post(client, people.bureau2, address, {"action": "approve"}, follow=True)
    paper = IssuedPaper.objects.get()
    text = page.content.decode()
    assert "已签发 结算〔" in text
    assert "<dt>与现时数据</dt><dd>一致</dd>" in text
    content = from_data(paper.content)
    assert (content.prepared_by, content.issuer) == ("bureau", "bureau2")
    printed = "".join(pages_of(client.get(f"/statements/{paper.pk}/paper.pdf").content))
    assert "制表人：bureau" in printed
    assert "审核人：bureau2" in printed
    text = get(client, people.bureau, "/statements/preview/", subject=AGREEMENT).content.decode()
    assert "<b>已签发过</b>" in text
    assert "提请签发年度结算单" not in text, "the same again is nothing to ask for"
    style = client.get(f"/statements/{paper.pk}/page.css").content.decode()
    assert shown_code(paper.code) in style
    assert f'href="/statements/{paper.pk}/"' in client.get(address).content.decode()


def test_what_changed_since_it_was_checked_is_sent_back_and_not_issued(year, people, client):
    found = asked(client, people)
    other = built(viewer_of(people.bureau), DISTRICT)
    with pytest.raises(Refused, match="核对之后数据有变"):
        approve_issue(request=found, paper=other, by=people.bureau2)
    address = f"/statements/requests/{found.pk}/"
    post(client, people.bureau2, address, {"action": "reject", "why": ""})
    assert IssueRequest.objects.get().state == "prepared"
    assert post(client, people.bureau2, address, {}).status_code == 400
    page = post(
        client, people.bureau2, address, {"action": "reject", "why": "印章不全"}, follow=True
    )
    assert "已退回，没有签发" in page.content.decode()
    assert "印章不全" in client.get(address).content.decode()
    late = post(client, people.bureau2, address, {"action": "approve"}, follow=True)
    assert "已退回，不能再办理" in late.content.decode()
    assert not IssuedPaper.objects.exists()
    assert asked(client, people).pk != found.pk, "it can be asked for again"


def test_the_papers_of_a_year_are_counted_before_they_are_asked_for(year, people, client):
    issued(people, AGREEMENT)
    subjects = subjects_of_year(viewer_of(people.bureau), 2024)
    check = get(client, people.bureau, CHECK, year="2024")
    lines = [(c.label, c.papers, c.first, c.issued) for c in check.context["counts"]]
    assert lines == [("年度结算单", 1, 0, 1), ("区县对账单", 2, 2, 0)]
    text = check.content.decode()
    assert "核对后提请签发：2024年文书 3 份" in text
    assert "7 个文件" in text
    given = {"year": "2024", "digest": check.context["digest"]}
    for wrong in ({"year": "1999"}, {"year": "x"}):
        assert post(client, people.bureau, ASK, given | wrong).status_code == 404
    assert post(client, people.district, ASK, given).status_code == 404
    assert get(client, people.district, CHECK, year="2024").status_code == 404
    other = post(client, people.bureau, ASK, {"year": "2024", "digest": "0"}, follow=True)
    assert "份数有变" in other.content.decode()
    page = post(client, people.bureau, ASK, given, follow=True).content.decode()
    assert "已提请签发2024年全部文书 3 份" in page
    assert not Job.objects.exists(), "nothing is issued at one person's click"
    again = post(client, people.bureau, ASK, given, follow=True).content.decode()
    assert "已有人提请签发" in again
    found = IssueRequest.objects.get()
    assert (found.papers, found.year) == (3, 2024)
    address = f"/statements/requests/{found.pk}/"
    assert "复核签发 3 份" in get(client, people.bureau2, address).content.decode()
    with pytest.raises(Refused, match="核对之后数据有变"):
        approve_issue_of_year(request=found, subjects=subjects[:2], by=people.bureau2)
    went = post(client, people.bureau2, address, {"action": "approve"})
    job = Job.objects.get()
    assert went["Location"] == f"/statements/exports/{job.pk}/"
    assert job.parameters == {
        "user": people.bureau2.pk, "year": 2024, "request": found.pk,
        "prepared_by": people.bureau.pk,
    }  # fmt: skip
    for who in ("bureau", "bureau2"):
        assert get(client, getattr(people, who), went["Location"]).status_code == 200
    assert get(client, people.treasury, went["Location"]).status_code == 404


def test_what_waits_to_be_issued_is_told_to_the_second_person_of_ones_own_office(year, people):
    waits = {
        "bureau": ("papers-to-issue", people.bureau2),
        "treasury": ("statements-to-issue", people.treasury2),
    }
    subjects = subjects_of_year(viewer_of(people.bureau), 2024)
    for who, (source, second) in waits.items():
        by = getattr(people, who)
        found = propose_issue_of_year(year=2024, subjects=subjects, by=by)
        assert counts(viewer_of(second)).by_source[source] == 1
        assert not counts(viewer_of(by)).by_source.get(source)
        told = Notification.objects.filter(text__contains="提请签发2024年全部文书（3 份）")
        assert set(told.values_list("user", flat=True)) == {second.pk}
        Notification.objects.all().delete()
        reject_issue(request=found, why="下月再签", by=by)
        assert not counts(viewer_of(second)).by_source.get(source)


def test_the_database_holds_that_two_persons_issue(year, people):
    found = propose_issue(paper=built(viewer_of(people.bureau), AGREEMENT), by=people.bureau)
    for change, words in (
        ({"state": "approved", "approved_by": people.bureau}, "issue_request_two_persons"),
        ({"papers": 9}, "登记后不能改动"),
    ):
        with pytest.raises(IntegrityError, match=words), transaction.atomic():
            IssueRequest.objects.filter(pk=found.pk).update(**change)
    with pytest.raises(IntegrityError, match="不能删除"), transaction.atomic():
        IssueRequest.objects.filter(pk=found.pk).delete()
