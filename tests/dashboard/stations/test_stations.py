"""站点: who sends, what the gateway says of itself, and the settings of one."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from basins.clock import moved_to
from basins.models import Jurisdiction, SignInSession
from basins.sessions import digest
from dashboard.stations.page import ago
from monitoring.models import DeadLetter, FactorMeaning, GatewayRun, ImportBatch, Section, Station
from monitoring.stations.services.stations import digest_of
from tests.stations import AT, MN, Sent, ammonia, arrive, open_letters, registered, segment

LIST = reverse("station-list")


@pytest.fixture
def bureau(people, border) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


@pytest.fixture
def station(border) -> Station:
    return registered(border.section)


def page(client: Client, address: str = LIST, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return words(answer)


def words(answer) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def of(mn: str = MN) -> str:
    return reverse("station", args=[mn])


# The gateway ----------------------------------------------------------------------------


def run(**given) -> GatewayRun:
    return GatewayRun.objects.create(listens="0.0.0.0:9212", counts={"frames": 1234}, **given)


def test_a_gateway_that_never_ran_says_how_to_start_it(bureau):
    text = page(bureau)
    assert "网关没有运行" in text
    assert "manage.py hj212_gateway --listen 127.0.0.1:9212" in text


def test_a_gateway_that_reports_is_running_with_its_counts(bureau, station):
    run()
    text = page(bureau)
    assert "1 个自动站，网关正在运行" in text
    assert "收到 1,234" in text
    assert "manage.py" not in text


@pytest.mark.parametrize("how", ["silent", "stopped"])
def test_a_gateway_that_stopped_or_is_silent_does_not_run(bureau, how):
    given = {"seen_at": timezone.now() - timedelta(seconds=31)}
    run(**(given if how == "silent" else {"stopped_at": Now()}))
    assert "--listen 0.0.0.0:9212" in page(bureau)


def test_the_newest_run_is_the_one_that_counts(bureau):
    run(stopped_at=Now())
    run()
    assert "网关正在运行" in page(bureau)


# The list -------------------------------------------------------------------------------


def test_the_list_says_when_the_last_packet_came_and_what_the_newest_sample_was(bureau, station):
    arrive(segment(ammonia("0.31")), segment(ammonia("0.3", "D"), at=AT + timedelta(hours=1)))
    text = page(bureau)
    assert "交界 刚刚" in text
    assert "2024-07-03 09:00 氨氮 0.300 mg/L （故障）" in text
    assert re.search(r"\d{2}:\d{2} 2 2024", text)  # two packets in 24 hours
    with moved_to(timezone.now() + timedelta(hours=30)):
        text = page(bureau)
        assert "30 小时前" in text
        assert "1 个超过 6 小时没有报文" in text


def test_a_station_that_never_sent_says_so(bureau, station):
    assert "交界 还没有 0 -" in page(bureau)


def test_the_newest_packet_counts_whatever_its_senders_clock_says(bureau, station):
    arrive(segment(ammonia("0.31"), qn="20990101000000000"))
    assert "刚刚" in page(bureau)


def test_the_list_asks_the_same_however_many_stations(bureau, border, station):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(bureau)
        return len(queries)

    arrive(segment(ammonia("0.31")))
    asked()
    few = asked()
    for number in range(4):
        section = Section.objects.create(
            code=f"S{number}", name=f"断面{number}", province=border.section.province
        )
        registered(section, mn=f"MN{number}")
        arrive(segment(ammonia("0.3"), mn=f"MN{number}"))
    asked()  # what of the frame is kept is asked anew
    assert asked() == few


@pytest.mark.parametrize(
    ("span", "words"),
    [(59, "刚刚"), (60, "1 分钟前"), (3599, "59 分钟前"), (3600, "1 小时前"), (47 * 3600, "47 小时前"),
     (48 * 3600, "2 天前")],
)  # fmt: skip
def test_times_ago_are_said_as_people_say_them(span, words):
    assert ago(timedelta(seconds=span)) == words


# Registering ----------------------------------------------------------------------------

GIVEN = {"section": "BORDER", "mn": MN, "password": "abc123", "again": "abc123"}


def test_a_station_is_registered_by_its_sections_code_or_name(bureau, border):
    answer = bureau.post(LIST, {**GIVEN, "section": "交界"})
    assert (answer.status_code, answer["Location"]) == (302, of())
    made = Station.objects.get()
    assert (made.section, made.password_digest) == (border.section, digest_of("abc123"))
    assert made.added_by.username == "bureau"


def test_a_password_that_is_made_is_shown_once(bureau, border):
    answer = bureau.post(LIST, {**GIVEN, "make": "on", "password": "", "again": ""})
    made = re.search(r'class="once">(\w+)<', answer.content.decode())[1]
    assert len(made) == 12
    assert Station.objects.get().password_digest == digest_of(made)
    assert made not in bureau.get(of()).content.decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"section": "没有的"}, "没有编码为 没有的 的断面"),
        ({"section": ""}, "请填写断面"),
        ({"mn": "a b"}, "1–24 位字母、数字"),
        ({"again": "abc124"}, "两次输入的密码不一致"),
        ({"password": "", "again": ""}, "请填写密码，或由系统生成"),
        ({"password": "123", "again": "123"}, "6–20 位字母或数字"),
    ],
)
def test_what_is_wrong_with_a_new_station_stands_at_its_field(bureau, border, wrong, says):
    answer = bureau.post(LIST, {**GIVEN, **wrong})
    assert answer.status_code == 422
    assert says in words(answer)
    assert not Station.objects.exists()


def test_sections_of_one_name_are_told_apart_by_code(bureau, border):
    elsewhere = Jurisdiction.objects.exclude(pk=border.section.province_id).filter(level="province")
    Section.objects.create(code="OTHER", name="交界", province=elsewhere.first())
    answer = bureau.post(LIST, {**GIVEN, "section": "交界"})
    assert "不止一个；请填编码：BORDER、OTHER" in words(answer)


def test_a_packet_of_nobody_leads_to_registering_and_is_then_taken_in(bureau, border):
    arrive(segment(ammonia("0.31")))
    letters = bureau.get(reverse("letter-list")).content.decode()
    assert f"{LIST}?mn={MN}#new" in letters
    assert f'value="{MN}"' in bureau.get(f"{LIST}?mn={MN}").content.decode()
    bureau.post(LIST, {**GIVEN, "password": "123456", "again": "123456"})
    replay = reverse("station-replay", args=[MN])
    assert f'action="{replay}"' in bureau.get(of()).content.decode()
    said = words(bureau.post(replay, follow=True))
    assert "已重放 1 条；相关月份随后重新核算。" in said
    assert "NH3-N" in Sent(border.section).at()


# One station ----------------------------------------------------------------------------


def test_the_page_of_a_station_shows_what_it_sent_without_its_password(bureau, station):
    arrive(
        segment(ammonia("0.31")),
        segment("w21003-Rtd=0.3,w21003-Flag=D", cn="2011", flag=9),
        segment("w21003-Check=0.51,w21003-Water=0.5", cn="2062"),
        segment("w99999-Avg=1", at=AT + timedelta(hours=1)),
    )
    text = page(bureau, of())
    assert "标样核查 氨氮 0.510 mg/L Check 0.51，Water 0.5" in text
    assert "实时数据 氨氮 0.300 mg/L 仪器故障" in text
    assert "未知因子 w99999" in text
    assert "PW=******" in text
    assert "123456" not in text
    batch = ImportBatch.objects.latest("pk")
    assert reverse("batch", args=[batch.pk]) in bureau.get(of()).content.decode()


def test_settings_are_changed(bureau, station):
    given = {"assessed": "2011", "counts_by_hand": "on", "password": "new456", "again": "new456"}
    assert bureau.post(of(), given).status_code == 302
    station.refresh_from_db()
    assert (station.assessed, station.counts_by_hand, station.is_active) == ("2011", True, False)
    assert station.password_digest == digest_of("new456")


def test_a_password_that_is_left_empty_stays(bureau, station):
    bureau.post(of(), {"assessed": "2061", "is_active": "on"})
    station.refresh_from_db()
    assert station.password_digest == digest_of("123456")
    assert station.is_active


def test_settings_that_are_wrong_change_nothing(bureau, station):
    answer = bureau.post(of(), {"assessed": "9999", "password": "short"})
    assert answer.status_code == 422
    station.refresh_from_db()
    assert (station.assessed, station.is_active) == ("2061", True)


# What a factor means --------------------------------------------------------------------


def test_what_a_factor_means_is_said_and_its_values_come_in(bureau, border, station):
    arrive(segment("w99999-Avg=0.42"))
    address = reverse("station-factor", args=[MN])
    assert "1 条报文等着这个因子" in page(bureau, f"{address}?factor=w99999")
    said = words(bureau.post(address, {"factor": "w99999", "indicator": "TP"}, follow=True))
    assert "已认定因子 w99999。已重放 1 条；相关月份随后重新核算。" in said
    assert "w99999 总磷 bureau" in said
    assert "TP" in Sent(border.section).at()


def test_a_factor_may_be_left_unread_and_said_otherwise_later(bureau, station):
    arrive(segment("w99999-Avg=0.42"))
    address = reverse("station-factor", args=[MN])
    said = words(bureau.post(address, {"factor": "w99999", "indicator": "-"}, follow=True))
    assert "不读取，作废 1 条" in said
    assert "现在认定为不读取" in page(bureau, f"{address}?factor=w99999")
    bureau.post(address, {"factor": "w99999", "indicator": "TP"})
    assert FactorMeaning.objects.get().indicator.code == "TP"


@pytest.mark.parametrize("given", [{}, {"factor": "w99999"}, {"factor": "", "indicator": "TP"},
                                   {"factor": "w99999", "indicator": "XX"}])  # fmt: skip
def test_a_factor_without_a_meaning_is_asked_for(bureau, station, given):
    assert bureau.post(reverse("station-factor", args=[MN]), given).status_code == 422
    assert not FactorMeaning.objects.exists()


# Elsewhere ------------------------------------------------------------------------------


def test_a_sections_page_names_its_station_to_whom_may_see_it(bureau, people, border, station):
    address = reverse("section", args=["BORDER"])
    fragment = reverse("section-stations", args=["BORDER"])
    assert fragment in bureau.get(address).content.decode()
    arrive(segment(ammonia("0.31")))
    with moved_to(timezone.now() + timedelta(minutes=3, seconds=5)):
        assert f"自动站 MN {MN} ，最近报文 3 分钟前" in page(bureau, fragment)
    other = Client()
    other.force_login(people.district)
    assert fragment not in other.get(address).content.decode()


def test_a_page_left_open_does_not_put_off_the_end_of_the_session(bureau, station):
    row = SignInSession.objects.filter(session_key=digest(bureau.session.session_key))
    before = row.get().last_seen_at - timedelta(minutes=10)
    row.update(last_seen_at=before)
    bureau.get(reverse("section-stations", args=["BORDER"]))
    assert row.get().last_seen_at == before
    bureau.get(reverse("section", args=["BORDER"]))
    assert row.get().last_seen_at > before


def test_a_section_without_a_station_says_nothing_of_one(bureau, border):
    text = bureau.get(reverse("section", args=["BORDER"])).content.decode()
    assert "自动站" not in text


def test_commits_of_the_gateway_are_left_out_of_the_imports_and_open_with_their_packets(
    bureau, station
):
    arrive(segment(ammonia("0.31")))
    batch = ImportBatch.objects.get()
    assert "还没有导入过监测数据" in page(bureau, reverse("data"))
    text = page(bureau, reverse("batch", args=[batch.pk]))
    assert "HJ 212 报文" in text
    assert "网关 20" in text
    assert "w21003-Avg=0.31" in text


def test_packets_that_wait_are_one_task_of_the_bureau(bureau, station):
    work = reverse("work")
    assert "报文无法入库" not in page(bureau, work)
    arrive(segment("w99999-Avg=1;w99998-Avg=2"))
    assert len(open_letters()) == 2
    assert "2 条报文无法入库" in page(bureau, work)
    assert "1 项待办" in page(bureau, work)


@pytest.mark.parametrize("who", ["treasury", "district", "township", "admin", "auditor"])
def test_stations_and_letters_are_not_there_for_others(people, station, who):
    arrive(segment("w99999-Avg=1"))
    client = Client()
    client.force_login(getattr(people, who))
    letter = DeadLetter.objects.get()
    for name, arguments in (
        ("station-list", []), ("station", [MN]), ("station-factor", [MN]), ("letter-list", []),
        ("letter", [letter.pk]), ("letter-dismiss", []), ("section-stations", ["BORDER"]),
    ):  # fmt: skip
        assert client.get(reverse(name, args=arguments)).status_code == 404, name
