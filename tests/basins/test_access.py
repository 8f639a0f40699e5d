"""Every cell of the table of the people, and how a person's role of a day is found."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from basins.access import PEOPLE, TABLE, Act, Scope, Viewer, viewer_of
from basins.models import Role, User
from basins.ranges import between, today
from tests.past import established
from tests.worlds import jurisdiction

# product.md, "the people", written down a second time and by person instead of by act:
# what is not named is "none".
EXPECTED = {
    "bureau": {
        "all": "see_results see_drafts see_ledger see_agreements review_data upload_readings "
        "publish decide adjust close confirm_for",
        "own": "see_audit",
    },
    "treasury": {
        "all": "see_results see_drafts see_ledger see_agreements record_payment reconcile",
        "own": "sign_year",
    },
    "district": {
        "published": "see_results see_agreements",
        "own": "see_drafts see_ledger reconcile confirm sign_year object handle_work_order",
    },
    "township": {
        "own": "see_results see_ledger see_agreements reconcile sign_year handle_work_order",
    },
    "admin": {
        "all": "see_results see_drafts see_ledger see_agreements edit_agreements edit_reference "
        "edit_users see_people",
    },
    "auditor": {
        "all": "see_results see_drafts see_ledger see_agreements see_audit see_people",
    },
    "station": {
        "own": "upload_readings",
    },
}


def expected(role: str, act: str) -> str:
    return next((scope for scope, acts in EXPECTED[role].items() if act in acts.split()), "none")


@pytest.mark.parametrize("act", [a.value for a in Act])
@pytest.mark.parametrize("role", list(EXPECTED))
def test_each_cell_is_what_the_product_says(role, act):
    viewer = Viewer(user_id=1, role=role, jurisdiction_id=None, jurisdiction_code=None)
    assert viewer.scope(Act(act)).value == expected(role, act)
    assert viewer.may(Act(act)) is (expected(role, act) != "none")
    assert viewer.sees_all(Act(act)) is (expected(role, act) == "all")


def test_the_table_has_a_row_an_act_and_a_column_a_role():
    assert set(TABLE) == set(Act)
    assert {r.value for r in PEOPLE} == {r.value for r in Role.Code} == set(EXPECTED)
    assert {len(row) for row in TABLE.values()} == {len(PEOPLE)}


def test_expectations_name_only_acts_there_are():
    named = {a for scopes in EXPECTED.values() for acts in scopes.values() for a in acts.split()}
    assert named == {a.value for a in Act}


@pytest.mark.parametrize("act", list(Act))
def test_without_a_role_nothing_may_be_done(act):
    nobody = Viewer(user_id=1, role=None, jurisdiction_id=None, jurisdiction_code=None)
    assert nobody.scope(act) is Scope.NONE
    assert not nobody.may(act)


# The role of a day -----------------------------------------------------------------------


@pytest.fixture
def person(db) -> User:
    return User.objects.create(username="someone")


def give(person: User, role: str, start: date | None, end: date | None = None, place=None) -> None:
    with established():
        person.roles.create(role=role, jurisdiction=place, in_force=between(start, end))


def role_on(person: User, day: date) -> str | None:
    return viewer_of(User.objects.get(pk=person.pk), day).role


def test_a_role_begins_on_its_first_day_and_is_over_on_its_last_date(person):
    give(person, "bureau", date(2023, 1, 1), date(2023, 7, 1))
    assert role_on(person, date(2022, 12, 31)) is None
    assert role_on(person, date(2023, 1, 1)) == "bureau"
    assert role_on(person, date(2023, 6, 30)) == "bureau"
    assert role_on(person, date(2023, 7, 1)) is None


def test_one_role_after_another_changes_with_the_day(person):
    give(person, "bureau", None, date(2023, 7, 1))
    give(person, "auditor", date(2023, 7, 1))
    assert role_on(person, date(2023, 6, 30)) == "bureau"
    assert role_on(person, date(2023, 7, 1)) == "auditor"


def test_without_a_day_today_counts(person):
    give(person, "bureau", None, today())
    assert viewer_of(User.objects.get(pk=person.pk)).role is None
    give(person, "auditor", today(), today() + timedelta(days=1))
    assert viewer_of(User.objects.get(pk=person.pk)).role == "auditor"


def test_an_inactive_person_has_no_role(person):
    give(person, "bureau", None)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert role_on(person, today()) is None


def test_a_person_without_a_role_is_a_viewer_of_nothing(person):
    viewer = viewer_of(person)
    assert (viewer.user_id, viewer.role, viewer.jurisdiction_id) == (person.pk, None, None)


def test_someone_not_signed_in_asks_the_database_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert viewer_of(AnonymousUser()).role is None


def test_a_local_official_stands_for_a_place(person):
    place = jurisdiction("500901", "上游区")
    give(person, "district", None, place=place)
    viewer = viewer_of(person)
    assert (viewer.role, viewer.jurisdiction_id) == ("district", place.pk)
    assert viewer.jurisdiction_code == "500901"


def test_the_role_is_asked_for_once(person, django_assert_num_queries):
    give(person, "district", None, place=jurisdiction("500901", "上游区"))
    with django_assert_num_queries(1):
        assert viewer_of(person) == viewer_of(person)


def test_another_day_is_not_answered_from_what_was_kept(person):
    give(person, "bureau", date(2023, 1, 1), date(2023, 7, 1))
    assert viewer_of(person, date(2023, 3, 1)).role == "bureau"
    assert viewer_of(person, date(2024, 3, 1)).role is None
