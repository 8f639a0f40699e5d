"""Signing in: where one lands, what is said when it fails, and who sees which list."""

import re

import pytest

from basins.models import AccessEvent, Role
from basins.ranges import between, today
from tests.worlds import People

PASSWORD = "ganxi-Test-2026"
LISTS = ("/", "/basins/", "/sections/", "/districts/", "/agreements/", "/settlements/", "/ledger/")
SEEING = ("bureau", "treasury", "district", "township", "admin", "auditor", "stranger")


@pytest.fixture
def with_passwords(people) -> People:
    for name in People.__dataclass_fields__:
        user = getattr(people, name)
        user.set_password(PASSWORD)
        user.save()
    return people


def sign_in(client, name, *, password=PASSWORD, next_url=None):
    data = {"username": name, "password": password}
    if next_url is not None:
        data["next"] = next_url
    return client.post("/sign-in/", data)


@pytest.mark.parametrize(
    "name", ["bureau", "treasury", "township", "admin", "auditor", "station", "nobody"]
)
def test_everyone_but_a_district_lands_on_the_overview(with_passwords, client, name):
    response = sign_in(client, name)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_district_official_lands_on_the_own_district(with_passwords, client):
    assert sign_in(client, "district")["Location"] == "/districts/500901/"


def test_coming_from_the_front_page_is_no_wish_to_go_there(with_passwords, client):
    assert sign_in(client, "district", next_url="/")["Location"] == "/districts/500901/"


def test_the_page_asked_for_comes_first(with_passwords, client):
    response = client.get("/sections/?month=2026-10")
    assert response["Location"] == "/sign-in/?next=/sections/%3Fmonth%3D2026-10"
    landed = sign_in(client, "district", next_url="/sections/?month=2026-10")
    assert landed["Location"] == "/sections/?month=2026-10"


def test_a_foreign_address_is_not_followed(with_passwords, client):
    response = sign_in(client, "bureau", next_url="https://elsewhere.example/")
    assert response["Location"] == "/"


@pytest.mark.parametrize(("name", "password"), [("bureau", "wrong"), ("nosuchperson", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    with_passwords, client, name, password
):
    page = sign_in(client, name, password=password)
    assert page.status_code == 200
    assert "用户名或密码不对" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_closed_account_is_answered_like_a_wrong_password(with_passwords, client):
    with_passwords.bureau.is_active = False
    with_passwords.bureau.save()
    assert "用户名或密码不对" in sign_in(client, "bureau").content.decode()


def test_who_is_signed_in_is_led_on(with_passwords, client):
    client.force_login(with_passwords.bureau)
    assert client.get("/sign-in/")["Location"] == "/"
    client.force_login(with_passwords.district)
    assert client.get("/sign-in/")["Location"] == "/districts/500901/"


def test_demo_people_are_named_in_a_demo_alone(db, client, settings):
    settings.INSTALLATION = "demo"
    assert settings.DEMO_PASSWORD in client.get("/sign-in/").content.decode()
    settings.INSTALLATION = "production"
    assert settings.DEMO_PASSWORD not in client.get("/sign-in/").content.decode()


def test_signing_out_needs_a_post(with_passwords, client):
    client.force_login(with_passwords.bureau)
    assert client.get("/sign-out/")["Location"] == "/"
    assert client.get("/about/").context["user"].is_authenticated
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/")["Location"] == "/sign-in/?next=/"


# Who sees which list ---------------------------------------------------------------------


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("name", SEEING)
def test_everyone_with_a_role_sees_every_list(border, people, client, name, address):
    client.force_login(getattr(people, name))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    ("name", "said"), [("station", "只用来报送数据"), ("nobody", "现在没有角色")]
)
def test_who_has_nothing_to_see_is_told_why(border, people, client, name, said, address):
    client.force_login(getattr(people, name))
    page = client.get(address)
    assert page.status_code == (200 if address == "/" else 403)
    assert said in page.content.decode()
    assert "退出" in page.content.decode()


def test_a_role_that_has_ended_is_no_role(people, client):
    began = people.bureau.roles.get().in_force.lower
    Role.objects.filter(user=people.bureau).update(in_force=between(began, today()))
    client.force_login(people.bureau)
    assert "现在没有角色" in client.get("/").content.decode()


def test_a_station_learns_nothing_of_what_exists(border, people, client):
    client.force_login(people.station)
    there, missing = client.get("/sections/BORDER/"), client.get("/sections/NOSUCH/")
    assert there.status_code == missing.status_code == 403
    assert body(there, "BORDER") == body(missing, "NOSUCH")


@pytest.mark.parametrize("address", [a for a in LISTS if a != "/"])
def test_without_signing_in_every_list_asks_for_it(db, client, address):
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={address}")


def test_health_needs_no_one_signed_in(db, client):
    assert client.get("/healthz").status_code == 200


# A foreign object is a missing one -------------------------------------------------------


def body(response, code: str) -> str:
    """The page without what differs by its nature: its own address, tokens and clock."""
    text = response.content.decode().replace(code, "CODE")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "TOKEN", text)
    text = re.sub(r'"x-csrftoken": "[^"]*"', "TOKEN", text)
    return re.sub(r"生成于 [\d :-]+", "CLOCK", text)


def test_a_section_out_of_sight_answers_as_a_missing_one(border, people, client):
    """A township sees the rivers that run through it: none runs through this one."""
    client.force_login(people.township)
    foreign, missing = client.get("/sections/BORDER/"), client.get("/sections/NOSUCH/")
    assert foreign.status_code == missing.status_code == 404
    assert body(foreign, "BORDER") == body(missing, "NOSUCH")


def test_a_settlement_of_strangers_answers_as_a_missing_one(border, people, client):
    border.assessed("2023-05", "II")
    client.force_login(people.stranger)
    foreign = client.get("/settlements/TEST/2023/")
    missing = client.get("/settlements/NONE/2023/")
    assert foreign.status_code == missing.status_code == 404
    assert body(foreign, "TEST") == body(missing, "NONE")


def test_a_draft_agreement_answers_a_stranger_as_a_missing_one(border, people, client):
    border.agreement.state = "draft"
    border.agreement.save()
    client.force_login(people.stranger)
    foreign, missing = client.get("/agreements/TEST/"), client.get("/agreements/NONE/")
    assert foreign.status_code == missing.status_code == 404
    assert body(foreign, "TEST") == body(missing, "NONE")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/agreements/%00/", 404),
        ("/districts/a%00b/", 404),
        ("/?month=%00", 200),
        ("/ledger/?account=%00", 200),
    ],
)
def test_a_nul_in_an_address_is_no_error(client, people, path, status):
    client.force_login(people.bureau)
    assert client.get(path).status_code == status


def test_pages_of_a_signed_in_person_stay_in_no_cache(client, people):
    client.force_login(people.bureau)
    for path in ("/", "/ledger/", "/agreements/NONE/"):
        assert client.get(path)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("length", [151, 256, 5000])
@pytest.mark.parametrize("address", ["/sign-in/", "/admin/login/"])
def test_a_name_longer_than_any_user_has_is_refused_in_words(db, client, address, length):
    answer = client.post(address, {"username": "x" * length, "password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    if address == "/sign-in/":
        assert f"用户名至多 150 个字符，您填了 {length} 个" in answer.content.decode()
    assert not AccessEvent.objects.exists()
