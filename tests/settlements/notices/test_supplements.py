"""补充通报: what one act brought of months published before is one task, done at one act by two."""

from datetime import date

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification
from monitoring.models import Section
from settlements import pipeline
from settlements.models import Accrual, AgreementMonth, Notice
from settlements.moving.acts import Refused
from settlements.notices.services.notices import IncompleteMonth
from settlements.notices.services.supplements import (
    months_to_supplement,
    prepare_supplements,
    sign_supplements,
)
from settlements.work.queries.work import counts, todo
from tests.settlements.accruals.test_fuse_of_two import second_border
from tests.told_once import World, bare, told_once
from tests.worlds import publish_year

NOW = date(2024, 2, 5)
MONTHS = [date(2023, n, 1) for n in range(1, 13)]


def an_agreement_of_last_year() -> World:
    """2023 of one agreement was published; another comes into force today, from January 2023."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    other = second_border(border)
    for when in border.months("2023-01", "2023-12"):
        other.measured(when, "II")
    with moved_to(NOW):
        pipeline.recompute()
    # Only of 2023: what lies before belongs to no notice of this world.
    Accrual.objects.filter(term__agreement=other.agreement, period__lt="2023-01-01").delete()
    return world


told = told_once(an_agreement_of_last_year)


@pytest.fixture(autouse=True)
def today(told):
    with moved_to(NOW):
        yield


def tasks(person) -> dict[str, list[str]]:
    viewer = viewer_of(person)
    return {g.key: [t.title for t in g.tasks] for g in todo(viewer, counts(viewer))}


def test_twelve_months_are_one_task_without_a_deadline_long_past(people):
    assert months_to_supplement() == MONTHS
    found = tasks(people.bureau)
    assert found["supplements-to-prepare"] == ["补充通报：测试河协议"]
    assert "months-to-prepare" not in found or not any(
        "2023" in title for title in found["months-to-prepare"]
    )


def test_they_are_prepared_at_one_act_and_signed_at_another_by_another(people):
    made = prepare_supplements(months=MONTHS, by=people.bureau)
    assert [n.month for n in made] == MONTHS
    assert {n.due_on for n in made} == {NOW}
    assert "supplements-to-sign" not in tasks(people.bureau)
    assert tasks(people.bureau2)["supplements-to-sign"] == ["签发补充通报"]
    assert "notices-to-sign" not in tasks(people.bureau2)
    with pytest.raises(Refused, match="另一人"):
        sign_supplements(notices=made, by=people.bureau)
    assert not Notice.objects.filter(pk__in=[n.pk for n in made], state="published").exists()
    with pytest.raises(Refused, match="已在编制"):  # twice is once
        prepare_supplements(months=MONTHS, by=people.bureau)
    sign_supplements(notices=made, by=people.bureau2)
    with pytest.raises(Refused):
        sign_supplements(notices=made, by=people.bureau2)
    assert not Accrual.objects.filter(period__year=2023, state="preliminary").exists()
    begun = AgreementMonth.objects.filter(agreement__code="ZWEI")
    assert sorted(begun.values_list("month", flat=True)) == MONTHS
    assert months_to_supplement() == []
    told_of = Notification.objects.filter(text__contains="补充通报")
    by_person = {n.user.username: n.text for n in told_of if "已发布" in n.text}
    assert set(by_person) == {"district", "downstream"}
    assert "2023年1月至2023年12月的补充通报 12 份已发布" in by_person["district"]
    prepared = [n.user for n in told_of if "待签发" in n.text]
    assert prepared == [people.bureau2]


def test_a_month_that_lacks_something_keeps_all_of_them_back(people, border):
    border.measured("2023-05", "III", section=Section.objects.get(code="SECOND"))  # not recomputed
    with pytest.raises(IncompleteMonth, match="ZWEI：第二断面断面 2023-05 的数据待重算"):
        prepare_supplements(months=MONTHS, by=people.bureau)
    assert not Notice.objects.filter(state="prepared").exists()


def test_a_month_that_is_no_supplement_is_refused(people):
    prepare_supplements(months=MONTHS[:2], by=people.bureau)
    with pytest.raises(Refused, match="2023年2月没有待补充通报的核算结果"):
        prepare_supplements(months=MONTHS[1:3], by=people.bureau)
    assert Notice.objects.filter(state="prepared").count() == 2
