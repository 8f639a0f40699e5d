"""A laboratory's report on the page: typed, checked with what it moves, sent, corrected, seen."""

import os
import re

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from basins.clock import moved_to
from basins.models import AccessEvent
from monitoring.models import Reading
from settlements import pipeline
from settlements.models import LabSample
from settlements.samples.services import held
from tests.disputes import PUBLISHED, pdf
from tests.published import published

TYPED = {
    "section": "BORDER", "sampled_on": "2023年4月15日", "sampled_time": "10:00",
    "laboratory": "市生态环境监测中心", "number": "监字〔2023〕4 号", "method": "HJ 535-2009",
    "value-pH": "7.5", "value-DO": "９．０", "value-CODMn": "1.5", "value-NH3-N": "1.2",
    "value-TP": "＜0.01", "reason": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def bureau(people, border) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


def sent(client: Client, action: str, *, to: str | None = None, file=None, **changed):
    given = {**TYPED, **changed, "action": action}
    if file is not None:
        given["evidence"] = file
    return client.post(to or reverse("sample-new"), given)


def token(text: str) -> str:
    (found,) = re.findall(r'name="held" value="([^"]+)"', text)
    return found


def hidden(text: str) -> dict[str, str]:
    """What the check carries along, as a browser sends it."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text))


def recorded(client: Client, **changed) -> LabSample:
    text = sent(client, "check", file=pdf("报告.pdf"), **changed).content.decode()
    answer = sent(client, "record", held=token(text), **changed)
    assert answer.status_code == 302, answer.content.decode()
    return LabSample.objects.latest("pk")


def told(client: Client, name: str, *given) -> str:
    answer = client.get(reverse(name, args=given))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_check_shows_each_value_as_it_will_be_kept_and_stores_nothing(bureau):
    text = sent(bureau, "check", file=pdf("报告.pdf")).content.decode()
    assert "2023-04-15 10:00" in text
    assert "<b>9.00</b>" in text
    assert "0.01L" in text
    assert "未检出，检出限 0.01" in text
    assert "报告.pdf" in text
    assert not LabSample.objects.exists()
    assert not Reading.objects.exists()


def test_the_check_shows_the_class_and_the_yuan_it_moves(bureau, border):
    border.assessed("2023-04", "II")
    changed = {"value-NH3-N": "3.0", "value-TP": "0.015", "reason": "以报告为准"}
    text = sent(bureau, "check", file=pdf(), **changed).content.decode()
    assert "1 项核算结果会变" in text
    assert "测试河协议" in text
    assert re.search(r"下游区 付 上游区 [\d,]+\.\d\d 元", text)
    assert re.search(r"上游区 付 下游区 [\d,]+\.\d\d 元", text)
    assert re.search(r"上游区\s*<span class=\"money neg\"", text)
    assert re.search(r"下游区\s*<span class=\"money pos\"", text)
    assert "初步" in text
    assert re.search(r"class-2.*?→.*?class-6", text, re.DOTALL)


def test_a_value_that_is_there_and_differs_asks_for_the_reason_and_names_both(bureau, border):
    border.assessed("2023-04", "II")
    answer = sent(bureau, "check", file=pdf("报告.pdf"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "现为 氨氮 0.300" in text
    again = sent(bureau, "check", held=token(text), reason="以报告为准")
    assert "更正" in again.content.decode()
    assert "0.300" in again.content.decode()
    assert again.status_code == 200


def test_the_file_is_chosen_once_and_survives_the_check_and_a_change(bureau):
    text = sent(bureau, "check", file=pdf("报告.pdf", "盖章")).content.decode()
    form = bureau.post(reverse("sample-new"), {**hidden(text), "action": "change"})
    assert "已附上“报告.pdf”" in form.content.decode()
    assert form.status_code == 200
    answer = bureau.post(reverse("sample-new"), {**hidden(text), "action": "record"})
    assert answer.status_code == 302
    sample = LabSample.objects.get()
    with sample.file.open() as file:
        assert file.read() == pdf("报告.pdf", "盖章").read()
    assert sample.name == "报告.pdf"


def test_the_file_survives_what_is_filled_in_wrong(bureau):
    text = sent(bureau, "check", file=pdf("报告.pdf"), **{"value-TP": "-1"}).content.decode()
    assert "已附上“报告.pdf”" in text
    assert sent(bureau, "record", held=token(text)).status_code == 302


def test_what_another_person_attached_is_nobody_elses(bureau, people):
    mine = token(sent(bureau, "check", file=pdf()).content.decode())
    other = Client()
    other.force_login(people.bureau2)
    answer = sent(other, "record", held=mine)
    assert (answer.status_code, "已经失效" in answer.content.decode()) == (422, True)
    forged = signing.dumps(["0" * 64, ".pdf", "x.pdf", "application/pdf", people.bureau.pk])
    assert sent(bureau, "record", held=forged).status_code == 422


def test_files_nobody_sent_are_forgotten_after_a_day(bureau, folder):
    first = token(sent(bureau, "check", file=pdf("旧.pdf", "旧")).content.decode())
    for path in (folder / held.FOLDER).iterdir():
        os.utime(path, (0, 0))
    sent(bureau, "check", file=pdf("新.pdf", "新"))
    assert len(list((folder / held.FOLDER).iterdir())) == 1
    assert "已经失效" in sent(bureau, "record", held=first).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value-NH3-N": "1.2①"}, "注记“①”"),
        ({"value-NH3-N": "-1"}, "不小于 0 的数"),
        ({"value-NH3-N": "0.123456789"}, "至多 8 位小数"),
        ({"value-pH": "7L"}, "pH没有检出限"),
        ({"value-pH": "15"}, "0–14"),
        ({"sampled_on": "2023-02-30"}, "采样日期"),
        ({"sampled_on": "2999-01-01"}, "采样时刻"),
        ({"sampled_time": "25:00"}, "采样时刻"),
        ({"section": ""}, "请选择断面"),
        ({"laboratory": " "}, "请填写检测单位"),
        ({f"value-{c}": "" for c in ("pH", "DO", "CODMn", "NH3-N", "TP")}, "至少填写一个"),
    ],
)
def test_what_is_filled_in_wrong_is_said_beside_its_field(bureau, changed, words):
    answer = sent(bureau, "check", file=pdf(), **changed)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not LabSample.objects.exists()


def test_the_report_must_be_attached_and_be_a_document(bureau):
    assert "请选择监测报告" in sent(bureau, "check").content.decode()
    wrong = pdf("报告.docx")
    assert "扩展名" in sent(bureau, "check", file=wrong).content.decode()


def test_without_a_time_it_is_the_days_first_moment_as_in_a_file(bureau):
    sample = recorded(bureau, sampled_time="")
    assert sample.sampled_at.isoformat() == "2023-04-14T16:00:00+00:00"


def test_what_was_sent_is_shown_with_its_report_and_sent_twice_is_one(bureau, people):
    kept = token(sent(bureau, "check", file=pdf("报告.pdf")).content.decode())
    for _ in range(2):
        assert sent(bureau, "record", held=kept).status_code == 302
    sample = LabSample.objects.get()
    again = sent(bureau, "check", held=kept)
    assert again["Location"] == reverse("sample", args=[sample.pk])
    text = told(bureau, "sample", sample.pk)
    for words in (
        "市生态环境监测中心",
        "监字〔2023〕4 号",
        "HJ 535-2009",
        "0.01L",
        "bureau",
        "报告.pdf",
    ):
        assert words in text, words
    answer = bureau.get(reverse("sample-report", args=[sample.pk]))
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert AccessEvent.objects.filter(kind="export").count() == 1
    assert reverse("sample", args=[sample.pk]) in told(bureau, "sample-list")


def test_a_correction_says_what_it_moves_keeps_the_report_and_shows_its_past(bureau, people):
    sample = recorded(bureau)
    pipeline.recompute()
    with moved_to(PUBLISHED):
        published(people, "2023-04")
    address = reverse("sample-correct", args=[sample.pk])
    assert 'value="1.200"' in bureau.get(address).content.decode()
    changed = {"value-NH3-N": "0.3", "value-TP": "", "reason": "抄录有误"}
    text = sent(bureau, "check", to=address, **changed).content.decode()
    assert "其中 1 项已发布" in text
    assert "差额另提调整" in text
    assert "撤回，判为无效" in text
    assert "仍用“报告.pdf”" in text
    assert LabSample.objects.count() == 1
    assert bureau.post(address, {**hidden(text), "action": "record"}).status_code == 302
    made = LabSample.objects.get(corrects=sample)
    page = told(bureau, "sample", made.pk)
    for words in ("抄录有误", "氨氮 1.200 → 0.300", "总磷 0.01L → （撤回）"):
        assert words in page, words
    old = told(bureau, "sample", sample.pk)
    assert "已被更正" in old
    assert reverse("sample", args=[made.pk]) in old
    assert address not in old
    assert bureau.get(address).status_code == 302
    assert "已被更正" in told(bureau, "sample-list")


def test_a_months_page_leads_to_its_samples(bureau, border):
    sample = recorded(bureau)
    pipeline.recompute()
    text = told(bureau, "settlement-month", "TEST", 2023, 4)
    assert reverse("sample", args=[sample.pk]) in text
    assert reverse("settlement-month", args=["TEST", 2023, 4]) in told(bureau, "sample", sample.pk)


def test_a_correction_without_its_reason_is_asked_for_it(bureau):
    sample = recorded(bureau)
    address = reverse("sample-correct", args=[sample.pk])
    answer = sent(bureau, "check", to=address, **{"value-NH3-N": "0.3"})
    assert (answer.status_code, "请填写更正理由" in answer.content.decode()) == (422, True)


def test_a_sample_says_what_became_of_its_readings(bureau, border):
    sample = recorded(bureau)
    border.store(sample.sampled_at, {"NH3-N": "0.9"})
    assert "0.900（有效）" in told(bureau, "sample", sample.pk)


@pytest.mark.parametrize(("who", "seen"), [("district", 200), ("stranger", 404), ("treasury", 200)])
def test_the_parties_see_it_and_only_the_bureau_is_named(bureau, people, who, seen):
    sample = recorded(bureau)
    client = Client()
    client.force_login(getattr(people, who))
    answer = client.get(reverse("sample", args=[sample.pk]))
    assert answer.status_code == seen
    listed = client.get(reverse("sample-list")).content.decode()
    assert (reverse("sample", args=[sample.pk]) in listed) == (seen == 200)
    if who == "district":
        assert "市局，" in answer.content.decode()
        assert "更正样品" not in answer.content.decode()


def test_the_hub_the_joint_samples_and_the_review_lead_to_the_samples(bureau):
    recorded(bureau)
    for name in ("data", "joint-sample-list", "data-review"):
        assert reverse("sample-list") in told(bureau, name), name
    assert reverse("joint-sample-list") in told(bureau, "sample-list")
    sample = LabSample.objects.get()
    asked = f"{reverse('data-review')}?section=BORDER&month=2023-04"
    assert reverse("sample", args=[sample.pk]) in bureau.get(asked).content.decode()


def test_the_list_is_narrowed_by_section_and_month(bureau, border):
    sample = recorded(bureau)
    address = reverse("sample", args=[sample.pk])
    for query, there in (
        ("month=2023-04", True),
        ("month=2023-05", False),
        ("section=BORDER", True),
    ):
        text = bureau.get(f"{reverse('sample-list')}?{query}").content.decode()
        assert (address in text) == there, query
