"""断面水体: the list of what waits, and a decision that passes 核对."""

from django.urls import reverse

from monitoring.models import Section
from tests.told_once import of_told, told_once

told = told_once()
border, people = of_told("border"), of_told("people")


def test_a_water_body_is_checked_then_decided_and_leaves_the_list(client, border, people):
    Section.objects.filter(pk=border.section.pk).update(
        name="玉滩水库出口", water_body_why="名称含“水库”，又含“出口”，多为流动的水，按河流"
    )
    client.force_login(people.bureau)
    page = client.get(reverse("water-body-list")).content.decode()
    assert "1 个待核定" in page
    assert "又含“出口”" in page
    address = reverse("water-body", args=["BORDER"])
    given = {"water_body": "lake", "on": "2024-03-20", "source": "渝环函〔2024〕8号"}
    checked = client.post(address, {**given, "action": "check"}).content.decode()
    assert "核对：核定水体" in checked
    assert "湖库" in checked
    assert Section.objects.get(code="BORDER").water_body == "river"
    done = client.post(address, {**given, "action": "do"}, follow=True).content.decode()
    assert "已核定：玉滩水库出口为湖库" in done
    assert "没有待核定的" in done
    assert "渝环函〔2024〕8号" in client.get(
        reverse("water-body-list"), {"state": "decided", "text": "ytskck"}
    ).content.decode()  # fmt: skip


def test_a_month_is_no_day_of_a_decision(client, border, people):
    client.force_login(people.bureau)
    given = {"water_body": "lake", "on": "2024-03", "source": "渝环函〔2024〕8号"}
    answer = client.post(reverse("water-body", args=["BORDER"]), {**given, "action": "check"})
    assert answer.status_code == 422
    assert "没有写到日" in answer.content.decode()
