"""Drafts of agreements: kept step by step, checked, activated by a second person, amended."""

import threading
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from basins.models import Role, User
from basins.ranges import between, today
from settlements import pipeline, rules
from settlements.models import Accrual, Agreement, AgreementDraft, Settlement, Term
from settlements.money import yuan
from settlements.queries.draft_preview import both_ways, difference, trial
from settlements.rules.parameters import with_defaults
from settlements.services import drafts as services
from settlements.services.activation import activate_draft, submit_draft
from settlements.services.amendments import start_amendment
from settlements.services.drafts import DocumentRefused, DraftRefused
from settlements.services.entered import entered
from settlements.services.settlements import close_settlement
from settlements.services.verification import verify_accruals
from tests.worlds import Border, month

PDF = b"%PDF-1.7\n%...\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def person(name: str) -> User:
    user = User.objects.create(username=name, display_name=name)
    Role.objects.create(user=user, role="admin", in_force=between(date(2018, 1, 1)))
    return user


@pytest.fixture
def preparer(db) -> User:
    return person("录入人")


@pytest.fixture
def second(db) -> User:
    return person("核对人")


@pytest.fixture
def world(db) -> Border:
    return Border.make(with_agreement=False)


def content(world: Border, *, rule="baseline", start="2023-01-01", code="NEWONE", **given):
    """The values of every step of a complete draft."""
    stored = with_defaults(
        rules.get(rule).Parameters, given, on=date.fromisoformat(start), source="第六条"
    )
    return {
        "parties": {
            "title": "新河协议",
            "code": code,
            "parties": [
                {"jurisdiction": world.upstream.code, "role": "signatory"},
                {"jurisdiction": world.downstream.code, "role": "signatory"},
            ],
        },
        "river": {
            "river": world.river.code,
            "sections": [
                {
                    "section": "BORDER",
                    "upstream": world.upstream.code,
                    "downstream": world.downstream.code,
                    "inflow": None,
                    "share": "1",
                }
            ],
        },
        "rule": {"rule": rule, "parameters": stored},
        "term": {
            "from": start,
            "until": None,
            "signed_on": "2022-12-01",
            "source": "协议文本",
            "clauses": [{"key": "第六条", "words": "按基准核算。"}],
        },
    }


def fill(draft, steps, by):
    for step, values in steps.items():
        draft = services.save_step(draft=draft, step=step, by=by, values=values)
    return draft


def submitted(world, by, **kwargs) -> AgreementDraft:
    draft = fill(services.start_draft(by=by), content(world, **kwargs), by)
    return submit_draft(draft=draft, by=by)


def amended(agreement, on, by, **given) -> AgreementDraft:
    """A submitted amendment from that day with these parameters changed."""
    draft = start_amendment(agreement=agreement, from_date=on, by=by)
    rule = draft.data["rule"]["values"]
    for name, value in given.items():
        rule["parameters"][name] = {"value": value, "source": "补充协议", "is_default": False}
    draft = services.save_step(draft=draft, step="rule", by=by, values=rule)
    return submit_draft(draft=draft, by=by)


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
    for name in ("协议.pdf", "又一次.docx"):
        kept = services.add_document(draft=draft, file=SimpleUploadedFile(name, PDF), by=preparer)
    assert draft.documents.count() == 1
    assert (kept.name, kept.kind, kept.size) == ("协议.pdf", "application/pdf", len(PDF))
    assert len(kept.sha256) == 64
    assert (media / kept.file.name).read_bytes() == PDF


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("协议.pdf", b"MZ\x90\x00", "内容不是 PDF、PNG 或 JPEG"),
        ("空.pdf", b"", "空文件"),
        ("大.pdf", PDF + b"0" * services.LARGEST, "超过上限 20 MB"),
    ],
)
def test_another_kind_or_size_of_file_is_refused(world, preparer, media, name, data, words):
    draft = services.start_draft(by=preparer)
    with pytest.raises(DocumentRefused, match=words):
        services.add_document(draft=draft, file=SimpleUploadedFile(name, data), by=preparer)
    assert list(media.iterdir()) == []


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
    assert {y.year: y.nets for y in found.years if y.paid} == {
        2022: (yuan("-1000000"), yuan("1000000")),
        2023: (yuan("1000000"), yuan("-1000000")),
    }
    assert found.totals == (yuan("0"), yuan("0"))
    assert [f.name for f in found.flows] == ["上游区 → 下游区", "下游区 → 上游区"]
    assert not any(line.in_term for y in found.years for line in y.lines if y.year < 2024)
    assert not Agreement.objects.exists()


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


def test_a_preview_warns_where_the_yearly_cap_cuts(world, preparer):
    for number in range(1, 5):
        world.measured(f"2023-0{number}", "II")
    pipeline.recompute()
    steps = content(world, yearly_cap="2500000")
    draft = fill(services.start_draft(by=preparer), steps, preparer)
    found = trial(entered(draft))
    assert found.paid == yuan("2500000")
    assert any("达到年度封顶" in w for w in found.warnings)


def test_one_sided_months_are_not_said_to_pay_both_ways():
    assert both_ways([]) == []


def test_a_preview_takes_as_many_queries_for_many_months(
    world, preparer, django_assert_max_num_queries
):
    draft = fill(services.start_draft(by=preparer), content(world), preparer)
    for when in world.months("2019-01", "2023-12"):
        world.measured(when, "III")
    pipeline.recompute()
    with django_assert_max_num_queries(12):
        found = trial(entered(draft))
    assert found.periods > 60


# Amending --------------------------------------------------------------------------------


def test_an_amendment_is_piecewise(border, preparer, second):
    for when in ("2023-05", "2024-02", "2024-05"):
        border.measured(when, "II")
    pipeline.recompute()
    draft = amended(border.agreement, date(2024, 4, 1), preparer, rate="3000000.00")
    activate_draft(draft=draft, version=draft.version, by=second)
    old, new = border.agreement.terms.order_by("number")[1:]
    assert (old.in_force, new.in_force, new.number) == (
        between(date(2023, 1, 1), date(2024, 4, 1)), between(date(2024, 4, 1)), 3,
    )  # fmt: skip
    for when, amount in (("2023-05", "1000000"), ("2024-02", "1000000"), ("2024-05", "3000000")):
        assert [y for _, _, y in border.transfers(when)] == [yuan(amount)]
    assert border.accrual("2024-02").term == old
    assert border.accrual("2024-05").term == new  # exactly one: the old one is gone
    assert border.net(2024) == {"上游区": yuan("4000000"), "下游区": yuan("-4000000")}
    verified = verify_accruals()
    assert verified.differ == []


def test_an_amendment_shows_what_changes_and_which_months_would_differ(border, preparer):
    for when in ("2023-05", "2024-02", "2024-05"):
        border.measured(when, "II")
    pipeline.recompute()
    draft = amended(border.agreement, date(2024, 4, 1), preparer, rate="3000000.00")
    found = difference(draft, entered(draft))
    changed = [(x.label, x.old, x.new) for x in found.terms if x.changed]
    assert changed == [("补偿标准", "100.00 万元/期", "300.00 万元/期")]
    assert [(m.month, m.difference) for m in found.months] == [("2024-05", yuan("2000000"))]
    assert found.old_number == 2


def test_an_amendment_inside_an_old_term_ends_where_that_ended(border, preparer, second):
    draft = amended(border.agreement, date(2020, 1, 1), preparer)
    activate_draft(draft=draft, version=draft.version, by=second)
    first, _, third = border.agreement.terms.order_by("number")
    assert first.in_force.upper == date(2020, 1, 1)
    assert third.in_force == between(date(2020, 1, 1), date(2023, 1, 1))


def test_the_running_month_goes_over_to_the_amendment(border, preparer, second):
    running = today().replace(day=1)
    border.assessed(f"{running:%Y-%m}", "II")
    before = border.accrual(f"{running:%Y-%m}").term
    draft = amended(border.agreement, running, preparer, rate="3000000.00")
    activate_draft(draft=draft, version=draft.version, by=second)
    after = border.accrual(f"{running:%Y-%m}").term
    assert (before.number, after.number) == (2, 3)


def closed_2023(border, by):
    for when in border.months("2018-06", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    return close_settlement(agreement=border.agreement, year=2023, on=date(2024, 1, 31), by=by)


def test_a_closed_year_cannot_be_amended(border, preparer):
    closed_2023(border, preparer)
    with pytest.raises(DraftRefused, match=r"2023 年已关账.*最早可自 2024-01-01 起"):
        start_amendment(agreement=border.agreement, from_date=date(2023, 7, 1), by=preparer)


def test_a_year_closed_since_the_draft_was_begun_stops_its_activation(border, preparer, second):
    border.measured("2023-05", "II")
    pipeline.recompute()
    draft = amended(border.agreement, date(2023, 7, 1), preparer, rate="3000000.00")
    Settlement.objects.filter(year=2023).update(state="closed", closed_on=date(2024, 1, 31))
    with pytest.raises(DraftRefused, match="2023 年已关账"):
        activate_draft(draft=draft, version=draft.version, by=second)
    assert border.agreement.terms.count() == 2


def test_a_published_month_cannot_be_amended(border, preparer):
    border.assessed("2024-02", "II")
    Accrual.objects.filter(period=month("2024-02")).update(state="published")
    with pytest.raises(DraftRefused, match=r"2024-02 至 2024-02 的月核算已发布.*2024-03-01"):
        start_amendment(agreement=border.agreement, from_date=date(2024, 2, 1), by=preparer)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2024, 2, 15), "须为当月 1 日"),
        (date(2023, 1, 1), "正是 2023-01-01 起"),
        (date(2017, 1, 1), "之前没有条款期可修订"),
    ],
)
def test_a_date_that_cannot_begin_an_amendment_is_refused(border, preparer, on, words):
    with pytest.raises(DraftRefused, match=words):
        start_amendment(agreement=border.agreement, from_date=on, by=preparer)


def test_a_yearly_rule_is_amended_from_new_year_only(border, preparer):
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 4, 1), by=preparer)
    rule = draft.data["rule"]["values"]
    rule["parameters"]["comparison"] = {
        "value": "yearly", "source": "补充协议", "is_default": False,
    }  # fmt: skip
    services.save_step(draft=draft, step="rule", by=preparer, values=rule)
    with pytest.raises(DraftRefused, match="须自 1 月 1 日起"):
        submit_draft(draft=draft, by=preparer)


def test_an_amendment_may_not_run_into_the_next_term(border, preparer):
    draft = start_amendment(agreement=border.agreement, from_date=date(2020, 1, 1), by=preparer)
    term = {**draft.data["term"]["values"], "until": None}
    services.save_step(draft=draft, step="term", by=preparer, values=term)
    with pytest.raises(DraftRefused, match="止日须不晚于 2022-12-31"):
        submit_draft(draft=draft, by=preparer)


def test_an_amendment_keeps_every_party(border, preparer):
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 4, 1), by=preparer)
    parties = draft.data["parties"]["values"]
    parties["parties"][1]["jurisdiction"] = border.stranger.code
    services.save_step(draft=draft, step="parties", by=preparer, values=parties)
    with pytest.raises(DraftRefused, match="不能去掉原协议方下游区"):
        submit_draft(draft=draft, by=preparer)
