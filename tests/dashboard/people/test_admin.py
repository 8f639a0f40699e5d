"""Django's admin: reference data, for the role that may edit them and nobody else."""

import pytest
from django.contrib import admin

from basins.models import (
    AccessEvent,
    CalendarDay,
    Jurisdiction,
    PersonAct,
    River,
    RiverReach,
    Role,
    User,
)
from jobs.models import Job
from monitoring.models import (
    Assessment,
    ImportBatch,
    Indicator,
    MonthlyMean,
    Reading,
    ReadingRevision,
    SamplingPlan,
    Section,
    Target,
)
from settlements.models import Accrual, Agreement, JournalEntry, Posting, Term
from tests.blank import blank_pages

PAGES = (
    "/admin/basins/jurisdiction/",
    "/admin/basins/river/",
    "/admin/monitoring/section/",
    "/admin/monitoring/indicator/",
    "/admin/jobs/job/",
)
PASSWORD, OTHER = "zwei-Boote-am-Steg", "drei-Kraniche-im-Nebel"
OTHERS = ("bureau", "treasury", "district", "township", "auditor", "station", "nobody")


@pytest.fixture
def administrator(people, client):
    client.force_login(people.admin)
    return people.admin


@pytest.mark.parametrize("address", PAGES)
def test_the_admin_role_opens_every_page(border, administrator, client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("address", PAGES)
@blank_pages()
def test_no_other_role_opens_one_even_as_staff(border, people, client, address, name):
    person = getattr(people, name)
    person.is_staff = person.is_superuser = True
    person.save()
    client.force_login(person)
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("address", PAGES)
def test_without_the_staff_mark_the_role_alone_does_not_open_it(people, client, address):
    people.admin.is_staff = False
    people.admin.save()
    client.force_login(people.admin)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/admin/", *PAGES, "/admin/login/", "/admin/password_change/"])
def test_who_may_not_open_it_finds_nothing_there_and_is_kept_as_refused(people, client, address):
    client.force_login(people.district)
    assert client.get(address).status_code == 404
    refused = AccessEvent.objects.get(kind=AccessEvent.Kind.REFUSED)
    assert (refused.user, refused.path) == (people.district, address)


@pytest.mark.parametrize("address", ["/admin/", "/admin/basins/river/", "/admin/password_change/"])
def test_one_signs_in_on_the_sites_own_page_and_comes_back(people, client, address):
    answer = client.get(address, follow=True)
    assert answer.redirect_chain[-1] == (f"/sign-in/?next={address}", 302)


def test_it_has_no_sign_in_and_no_change_of_password_of_its_own(people, client):
    people.admin.set_password(PASSWORD)
    people.admin.save()
    typed = {"username": people.admin.username, "password": PASSWORD}
    assert client.post("/admin/login/", typed)["Location"] == "/sign-in/?next=/admin/"
    assert "_auth_user_id" not in client.session
    client.force_login(people.admin)
    given = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}
    assert client.post("/admin/password_change/", given)["Location"] == "/account/"
    people.admin.refresh_from_db()
    assert people.admin.check_password(PASSWORD)


def test_the_front_page_names_only_what_may_be_edited(border, people, client):
    client.force_login(people.admin)
    assert "/admin/monitoring/section/" in client.get("/admin/").content.decode()
    people.bureau.is_staff = True
    people.bureau.save()
    client.force_login(people.bureau)
    assert "/admin/monitoring/" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "model",
    [
        Reading,
        ReadingRevision,
        MonthlyMean,
        Assessment,
        ImportBatch,
        Accrual,
        JournalEntry,
        Posting,
        User,
        Role,
        PersonAct,
        Agreement,
        Term,
        CalendarDay,
    ],
)
def test_what_follows_from_facts_or_has_a_page_of_its_own_is_never_edited(model):
    assert not admin.site.is_registered(model)


@pytest.mark.parametrize(
    ("model", "add", "change", "delete"),
    [
        (Jurisdiction, True, True, True),
        (River, True, True, True),
        (Section, True, True, True),
        (Indicator, False, True, False),
        (Job, False, False, False),
    ],
)
def test_what_the_admin_role_may_do(people, rf, model, add, change, delete):
    page = admin.site.get_model_admin(model)
    request = rf.get("/")
    request.user = people.admin
    assert page.has_add_permission(request) is add
    assert page.has_change_permission(request) is change
    assert page.has_delete_permission(request) is delete
    request.user = people.bureau
    assert not page.has_view_permission(request)
    assert not page.has_module_permission(request)


@pytest.mark.parametrize("model", [RiverReach, Target, SamplingPlan])
def test_parts_of_a_page_ask_the_same_table(people, rf, model):
    inlines = [
        inline
        for page in admin.site._registry.values()
        for inline in page.get_inline_instances(request_of(rf, people.admin), people.admin)
        if inline.model is model
    ]
    assert len(inlines) == 1
    assert inlines[0].has_add_permission(request_of(rf, people.admin), None)
    assert not inlines[0].has_change_permission(request_of(rf, people.bureau), None)


def request_of(rf, user):
    request = rf.get("/")
    request.user = user
    return request


def section_form(section, **changes):
    data = {
        "code": section.code,
        "name": section.name,
        "province": section.province_id,
        "river": section.river_id,
        "km": section.km,
        "water_body": section.water_body,
        "upstream": section.upstream_id,
        "downstream": section.downstream_id,
        "grade": section.grade,
        "targets-TOTAL_FORMS": 0,
        "targets-INITIAL_FORMS": 0,
        "sampling_plans-TOTAL_FORMS": 0,
        "sampling_plans-INITIAL_FORMS": 0,
    }
    return data | changes


def test_a_target_is_entered_beside_its_section(border, administrator, client):
    form = section_form(
        border.section,
        **{
            "name": "交界二",
            "targets-TOTAL_FORMS": 1,
            "targets-0-section": border.section.pk,
            "targets-0-water_class": 2,
            "targets-0-in_force_0": "2010-01-01",
            "targets-0-in_force_1": "2015-01-01",
            "targets-0-source": "功能区划",
        },
    )
    response = client.post(f"/admin/monitoring/section/{border.section.pk}/change/", form)
    assert response.status_code == 302
    border.section.refresh_from_db()
    assert border.section.name == "交界二"
    assert border.section.targets.filter(water_class=2).exists()


@pytest.mark.parametrize(
    ("first", "second", "accepted"),
    [
        (("2015-01-01", "2016-01-01"), ("2016-01-01", ""), True),
        (("2016-01-01", ""), ("", "2016-01-01"), True),
        (("2015-01-01", ""), ("2016-01-01", ""), False),
        (("", "2017-01-01"), ("", "2016-01-01"), False),
    ],
)
def test_targets_follow_one_another_or_are_refused_in_words(
    border, administrator, client, first, second, accepted
):
    border.section.targets.all().delete()
    rows = {"targets-TOTAL_FORMS": 2}
    for number, (start, end) in enumerate((first, second)):
        rows |= {
            f"targets-{number}-section": border.section.pk,
            f"targets-{number}-water_class": 2,
            f"targets-{number}-in_force_0": start,
            f"targets-{number}-in_force_1": end,
            f"targets-{number}-source": "功能区划",
        }
    response = client.post(
        f"/admin/monitoring/section/{border.section.pk}/change/",
        section_form(border.section, **rows),
    )
    assert response.status_code == (302 if accepted else 200)
    assert accepted or "有效期重叠" in response.content.decode()
    assert border.section.targets.count() == (2 if accepted else 0)


def test_another_section_may_have_its_target_at_the_same_time(border, administrator, client):
    other = Section.objects.create(
        code="OTHER", name="另一个", province=border.section.province, river=border.river, km=20
    )
    form = section_form(
        other,
        **{
            "upstream": "",
            "downstream": "",
            "targets-TOTAL_FORMS": 1,
            "targets-0-section": other.pk,
            "targets-0-water_class": 2,
            "targets-0-in_force_0": "2015-01-01",
            "targets-0-in_force_1": "",
            "targets-0-source": "功能区划",
        },
    )
    response = client.post(f"/admin/monitoring/section/{other.pk}/change/", form)
    assert response.status_code == 302
    assert other.targets.get().water_class == 2


def test_a_list_of_sections_asks_the_same_however_long(
    border, administrator, client, django_assert_max_num_queries
):
    for number in range(20):
        Section.objects.create(
            code=f"S{number}",
            name=f"断面{number}",
            province=border.section.province,
            river=border.river,
            upstream=border.upstream,
            downstream=border.downstream,
        )
    with django_assert_max_num_queries(12):
        assert client.get("/admin/monitoring/section/").status_code == 200
