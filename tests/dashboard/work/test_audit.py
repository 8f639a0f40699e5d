"""The audit trail's pages: who sees what of it, in which words, and as files."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import RequestFactory
from python_calamine import CalamineWorkbook

from basins.models import AccessEvent, AuditRecord, Jurisdiction, River, Role, User
from basins.ranges import between, today
from dashboard.audit.words import told
from dashboard.frame.addresses import client_address
from jobs.acting import acting, person
from monitoring.models import SamplingPlan, Section, Target
from settlements.models import Agreement, AgreementDraft, Party, Settlement, Term, TermSection
from tests.past import established

PASSWORD = "ganxi-Test-2026"
ROLES = ("bureau", "treasury", "district", "township", "admin", "auditor", "station", "nobody")


def words(model, **of) -> str:
    """The newest record of a table, told."""
    found = AuditRecord.objects.filter(table=model._meta.db_table, **of).order_by("-pk")[:1]
    return told(list(found))[0].what


def page(client, user, address: str = "/audit/") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# In words ----------------------------------------------------------------------------------


def test_a_moved_last_day_is_told_as_days(border):
    term = border.agreement.terms.get(number=2)
    term.in_force = between(date(2023, 1, 1), date(2025, 1, 1))
    term.save()
    term.in_force = between(date(2023, 1, 1), date(2026, 1, 1))
    term.save()
    assert words(Term) == ("将《测试河协议》第 2 条款期的“止日”由 2024-12-31 改为 2025-12-31")


def test_a_parameter_is_told_in_the_words_of_its_rule(border):
    term = border.agreement.terms.get(number=1)
    name, entry = next((n, e) for n, e in term.parameters.items() if e["value"] == "1000000.00")
    term.parameters[name] = {"value": "1200000.00", "source": "补充协议", "is_default": False}
    term.save()
    told_words = words(Term)
    assert entry["is_default"]
    assert told_words.startswith("将《测试河协议》第 1 条款期的“参数·")
    assert "由 100.00 万元" in told_words
    assert "（默认） 改为 120.00 万元" in told_words
    assert told_words.endswith("（补充协议）")
    assert name not in told_words


def test_a_choice_a_key_a_class_and_a_figure_are_told_as_people_know_them(border):
    other = Jurisdiction.objects.get(code="500903")
    border.agreement.state = Agreement.State.ENDED
    border.agreement.save()
    assert words(Agreement) == "将《测试河协议》的“状态”由 执行中 改为 已终止"
    Section.objects.update(downstream=other)
    assert words(Section) == "将断面“交界”的“下游行政区”由 下游区 改为 外人区"
    Target.objects.update(water_class=2)
    assert words(Target) == "将断面“交界”的目标的“目标类别”由 Ⅲ类 改为 Ⅱ类"
    TermSection.objects.filter(term__number=1).update(share="0.5000")
    assert words(TermSection).endswith("第 1 条款期的断面“交界”的“份额”由 1 改为 0.5")


def test_new_and_gone_objects_are_called_by_their_names(border):
    plan = SamplingPlan.objects.create(
        section=border.section, per_day=6, in_force=between(date(2020, 1, 1))
    )
    assert words(SamplingPlan) == "新增了断面“交界”的监测频次"
    plan.delete()
    assert words(SamplingPlan) == "删除了断面“交界”的监测频次"
    river = River.objects.create(code="A", name="甲河")
    river.delete()
    assert words(River) == "删除了河流“甲河”"
    with established():
        River.objects.create(code="B", name="乙河")
    assert words(River) == "河流“乙河”作为既有资料载入"


def test_what_lost_its_owner_too_still_has_a_name(border):
    Party.objects.all().delete()
    assert words(Party) == "删除了《测试河协议》的协议方“下游区”"
    role = Role.objects.create(
        user=User.objects.create(username="u"), role="bureau", in_force=between(today())
    )
    key = role.pk
    role.user.delete()
    assert words(Role) == f"删除了角色 {key}"


def test_a_password_is_told_as_changed_and_not_what_it_was(db):
    user = User.objects.create_user(username="u", password="erstes-Wort-2026")
    user.set_password("zweites-Wort-2026")
    user.save()
    assert words(User) == "将用户“u”的“密码”改过（不留内容）"


def test_many_changes_are_counted_after_the_third(border):
    Section.objects.update(name="新名", km=11, grade="national", source="新", water_body="lake")
    assert words(Section).endswith("，共 5 项")


def test_a_table_of_times_past_is_told_all_the_same(db):
    record = AuditRecord(
        table="gone_table", key="1", op="U", before={"a": 1, "b": True}, after={"a": 2, "b": True}
    )
    assert told([record])[0].what == "将gone_table 1的“a”由 1 改为 2"


def test_names_of_many_records_take_few_queries(border, django_assert_max_num_queries):
    for number in range(20):
        Section.objects.update(km=number)
        Party.objects.update(order=number)
    found = list(AuditRecord.objects.order_by("-pk")[:60])
    with django_assert_max_num_queries(6):
        told(found)


# Who sees what -----------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/audit/", "/audit/access/", "/audit/{pk}/"])
@pytest.mark.parametrize("name", ROLES)
def test_only_the_auditor_and_of_its_own_the_bureau_open_it(border, people, client, name, address):
    pk = AuditRecord.objects.filter(table="monitoring_section").latest("pk").pk
    client.force_login(getattr(people, name))
    answer = client.get(address.format(pk=pk))
    opens = name == "auditor" or (name == "bureau" and "access" not in address)
    refused = 403 if name in ("station", "nobody") else 404
    assert answer.status_code == (200 if opens else refused)


def test_the_bureau_sees_its_own_objects_but_no_people_and_no_drafts(border, people, client):
    draft = AgreementDraft.objects.create(title="未公开草稿", prepared_by=people.admin)
    seen = page(client, people.bureau)
    assert "断面“交界”" in seen
    assert "《测试河协议》" in seen
    for hidden in ("用户“", "角色“", "未公开草稿", "河流“", "登录与导出"):
        assert hidden not in seen
    for table in ("basins_user", "settlements_agreementdraft"):
        pk = AuditRecord.objects.filter(table=table).latest("pk").pk
        assert client.get(f"/audit/{pk}/").status_code == 404
    filtered = page(
        client, people.bureau, f"/audit/?table=settlements_agreementdraft&key={draft.pk}"
    )
    assert "未公开草稿" not in filtered
    assert "未公开草稿" in page(client, people.auditor)


def test_the_navigation_names_it_to_who_may_see_it(people, client):
    assert 'href="/audit/"' in page(client, people.auditor, "/")
    assert 'href="/audit/"' not in page(client, people.treasury, "/")


# The list ----------------------------------------------------------------------------------


@pytest.fixture
def three(border, people):
    """Three changes by two people on two days' filters."""
    with acting(**person(people.admin), address="10.1.2.3", act="基础资料", why="更正里程"):
        Section.objects.update(km=11)
    with acting(**person(people.bureau), address="10.9.9.9"):
        Target.objects.update(water_class=2)
    with acting(**person(people.bureau)):
        SamplingPlan.objects.create(
            section=border.section, per_day=6, in_force=between(date(2020, 1, 1))
        )
    return border


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("person=admin", "距源头", "目标类别"),
        ("table=monitoring_target", "目标类别", "距源头"),
        ("act=U", "距源头", "监测频次</td>"),
        ("address=10.1.", "距源头", "目标类别"),
        ("text=更正里程", "距源头", "目标类别"),
        ("until=2020-01-01", "没有符合条件的记录", "距源头"),
        ("since=2020-01-01&act=U", "距源头", "没有符合条件"),
        ("since=nonsense&act=U", "距源头", "没有符合条件"),
    ],
)
def test_each_filter_narrows(three, people, client, query, there, absent):
    found = page(client, people.auditor, f"/audit/?{query}")
    rows = found[found.index("filters") :]
    assert there in rows
    assert absent not in rows


def test_today_is_within_until_today(three, people, client):
    assert "距源头" in page(client, people.auditor, f"/audit/?since={today()}&until={today()}")
    tomorrow = today() + timedelta(days=1)
    assert "没有符合条件" in page(client, people.auditor, f"/audit/?since={tomorrow}")


def test_an_objects_records_hold_those_of_its_parts_also_of_gone_ones(three, people, client):
    Target.objects.all().delete()
    address = f"/audit/?table=monitoring_section&key={three.section.pk}"
    found = page(client, people.bureau, address)
    assert "断面“交界”的变更记录" in found
    assert "监测频次" in found
    assert "目标类别" in found
    assert "协议方" not in found.split("</form>")[-1]
    whole = f"/audit/?table=settlements_agreement&key={three.agreement.pk}"
    assert "第 1 条款期的断面“交界”" in page(client, people.bureau, whole)


def test_a_record_shows_the_row_before_and_after(three, people, client):
    pk = AuditRecord.objects.filter(table="monitoring_section").latest("pk").pk
    found = page(client, people.auditor, f"/audit/{pk}/")
    for said in ("10.1.2.3", "更正里程", "基础资料", ">10<", ">11<", 'href="/sections/BORDER/"'):
        assert said in found


def test_the_list_asks_the_same_number_of_queries_for_more_rows(
    three, people, client, django_assert_max_num_queries
):
    client.force_login(people.auditor)
    for number in range(60):
        Section.objects.update(km=number)
    with django_assert_max_num_queries(20):
        assert client.get("/audit/?page=2").status_code == 200


def test_a_changed_page_says_who_in_which_act(border, people, client):
    client.force_login(people.admin)
    client.post(
        f"/admin/basins/river/{border.river.pk}/change/",
        {
            "code": "TESTHE", "name": "改名河", "level": "1", "confidence": "C",
            "reaches-TOTAL_FORMS": "0", "reaches-INITIAL_FORMS": "0",
        },
        REMOTE_ADDR="10.1.2.3",
    )  # fmt: skip
    record = AuditRecord.objects.filter(table="basins_river").latest("pk")
    assert (record.user, record.who, record.act) == (people.admin, "admin", "原始表")
    assert (record.address, record.path.split()[0]) == ("10.1.2.3", "POST")
    assert record.after["name"] == "改名河"


# As files ----------------------------------------------------------------------------------


def test_the_csv_holds_what_the_page_shows_and_is_itself_recorded(three, people, client):
    client.force_login(people.auditor)
    answer = client.get("/audit/?format=csv&act=U&table=monitoring_section")
    text = answer.getvalue().decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text))
    assert head[:3] == ["时间", "操作人", "地址"]
    assert row[7] == "将断面“交界”的“距源头(km)”由 10 改为 11"
    event = AccessEvent.objects.filter(kind="export").latest("pk")
    assert (event.what, event.rows, event.user) == ("变更记录", 1, people.auditor)
    assert event.filters == {"act": "U", "table": "monitoring_section"}


def test_the_workbook_holds_the_same_rows(three, people, client):
    client.force_login(people.auditor)
    answer = client.get("/audit/?format=xlsx&person=bureau")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    lines = rows.to_python()
    assert lines[0][0] == "时间"
    assert len(lines) == 3
    assert AccessEvent.objects.filter(kind="export").latest("pk").rows == 2


def test_a_files_cell_is_no_formula(border, people, client):
    Section.objects.update(source="=1+1")
    client.force_login(people.auditor)
    Section.objects.update(name="=cmd")
    text = client.get("/audit/?format=csv").getvalue().decode()
    assert "\n=" not in text
    assert ",=" not in text


def test_the_access_list_is_exported_too(people, client):
    client.force_login(people.auditor)
    text = client.get("/audit/access/?format=csv&act=sign_in").getvalue().decode()
    assert "登录" in text
    assert AccessEvent.objects.filter(kind="export").latest("pk").what == "登录与导出"


def test_the_readings_of_a_section_are_an_export_with_rows_and_filters(border, people, client):
    border.assessed("2023-05", "II")
    client.force_login(people.bureau)
    answer = client.get("/sections/BORDER/?format=csv&month=2023-05")
    assert answer.status_code == 200
    event = AccessEvent.objects.filter(kind="export").latest("pk")
    assert event.what.startswith("断面“交界”")
    assert event.rows == len(answer.getvalue().decode().splitlines()) - 1
    assert event.filters == {"month": "2023-05"}


# Signing in and out --------------------------------------------------------------------------


def events() -> list[tuple[str, str, str]]:
    return list(AccessEvent.objects.order_by("pk").values_list("kind", "name", "who"))


@pytest.fixture
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_signing_in_failing_and_signing_out_are_recorded(db, client, quick_hashes):
    User.objects.create_user(username="li", password=PASSWORD, display_name="李某", unit="市局")
    client.post("/sign-in/", {"username": "li", "password": "falsch"}, HTTP_USER_AGENT="Browser/1")
    client.post("/sign-in/", {"username": "li", "password": PASSWORD})
    client.post("/sign-out/")
    assert events() == [
        ("failed", "li", ""),
        ("sign_in", "li", "李某（市局）"),
        ("sign_out", "li", "李某（市局）"),
    ]
    first = AccessEvent.objects.earliest("pk")
    assert (first.address, first.user_agent, first.path) == ("127.0.0.1", "Browser/1", "/sign-in/")
    assert "falsch" not in str(vars(first))


def test_a_lock_is_recorded_with_the_name_typed(db, client, quick_hashes):
    for _ in range(5):
        client.post("/sign-in/", {"username": "nobody-there", "password": "x"})
    assert [kind for kind, _, _ in events()].count("locked") == 1
    assert {name for _, name, _ in events()} == {"nobody-there"}


def test_a_typed_name_with_a_nul_or_of_great_length_breaks_nothing(db, client, quick_hashes):
    answer = client.post("/sign-in/", {"username": "x" * 250, "password": "y"})
    assert answer.status_code == 200
    client.post("/sign-in/", {"username": "a\0b", "password": "y"})
    assert all(len(name) <= 150 and "\0" not in name for _, name, _ in events())


def test_a_refusal_is_recorded_a_missing_page_is_not(border, people, client):
    client.force_login(people.station)
    client.get("/sections/")
    client.force_login(people.treasury)
    client.get("/audit/")
    client.get("/sections/NOSUCH/")
    refused = AccessEvent.objects.filter(kind="refused").order_by("pk")
    assert [(e.user, e.path) for e in refused] == [
        (people.station, "/sections/"),
        (people.treasury, "/audit/"),
    ]


# The address ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "address"),
    [
        ([], "10.0.0.5", "1.2.3.4", "10.0.0.5"),
        (["10.0.0.0/24"], "10.0.0.5", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/24"], "10.0.1.5", "1.2.3.4", "10.0.1.5"),
        (["10.0.0.0/24"], "10.0.0.5", "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        (["10.0.0.0/24"], "10.0.0.5", "", "10.0.0.5"),
        (["10.0.0.0/24"], "10.0.0.5", "nonsense", "10.0.0.5"),
        (["fd00::/8"], "fd00::1", "2001:db8::7", "2001:db8::7"),
        ([], "", "1.2.3.4", ""),
    ],
)
def test_only_our_own_proxy_is_believed(settings, trusted, remote, forwarded, address):
    from config.settings import network

    settings.TRUSTED_PROXY = [network(text) for text in trusted]
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


def test_a_wrong_proxy_setting_is_named_with_the_remedy():
    from django.core.exceptions import ImproperlyConfigured

    from config.settings import network

    with pytest.raises(ImproperlyConfigured, match=r"TRUSTED_PROXY.*10\.0\.0\.5"):
        network("proxy.example")


def test_a_settlement_is_called_by_agreement_and_year(border):
    border.assessed("2023-05", "II")
    assert words(Settlement, after__year=2023) == "新增了《测试河协议》2023 年度结算"


def test_a_sections_page_leads_to_its_history_who_may_see_it(border, people, client):
    link = f"/audit/?table=monitoring_section&amp;key={border.section.pk}"
    assert link in page(client, people.bureau, "/sections/BORDER/")
    assert link not in page(client, people.treasury, "/sections/BORDER/")
