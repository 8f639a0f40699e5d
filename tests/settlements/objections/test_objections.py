"""Raising an objection: by whom, until when, with what; answers, evidence, withdrawing."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.clock import moved_to
from basins.models import CalendarDay, Notification
from monitoring.models import Origin
from monitoring.screening.services.verdicts import ReadingKey
from settlements import tasks
from settlements.models import AgreementMonth, Evidence, Objection, Party, StateMove
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import LARGEST, DocumentRefused, checked
from settlements.notices.services.months import confirm_month, lapse_due
from settlements.objections.kinds import GROUNDS, KINDS, ground_of, with_ground
from settlements.objections.services.evidence import missing_evidence
from settlements.objections.services.objections import (
    EvidenceMissing,
    add_evidence,
    raise_objection,
    reply,
    withdraw_objection,
)
from tests.disputes import AMMONIA, APRIL, RAISED, objected, pdf, proofs
from tests.told_once import of_told, told_once, with_april
from tests.worlds import out_of_office


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


told = told_once(with_april)
april = of_told("april")


@pytest.fixture
def objection(border, people, april) -> Objection:
    return objected(border, people, april)


def state_of(month: AgreementMonth) -> str:
    return AgreementMonth.objects.get(pk=month.pk).state


# The table of kinds -----------------------------------------------------------------------


def test_the_kinds_are_those_of_the_model_and_each_asks_for_something():
    assert [k.code for k in KINDS] == list(Objection.Kind.values)
    assert all(k.required and k.days and k.treatments and k.source for k in KINDS)
    assert [k.code for k in KINDS if k.upstream_only] == ["no_fault"]


def test_a_ground_is_kept_in_words_and_found_again():
    for ground in GROUNDS:
        assert ground_of(with_ground(ground, "见证明")) == ground
    assert ground_of("别的理由") == ""


# Raising ----------------------------------------------------------------------------------


def test_an_objection_moves_the_month_and_tells_the_others(objection, april, people):
    assert state_of(april) == "objected"
    told = Notification.objects.filter(key=f"objection.raise:{objection.pk}")
    assert {n.user for n in told} == {people.downstream, people.bureau, people.bureau2}
    assert objection.evidence_until == date(2023, 5, 23)  # five working days after 16 May


def test_the_last_day_still_counts_and_the_day_after_is_refused_by_its_date(border, people, april):
    given = {"month": april, "by": people.district, "section": border.section,
             "kind": "data_error", "reason": "有误。", "readings": [AMMONIA],
             "files": proofs()}  # fmt: skip
    with moved_to(date(2023, 5, 23)), pytest.raises(Refused, match=r"2023年5月22日截止"):
        raise_objection(**given)
    with moved_to(date(2023, 5, 22)):
        assert raise_objection(**given).state == "raised"


def test_evidence_days_pass_over_holidays_and_make_up_days(border, people, april):
    AgreementMonth.objects.update(objection_until=date(2023, 9, 28))
    with moved_to(date(2023, 9, 27)):
        made = raise_objection(
            month=april, by=people.district, section=border.section, kind="data_error",
            reason="有误。", readings=[AMMONIA], files=proofs(),
        )  # fmt: skip
    # 28 September; holidays to 6 October; 7 and 8 October are make-up days; 9 and 10.
    assert made.evidence_until == date(2023, 10, 10)


def test_a_change_of_the_calendar_moves_the_deadline_for_evidence(objection):
    CalendarDay.objects.update_or_create(
        date=date(2023, 5, 19), defaults={"kind": CalendarDay.Kind.HOLIDAY, "name": "临时放假"}
    )
    for _ in range(3):
        with moved_to(date(2023, 5, 18)):
            tasks.refresh_deadlines()
    objection.refresh_from_db()
    assert objection.evidence_until == date(2023, 5, 24)


@pytest.mark.parametrize(
    "who",
    ["stranger", "bureau", "treasury", "township", "admin", "auditor", "station", "nobody"],
)
def test_only_a_party_objects(border, people, april, who):
    with moved_to(RAISED), pytest.raises(NotAllowed):
        raise_objection(
            month=april, by=getattr(people, who), section=border.section, kind="data_error",
            reason="有误。", readings=[AMMONIA], files=proofs(),
        )  # fmt: skip
    assert not Objection.objects.exists()


def test_the_bureau_enters_it_for_a_party_without_a_person_with_its_document(border, people, april):
    given = {"month": april, "by": people.bureau, "party": border.upstream,
             "section": border.section, "kind": "data_error", "reason": "有误。",
             "readings": [AMMONIA], "files": proofs()}  # fmt: skip
    with moved_to(RAISED), pytest.raises(Refused, match="自己的经办人"):
        raise_objection(**given, document="函〔1〕号")
    out_of_office(people.district)
    with moved_to(RAISED), pytest.raises(Refused, match="文号"):
        raise_objection(**given)
    with moved_to(RAISED):
        made = raise_objection(**given, document="函〔1〕号")
    move = StateMove.objects.get(thing="objection", object_id=made.pk)
    assert "函〔1〕号" in move.note
    assert (made.jurisdiction, made.raised_by) == (border.upstream, people.bureau)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"reason": " "}, "理由"),
        ({"readings": []}, "至少一条"),
        ({"kind": "whatever"}, "没有这种异议"),
        ({"kind": "exclusion", "readings": []}, "事由"),
        ({"readings": [ReadingKey("NH3-N", APRIL, Origin.AUTOMATIC.value)]}, "不是该期的数据"),
        ({"readings": [ReadingKey("NH3-N", APRIL - timedelta(days=31), 2)]}, "不是该期的数据"),
    ],
)
def test_what_is_incomplete_or_of_another_month_is_refused(border, people, april, wrong, says):
    given = {"kind": "data_error", "reason": "有误。", "readings": [AMMONIA], **wrong}
    with moved_to(RAISED), pytest.raises(Refused, match=says):
        raise_objection(month=april, by=people.district, section=border.section, **given)
    assert state_of(april) == "published"


def test_only_upstream_proves_that_it_is_not_at_fault(border, people, april):
    given = {"month": april, "section": border.section, "kind": "no_fault", "reason": "来水稳定。"}
    with moved_to(RAISED), pytest.raises(Refused, match="上游方"):
        raise_objection(by=people.downstream, **given)
    with moved_to(RAISED):
        made = raise_objection(by=people.district, **given)
    assert [i.key for i in missing_evidence(made)] == ["flow", "course", "sources"]


def test_who_confirmed_the_month_cannot_object(border, people, april):
    with moved_to(RAISED):
        confirm_month(agreement_month=april, by=people.district)
        with pytest.raises(Refused, match="已确认"):
            raise_objection(
                month=april, by=people.district, section=border.section, kind="data_error",
                reason="有误。", readings=[AMMONIA], files=proofs(),
            )  # fmt: skip


def test_who_was_no_party_in_the_month_cannot_object(border, people, april):
    Party.objects.filter(jurisdiction=border.upstream).update(until=date(2023, 4, 1))
    with moved_to(RAISED), pytest.raises(NotAllowed):
        raise_objection(
            month=april, by=people.district, section=border.section, kind="data_error",
            reason="有误。", readings=[AMMONIA], files=proofs(),
        )  # fmt: skip


def test_the_same_objection_again_is_refused_and_another_partys_is_taken(
    border, people, april, objection
):
    with pytest.raises(Refused, match="尚在处理中"):
        objected(border, people, april)
    with moved_to(RAISED):
        raise_objection(
            month=april, by=people.downstream, section=border.section, kind="data_error",
            reason="总磷也有误。", readings=[ReadingKey("TP", APRIL, 2)], files=proofs(),
        )  # fmt: skip
    assert april.objections.count() == 2
    assert StateMove.objects.filter(thing="month", event="object").count() == 1


@pytest.mark.parametrize(("kind", "given", "missing"), [
    ("data_error", [], "原始记录或监测报告"),
    ("data_error", ["quality", "other"], "原始记录或监测报告"),
    ("exclusion", ["photos"], "主管部门的证明"),
])  # fmt: skip
def test_an_objection_without_the_evidence_that_it_must_come_with_is_refused(
    border, people, april, kind, given, missing
):
    with moved_to(RAISED), pytest.raises(EvidenceMissing, match=missing):
        raise_objection(
            month=april, by=people.district, section=border.section, kind=kind, reason="有误。",
            readings=[AMMONIA], ground="drought", files=[(item, pdf()) for item in given],
        )  # fmt: skip
    assert not april.objections.exists()
    assert state_of(april) == "published"


# Evidence ---------------------------------------------------------------------------------


def test_the_same_file_is_kept_once_and_by_its_hash(objection, people, border, april):
    for name in ("报告.pdf", "又一份.pdf", "报告.pdf"):
        with moved_to(RAISED):
            add_evidence(objection=objection, by=people.district, item="other", file=pdf(name))
    kept = Evidence.objects.get(item="other")
    assert kept.file.name == f"evidence/{kept.sha256}.pdf"
    assert kept.jurisdiction == border.upstream


def test_one_file_serves_several_items_and_both_parties(border, people, april):
    with moved_to(RAISED):
        made = raise_objection(
            month=april, by=people.district, section=border.section, kind="no_fault",
            reason="来水稳定。",
        )  # fmt: skip
        for item in ("flow", "course", "sources", "sources"):
            add_evidence(objection=made, by=people.district, item=item, file=pdf())
        assert missing_evidence(made) == []
        add_evidence(objection=made, by=people.downstream, item="flow", file=pdf())
        add_evidence(objection=made, by=people.bureau, item="flow", file=pdf())
        add_evidence(objection=made, by=people.bureau, item="flow", file=pdf())
    kept = made.evidence.order_by("pk").values_list("item", "jurisdiction")
    up, down = border.upstream.pk, border.downstream.pk
    assert list(kept) == [
        ("flow", up), ("course", up), ("sources", up), ("flow", down), ("flow", None)
    ]  # fmt: skip
    assert len(set(made.evidence.values_list("file", flat=True))) == 1


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("bom.pdf", b"\xef\xbb\xbf%PDF-1.7 x", "bom.pdf"),
        ("late.pdf", b" " * 1019 + b"%PDF-1.7", "late.pdf"),
        ("2026.9月巡测报告", b"%PDF-1.7", "2026.9月巡测报告.pdf"),
        ("报告.pdf ", b"%PDF-1.7", "报告.pdf"),
        ("照片.JFIF", b"\xff\xd8\xff\xe0", "照片.JFIF"),
        ("照片.jpeg\u3000", b"\xff\xd8\xff\xe0", "照片.jpeg"),
        ("报告", b"%PDF-1.7", "报告.pdf"),
        ("第3.1版", b"\x89PNG\r\n\x1a\n", "第3.1版.png"),
    ],
)
def test_documents_as_programs_and_people_write_them_are_taken(name, content, kept):
    file = SimpleUploadedFile("x", content)
    file._name = name  # Django trims the name of an upload itself, other callers do not
    assert checked(file).name == kept


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("late.pdf", b" " * 1020 + b"%PDF-1.7", "内容不是 PDF"),
        ("报告.exe", b"%PDF-1.7", "扩展名 .exe 与内容"),
        ("改了名.pdf", b"MZ%PDF-1.7", "内容不是 PDF"),
        ("页面.pdf", b" \n<!doctype html>%PDF-1.7", "内容不是 PDF"),
        ("报告.docx", b"%PDF-1.7", "扩展名 .docx 与内容"),
        ("图.jpg", b"%PDF-1.7", "扩展名 .jpg 与内容"),
    ],
)
def test_a_document_that_says_to_be_something_else_is_refused(name, content, says):
    with pytest.raises(DocumentRefused, match=says):
        checked(SimpleUploadedFile(name, content))


class Huge(SimpleUploadedFile):
    """100 MB by its size; reading it fails the test."""

    def __init__(self):
        super().__init__("大.pdf", b"%PDF-")
        self.size = 100 * 1024 * 1024

    def read(self, *arguments):
        raise AssertionError("a file too large was read")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (SimpleUploadedFile("表.pdf", b"PK\x03\x04"), "内容不是 PDF"),
        (SimpleUploadedFile("图.png", b"%PDF-1.7"), "扩展名 .png 与内容"),
        (SimpleUploadedFile("空.pdf", b""), "空文件"),
        (Huge(), "超过上限 20 MB"),
    ],
)
def test_what_is_no_document_is_not_taken_in(objection, people, file, says):
    with moved_to(RAISED), pytest.raises(DocumentRefused, match=says):
        add_evidence(objection=objection, by=people.district, item="other", file=file)
    assert Evidence.objects.count() == 1
    assert LARGEST == 20 * 1024 * 1024


def test_after_the_deadline_only_the_bureau_adds_evidence(objection, people):
    late = objection.evidence_until + timedelta(days=1)
    with moved_to(late), pytest.raises(Refused, match="5月23日届满"):
        add_evidence(objection=objection, by=people.district, item="other", file=pdf(words="2"))
    with moved_to(late):
        add_evidence(objection=objection, by=people.bureau, item="other", file=pdf(words="3"))
    assert Evidence.objects.filter(jurisdiction=None).count() == 1


def test_a_stranger_adds_nothing_and_says_nothing(objection, people):
    for who in (people.stranger, people.treasury, people.auditor, people.township):
        with moved_to(RAISED), pytest.raises(NotAllowed):
            add_evidence(objection=objection, by=who, item="other", file=pdf(words="x"))
        with moved_to(RAISED), pytest.raises(NotAllowed):
            reply(objection=objection, by=who, text="我有话说")
        with moved_to(RAISED), pytest.raises(NotAllowed):
            withdraw_objection(objection=objection, by=who)


def test_every_move_of_the_day_for_evidence_and_answers_is_told_to_both_sides_and_the_bureau(
    objection, people
):
    last = objection.evidence_until
    with moved_to(RAISED):
        for _ in range(2):
            CalendarDay.objects.create(date=last, kind="holiday", name="临时", source="通知")
            tasks.refresh_deadlines()
            CalendarDay.objects.filter(date=last).delete()
            tasks.refresh_deadlines()
    for who in (people.district, people.downstream, people.bureau):
        told = Notification.objects.filter(user=who, text__contains="举证与答复截止日由")
        assert [n.text.split("改为")[1] for n in told.order_by("pk")] == [
            "5月24日", "5月23日", "5月24日", "5月23日",
        ]  # fmt: skip
    assert not Notification.objects.filter(user=people.stranger, text__contains="举证").exists()


# Answers and withdrawing --------------------------------------------------------------------


def test_the_other_partys_first_words_are_the_answer_the_rest_are_remarks(objection, people):
    with moved_to(RAISED):
        reply(objection=objection, by=people.district, text="补充一句")
        for _ in range(3):
            reply(objection=objection, by=people.downstream, text="不同意")
        reply(objection=objection, by=people.downstream, text="再说一句")
        reply(objection=objection, by=people.bureau, text="请补交质控记录")
    objection.refresh_from_db()
    assert objection.state == "answered"
    assert [(r.kind, r.text) for r in objection.replies.all()] == [
        ("remark", "补充一句"), ("answer", "不同意"),
        ("remark", "再说一句"), ("remark", "请补交质控记录"),
    ]  # fmt: skip


def test_an_answer_after_the_deadline_is_refused(objection, people):
    with moved_to(date(2023, 5, 24)), pytest.raises(Refused, match="届满"):
        reply(objection=objection, by=people.downstream, text="不同意")


def test_the_last_one_withdrawn_opens_the_month_again_and_it_can_lapse(
    border, people, april, objection
):
    with moved_to(RAISED):
        second = raise_objection(
            month=april, by=people.downstream, section=border.section, kind="exclusion",
            reason="河道断流。", ground="drought", files=proofs("exclusion"),
        )  # fmt: skip
        with pytest.raises(NotAllowed):
            withdraw_objection(objection=objection, by=people.downstream)
        withdraw_objection(objection=objection, by=people.district, why="已核实无误")
        assert state_of(april) == "objected"
        withdraw_objection(objection=second, by=people.downstream)
        with pytest.raises(Refused, match="已撤回"):
            withdraw_objection(objection=second, by=people.downstream)
    assert state_of(april) == "published"
    assert lapse_due(on=date(2023, 5, 23)) == 1
