"""Drafts of agreements: kept step by step, checked, activated by a second person, amended."""

import re
import threading
from datetime import date
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from basins.clock import moved_to
from basins.ranges import between
from monitoring.models import Assessment, Section, Target
from settlements import pipeline
from settlements.agreements.queries.preview import both_ways, trial
from settlements.agreements.services import drafts as services
from settlements.agreements.services.activation import activate_draft, submit_draft
from settlements.agreements.services.drafts import DraftRefused
from settlements.agreements.services.entered import entered
from settlements.models import Agreement, AgreementDraft, Term
from settlements.money import yuan
from settlements.moving.documents import LARGEST, DocumentRefused
from tests.drafting import content, fill, person, submitted
from tests.told_once import World, of_told, told_instead, told_once
from tests.worlds import Border, month

PDF = b"%PDF-1.7\n%...\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def without_agreement() -> World:
    return {
        "world": Border.make(with_agreement=False),
        "preparer": person("录入人"),
        "second": person("核对人"),
    }


told = told_once(without_agreement)
world, preparer, second = of_told("world"), of_told("preparer"), of_told("second")


@pytest.fixture
def border(world) -> Border:
    world.sign()
    return world


# Keeping ---------------------------------------------------------------------------------


def test_an_unfinished_step_is_kept_as_typed_and_makes_nothing(world, preparer):
    draft = services.start_draft(by=preparer)
    services.save_step(draft=draft, step="parties", by=preparer, typed={"title": "半"})
    draft.refresh_from_db()
    assert draft.data == {"parties": {"typed": {"title": "半"}}}
    with pytest.raises(DraftRefused) as refused:
        submit_draft(draft=draft, by=preparer)
    assert [p.step for p in refused.value.problems] == ["parties", "river", "rule", "term"]
    assert not Agreement.objects.exists()


def test_an_unknown_step_is_refused_by_name(world, preparer):
    draft = services.start_draft(by=preparer)
    with pytest.raises(ValueError, match="没有步骤“weather”"):
        services.save_step(draft=draft, step="weather", by=preparer, values={})


def test_a_submitted_draft_cannot_be_changed_until_it_is_sent_back(world, preparer, second):
    draft = submitted(world, preparer)
    with pytest.raises(DraftRefused, match="退回修改"):
        services.save_step(draft=draft, step="term", by=preparer, typed={})
    services.return_draft(draft=draft, by=second)
    services.save_step(draft=draft, step="term", by=preparer, typed={})
    draft.refresh_from_db()
    assert (draft.state, draft.submitted_at) == ("draft", None)


def test_a_discarded_draft_stays_and_cannot_be_submitted(world, preparer):
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    services.discard_draft(draft=draft, by=preparer)
    with pytest.raises(DraftRefused, match="已作废"):
        submit_draft(draft=draft, by=preparer)
    with pytest.raises(DraftRefused, match="已作废"):
        services.discard_draft(draft=draft, by=preparer)


@pytest.mark.parametrize(
    ("step", "change", "words"),
    [
        ("parties", {"parties": [{"jurisdiction": "500901", "role": "signatory"}]}, "至少有两方"),
        ("parties", {"code": "drafts".upper()}, "留作网址"),
        ("river", {"river": "NOWHERE"}, "没有代码为 NOWHERE 的河流"),
        ("river", {"sections": []}, "至少要有一个断面"),
        ("term", {"until": "2023-01-01"}, "止日须不早于起日"),
        ("rule", {"rule": "guess"}, "没有规则“guess”"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_step(world, preparer, step, change, words):
    steps = content(world)
    steps[step] = {**steps[step], **change}
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    with pytest.raises(DraftRefused, match=words) as refused:
        submit_draft(draft=draft, by=preparer)
    assert step in {p.step for p in refused.value.problems}


def test_a_section_between_others_than_the_parties_is_refused(world, preparer):
    steps = content(world)
    steps["river"]["sections"][0]["downstream"] = world.stranger.code
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    with pytest.raises(DraftRefused, match="外人区不是协议方"):
        submit_draft(draft=draft, by=preparer)


def test_a_parameter_out_of_bounds_is_refused(world, preparer):
    steps = content(world)
    steps["rule"]["parameters"]["rate"]["value"] = "-1.00"
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    with pytest.raises(DraftRefused, match="补偿标准"):
        submit_draft(draft=draft, by=preparer)


# Documents -------------------------------------------------------------------------------


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_a_document_is_kept_once_with_its_hash_and_true_type(world, preparer, media):
    draft = services.start_draft(by=preparer)
    for name in ("协议.pdf", "又一次.PDF", "扫描件"):
        kept = services.add_document(draft=draft, file=SimpleUploadedFile(name, PDF), by=preparer)
    assert draft.documents.count() == 1
    assert (kept.name, kept.kind, kept.size) == ("协议.pdf", "application/pdf", len(PDF))
    assert len(kept.sha256) == 64
    assert (media / kept.file.name).read_bytes() == PDF


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("协议.pdf", b"MZ\x90\x00", "内容不是 PDF、PNG 或 JPEG"),
        ("改了名.pdf", b"MZ" + PDF, "内容不是 PDF、PNG 或 JPEG"),
        ("协议.docx", PDF, "扩展名 .docx 与内容（PDF）不符"),
        ("图.pdf", PNG, "扩展名 .pdf 与内容（PNG）不符"),
        ("空.pdf", b"", "空文件"),
        ("大.pdf", PDF + b"0" * LARGEST, "超过上限 20 MB"),
    ],
)
def test_another_kind_or_size_of_file_is_refused(world, preparer, media, name, data, words):
    draft = services.start_draft(by=preparer)
    with pytest.raises(DocumentRefused, match=words):
        services.add_document(draft=draft, file=SimpleUploadedFile(name, data), by=preparer)
    assert list(media.iterdir()) == []


def test_a_hundred_megabytes_are_refused_without_being_read(world, preparer, media):
    file = SimpleUploadedFile("巨大.pdf", PDF)
    file.size = 100 * 1024 * 1024
    file.file = None  # whoever reads it fails otherwise
    draft = services.start_draft(by=preparer)
    with pytest.raises(DocumentRefused, match=r"有 100.0 MB，超过上限 20 MB"):
        services.add_document(draft=draft, file=file, by=preparer)


def test_a_document_taken_out_takes_its_file(
    world, preparer, media, django_capture_on_commit_callbacks
):
    draft = services.start_draft(by=preparer)
    kept = services.add_document(draft=draft, file=SimpleUploadedFile("图.png", PNG), by=preparer)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_document(draft=draft, document_id=kept.pk, by=preparer)
    assert not (media / kept.file.name).exists()
    assert draft.documents.count() == 0


# Two persons -----------------------------------------------------------------------------


def test_activation_makes_the_agreement_and_computes_its_past(world, preparer, second):
    world.assessed("2023-05", "II")
    draft = submitted(world, preparer)
    agreement = activate_draft(draft=draft, version=draft.version, by=second)
    term = agreement.terms.get()
    assert (agreement.code, agreement.state, agreement.signed_on) == (
        "NEWONE", "active", date(2022, 12, 1),
    )  # fmt: skip
    assert (term.number, term.rule, term.in_force) == (
        1, "baseline", between(date(2023, 1, 1)),
    )  # fmt: skip
    assert term.clauses == {"第六条": "按基准核算。"}
    assert [p.jurisdiction for p in agreement.parties.order_by("order")] == [
        world.upstream, world.downstream,
    ]  # fmt: skip
    world.agreement = agreement
    assert world.transfers("2023-05") == [(world.downstream, world.upstream, yuan("1000000"))]
    draft.refresh_from_db()
    assert (draft.state, draft.activated_by, draft.term) == ("activated", second, term)


def test_the_preparer_cannot_activate(world, preparer):
    draft = submitted(world, preparer)
    with pytest.raises(DraftRefused, match="另一位协议管理员"):
        activate_draft(draft=draft, version=draft.version, by=preparer)
    assert not Agreement.objects.exists()


def test_whoever_changed_a_step_cannot_activate_either(world, preparer, second):
    draft = services.start_draft(by=preparer)
    steps = content(world)
    fill(draft, {"parties": steps.pop("parties")}, second)
    draft = submit_draft(draft=fill(draft, steps, preparer), by=preparer)
    with pytest.raises(DraftRefused, match="录入或修改过"):
        activate_draft(draft=draft, version=draft.version, by=second)


def test_the_database_refuses_a_preparer_who_activates(world, preparer, second):
    draft = submitted(world, preparer)
    activate_draft(draft=draft, version=draft.version, by=second)
    with pytest.raises(IntegrityError, match="draft_two_persons"), transaction.atomic():
        AgreementDraft.objects.filter(pk=draft.pk).update(activated_by=preparer)


def test_a_draft_not_submitted_cannot_be_activated(world, preparer, second):
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    with pytest.raises(DraftRefused, match="请先提交核对"):
        activate_draft(draft=draft, version=draft.version, by=second)


def test_a_draft_changed_since_it_was_checked_is_not_activated(world, preparer, second):
    draft = submitted(world, preparer)
    seen = draft.version
    services.return_draft(draft=draft, by=preparer)
    draft = submit_draft(draft=draft, by=preparer)
    with pytest.raises(DraftRefused, match="重新核对"):
        activate_draft(draft=draft, version=seen, by=second)


def test_activating_twice_makes_one_agreement(world, preparer, second):
    draft = submitted(world, preparer)
    first = activate_draft(draft=draft, version=draft.version, by=second)
    again = activate_draft(draft=draft, version=draft.version, by=second)
    assert (first, Agreement.objects.count(), Term.objects.count()) == (again, 1, 1)


@told_instead(None)
def test_two_activating_at_once_make_one_agreement(committed):
    world = Border.make(with_agreement=False)
    draft = submitted(world, person("录入人"))
    made, people = [], [person("甲"), person("乙")]

    def activate(by):
        try:
            made.append(activate_draft(draft=draft, version=draft.version, by=by).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=activate, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert Agreement.objects.count() == Term.objects.count() == 1


def test_a_code_taken_meanwhile_is_refused(world, preparer, second):
    draft = submitted(world, preparer)
    world.sign("NEWONE")
    with pytest.raises(DraftRefused, match="已有编码为 NEWONE 的协议"):
        activate_draft(draft=draft, version=draft.version, by=second)
    draft.refresh_from_db()
    assert draft.state == "submitted"


# Preview ---------------------------------------------------------------------------------


def test_a_preview_runs_over_all_stored_months_whenever_the_term_begins(world, preparer):
    for when, water_class in (("2022-03", "IV"), ("2023-05", "II")):
        world.assessed(when, water_class)
    draft = fill(services.start_draft(by=preparer), content(world, start="2024-01-01"), preparer)
    found = trial(entered(draft))
    assert found.first == month("2022-03")
    assert {y.year: y.outside for y in found.years if y.outside} == {
        2022: yuan("1000000"),
        2023: yuan("1000000"),
    }
    # Nothing that pays lies inside the term: nothing is summed.
    assert (found.paid, found.outside) == (yuan("0"), yuan("2000000"))
    assert found.totals == (yuan("0"), yuan("0"))
    inside = [line for y in found.years for line in y.lines if line.in_term]
    assert found.inside_periods == len({line.period for line in inside}) > 0
    assert found.outside_periods == 22
    assert [f.name for f in found.flows] == ["上游区 → 下游区", "下游区 → 上游区"]
    assert not any(line.in_term for y in found.years for line in y.lines if y.year < 2024)
    assert not Agreement.objects.exists()


def test_a_preview_sums_the_months_inside_the_term_alone_and_counts_them(world, preparer):
    for when, water_class in (("2022-12", "IV"), ("2023-01", "II"), ("2023-02", "II")):
        world.assessed(when, water_class)
    draft = fill(services.start_draft(by=preparer), content(world, start="2023-01-01"), preparer)
    found = trial(entered(draft))
    inside = {y.year: y.nets for y in found.years if y.inside_periods}
    assert inside[2023] == (yuan("2000000"), yuan("-2000000"))
    assert 2022 not in inside
    assert found.paid == yuan("2000000")
    assert found.outside == yuan("1000000")
    assert found.totals == (yuan("2000000"), yuan("-2000000"))
    assert found.inside_periods == len(
        {line.period for y in found.years for line in y.lines if line.period >= month("2023-01")}
    )


def test_a_preview_warns_of_months_without_data_overlap_and_shares(border, preparer):
    border.assessed("2023-05", "II")
    steps = content(border)
    one = steps["river"]["sections"][0]
    steps["river"]["sections"] = [one, {**one, "upstream": "500902", "downstream": "500901"}]
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    words = " ".join(trial(entered(draft)).warnings)
    assert "没有结果（无数据或缺少依据）" in words
    assert "交界在同一时期已在《测试河协议》（TEST）里" in words
    assert "交界的份额合计 200%，超过 100%" in words
    assert "1 个断面月会双向计付" in words
    assert "2023-05" in words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ("0.4999", "份额合计 99.98%，不足 100%：合计金额会少付"),
        ("0.5001", "份额合计 100.02%，超过 100%：合计金额会多付"),
        ("0.5", ""),
        ("1/2", ""),
        ("1/3", ""),  # two thirds are no whole by mistake
    ],
)
def test_a_preview_says_where_shares_are_all_but_a_whole(border, preparer, share, words):
    border.assessed("2023-05", "II")
    steps = content(border)
    one = {**steps["river"]["sections"][0], "share": share}
    steps["river"]["sections"] = [one, {**one, "upstream": "500902", "downstream": "500901"}]
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    said = [each for each in trial(entered(draft)).warnings if each.startswith("份额合计")]
    assert (said[0] if said else "").startswith(words)
    assert bool(said) is bool(words)


def test_a_third_is_activated_as_a_third_and_amended_as_one(world, preparer, second):
    world.assessed("2023-05", "II")
    steps = content(world)
    steps["river"]["sections"][0]["share"] = "1/3"
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    draft = submit_draft(draft=draft, by=preparer)
    world.agreement = activate_draft(draft=draft, version=draft.version, by=second)
    part = world.agreement.terms.get().sections.get()
    assert part.share == Fraction(1, 3)
    assert world.transfers("2023-05") == [(world.downstream, world.upstream, yuan("333333.33"))]
    accrual = world.accrual("2023-05")
    assert (accrual.inputs["share"], accrual.inputs["shares"]) == ("1/3", ["1/3"])
    (amount,) = [step for step in accrual.steps if step["key"] == "amount"]
    assert "× 份额 1/3 ＝ 33.33 万元" in amount["formula"]


def test_a_preview_warns_where_the_yearly_cap_cuts(world, preparer):
    for number in range(1, 5):
        world.measured(f"2023-0{number}", "II")
    pipeline.recompute()
    steps = content(world, yearly_cap="2500000")
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    found = trial(entered(draft))
    assert found.paid == yuan("2500000")
    assert any("达到年度封顶" in w for w in found.warnings)


def test_a_preview_names_the_facts_that_are_missing(world, preparer):
    world.assessed("2023-05", "II")
    steps = content(world, rule="class_vs_last_year", missing_last_year="refuse")
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    words = " ".join(trial(entered(draft)).warnings)
    assert re.search(r"缺少“[^”]+”（last_year_class），1 个断面期没有结果：2023-05", words)


def test_a_preview_warns_where_two_pay_each_other_at_two_sections(world, preparer):
    other = Section.objects.create(
        code="OTHER", name="另一断面", province=world.section.province, river=world.river, km=20
    )
    Target.objects.create(
        section=other, water_class=3, in_force=between(date(2015, 1, 1)), source="测试"
    )
    world.measured("2023-05", "II")
    world.measured("2023-05", "IV", section=other)
    pipeline.recompute()
    steps = content(world)
    one = steps["river"]["sections"][0]
    steps["river"]["sections"] = [one, {**one, "section": "OTHER"}]
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    words = " ".join(trial(entered(draft)).warnings)
    assert "1 期里同样的两方经不同断面互为付款方" in words


def test_a_preview_warns_of_months_that_rest_on_incomplete_data(world, preparer):
    world.assessed("2023-05", "II")
    Assessment.objects.update(complete=False)
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    words = " ".join(trial(entered(draft)).warnings)
    assert "1 个断面月的数据不完整而照常核算：2023-05" in words


def test_one_sided_months_are_not_said_to_pay_both_ways():
    assert both_ways([]) == []


def test_a_first_day_that_is_long_past_says_how_many_months_are_to_be_published(world, preparer):
    with moved_to(date(2024, 3, 10)):
        draft = fill(services.start_draft(by=preparer), content(world), preparer)
        words = " ".join(trial(entered(draft)).warnings)
        late = fill(services.start_draft(by=preparer), content(world, start="2024-02-01"), preparer)
        assert "逐月发布" not in " ".join(trial(entered(late)).warnings)
    assert "起日以来已过去 14 个月（2023年1月至2024年2月）" in words
    assert "余额记入期初" in words


def test_an_amount_nobody_typed_is_named(world, preparer):
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    assert (
        "补偿标准用的是规则的默认值；请对照协议原文，不同的请改。" in trial(entered(draft)).warnings
    )
    typed = fill(services.start_draft(by=preparer), content(world, rate="500000.00"), preparer)
    assert "默认值" not in " ".join(trial(entered(typed)).warnings)


def test_a_preview_takes_as_many_queries_for_many_months(
    world, preparer, django_assert_max_num_queries
):
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    for when in world.months("2019-01", "2023-12"):
        world.measured(when, "III")
    pipeline.recompute()
    with django_assert_max_num_queries(13):
        found = trial(entered(draft))
    assert found.periods > 60
