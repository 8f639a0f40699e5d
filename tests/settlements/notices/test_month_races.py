"""Two at once, with real connections: one signs off, one confirms last, each thing happens once."""

from datetime import date

import pytest

from basins.clock import moved_to
from settlements import tasks
from settlements.models import AgreementMonth, MonthConfirmation, Notice, StateMove
from settlements.moving.acts import Refused
from settlements.notices.services.months import confirm_month, finalise_due, lapse_due
from settlements.notices.services.notices import prepare_notice, sign_off_notice
from tests.at_once import at_once
from tests.published import agreement_month, person, published
from tests.worlds import Border, People, month


@pytest.fixture
def world(committed) -> tuple[Border, People]:
    border, people = Border.make(), People.make()
    border.assessed("2023-04", "IV")
    return border, people


def test_two_who_prepare_at_once_make_one_draft(world):
    _, people = world
    answers = at_once(
        lambda: prepare_notice(month=month("2023-04"), by=people.bureau),
        lambda: prepare_notice(month=month("2023-04"), by=people.bureau2),
    )
    assert sum(isinstance(a, Notice) for a in answers) == 1
    assert Notice.objects.count() == 1


def test_two_who_sign_off_at_once_publish_once(world):
    _, people = world
    third = person("bureau3", "bureau")
    notice = prepare_notice(month=month("2023-04"), by=people.bureau)
    answers = at_once(
        lambda: sign_off_notice(notice=notice, by=people.bureau2),
        lambda: sign_off_notice(notice=notice, by=third),
    )
    assert sum(isinstance(a, Refused) for a in answers) == 1
    assert AgreementMonth.objects.count() == 1
    assert StateMove.objects.filter(thing="notice", event="sign_off").count() == 1
    assert list(Notice.objects.values_list("number", flat=True)) == [1]


def test_two_notices_signed_off_at_once_take_one_number_each(world):
    border, people = world
    border.assessed("2023-05", "IV")
    notices = [prepare_notice(month=month(m), by=people.bureau) for m in ("2023-04", "2023-05")]
    at_once(*(lambda n=n: sign_off_notice(notice=n, by=people.bureau2) for n in notices))
    assert sorted(Notice.objects.values_list("number", flat=True)) == [1, 2]


def test_two_parties_that_confirm_at_once_confirm_the_month_once(world):
    border, people = world
    published(people, "2023-04")
    found = agreement_month(border, "2023-04")
    at_once(
        lambda: confirm_month(agreement_month=found, by=people.district),
        lambda: confirm_month(agreement_month=found, by=people.downstream),
        lambda: confirm_month(agreement_month=found, by=people.downstream),
    )
    found.refresh_from_db()
    assert found.state == "confirmed"
    assert MonthConfirmation.objects.count() == 2
    assert StateMove.objects.filter(thing="month", event="confirm").count() == 1


def test_a_confirmation_and_the_lapse_at_once_confirm_the_month_once(world):
    border, people = world
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
    found = agreement_month(border, "2023-04")
    confirm_month(agreement_month=found, by=people.district)
    at_once(
        lambda: confirm_month(agreement_month=found, by=people.downstream),
        lapse_due,
        lapse_due,
        finalise_due,
    )
    moves = StateMove.objects.filter(thing="month", source="published", target="confirmed")
    assert moves.count() == 1


def test_the_daily_round_twice_at_once_does_it_once(world):
    border, people = world
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
    lapse_due()
    at_once(tasks.daily, tasks.daily, tasks.refresh_deadlines)
    assert agreement_month(border, "2023-04").state == "final"
    assert StateMove.objects.filter(thing="month", event="finalise").count() == 1
