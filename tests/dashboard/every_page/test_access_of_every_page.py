"""Each role's view of each address, against one table; and that table against the access table.

What was refused is kept as such; what there is not is no refusal.

A refusal is one status: 404 for a person whose role opens pages, as if nothing were there; 403
for stations and people without a role; the sign-in for who has not signed in (401 under /api/).
"""

from collections.abc import Callable
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings

from basins.access import PEOPLE, TABLE, Act, Scope, viewer_of
from basins.clock import moved_to
from basins.models import AccessEvent, Notification
from dashboard.frame.acting import ACTS, OF_EVENTS
from settlements.models import (
    Adjustment,
    AgreementDraft,
    Carryover,
    Correction,
    FuseTrip,
    IssueRequest,
    Notice,
    Objection,
    OpeningBatch,
    Payment,
    Reversal,
    Settlement,
)
from settlements.moving.told import WAITING
from settlements.work.queries.sources.listed import SOURCES
from tests.blank import BLANK
from tests.every_page import Everything, routes
from tests.money_world import MAIN, TODAY, rolled_back

ROLES = ("bureau", "treasury", "district", "stranger", "township", "admin", "auditor")
OTHERS = ("station", "nobody", None)
STATUS = {"o": 200, ">": 302, "!": 422, "?": 400, ".": 404, "-": 405, "x": 403}

# An address, whom it answers (GET, POST), and the act of the access table it stands for. The
# columns are ROLES: 上游区 is party to what is shown, `stranger` (外人区) and 上游镇 are not.
#   o  the page, 200             >  goes on elsewhere, 302      !  asks for more, 422
#   ?  must name its button, 400
#   ^  on to the page above, 302: it only takes posts; for everyone
#   .  nothing there, 404        -  not by this method, 405 for everyone
#   x  not by a session, 403: it takes a token
# Of the act nothing is said where another thing than the role decides: whose it is.
ROWS = """
/                                                                  ooooooo  -        SEE_RESULTS
basins/                                                            ooooooo  -        SEE_RESULTS
basins/<str:code>/                                                 oooo.oo  -        SEE_RESULTS
sections/                                                          ooooooo  -        SEE_RESULTS
sections/<str:code>/                                               oooo.oo  -        SEE_RESULTS
districts/                                                         ooooooo  -        SEE_RESULTS
districts/<str:code>/                                              oooo.oo  -        SEE_RESULTS
agreements/                                                        ooooooo  -        SEE_AGREEMENTS
agreements/new/                                                    .....o.  .....>.  EDIT_AGREEMENTS
agreements/drafts/<int:pk>/check/                                  .....o.  .....?.  EDIT_AGREEMENTS
agreements/drafts/<int:pk>/documents/<int:document>/               .....o.  -        EDIT_AGREEMENTS
agreements/drafts/<int:pk>/<str:step>/                             .....>.  .....>.  EDIT_AGREEMENTS
agreements/<str:code>/documents/<int:document>/                    oooo.oo  -        SEE_AGREEMENTS
agreements/<str:code>/amend/                                       .....o.  .....!.  EDIT_AGREEMENTS
agreements/<str:code>/                                             oooo.oo  -        SEE_AGREEMENTS
notices/                                                           oooo.oo  -        SEE_RESULTS
notices/missing/                                                   oo...oo  -        SEE_DRAFTS
notices/prepare/                                                   o......  !......  PUBLISH
notices/supplements/                                               o......  !......  PUBLISH
notices/supplements/sign/                                          o......  !......  PUBLISH
notices/<int:pk>/                                                  oooo.oo  -        SEE_RESULTS
notices/<int:pk>/paper.<str:format>                                oooo.oo  -        SEE_RESULTS
notices/<int:pk>/sign/                                             >......  ?......  PUBLISH
notices/<int:pk>/remind/                                           ^        .......
settlements/<str:code>/<int:year>/<int:month>/confirm/             ..>....  ..>....  CONFIRM
settlements/<str:code>/<int:year>/<int:month>/remind/              ^        .......
work/                                                              ooooooo  -        SEE_RESULTS
work/star/                                                         ^        >>>>.>>
work/looked-at/                                                    ^        >>>>>>>  SEE_RESULTS
notifications/                                                     ooooooo  -        SEE_RESULTS
notifications/read/                                                ^        >>>>>>>  SEE_RESULTS
notifications/delivery/                                            ooooooo  ooooooo  SEE_RESULTS
notifications/mail/                                                .....o.  .......  EDIT_USERS
notifications/<int:pk>/                                            ..>....  -
objections/                                                        ooooooo  -        SEE_RESULTS
objections/new/                                                    o.oo...  o.oo...
settlements/<str:code>/<int:year>/<int:month>/object/              ..o....  ..o....  OBJECT
objections/<int:pk>/                                               ooo..oo  -        SEE_RESULTS
objections/<int:pk>/evidence/                                      ^        !.!....
objections/<int:pk>/evidence/<int:number>/                         ooo..oo  -        SEE_RESULTS
objections/<int:pk>/reply/                                         ^        !.!....
objections/<int:pk>/withdraw/                                      ..o....  ..>....  OBJECT
objections/<int:pk>/decide/                                        o......  !......  DECIDE
objections/<int:pk>/remeasurement/                                 ^        !......  DECIDE
data/joint-samples/                                                oo...oo  -        SEE_RESULTS
data/joint-samples/new/                                            o......  !......  REVIEW_DATA
data/joint-samples/<int:pk>/reserve/                               o......  !......  REVIEW_DATA
data/samples/                                                      oooo.oo  -        SEE_DRAFTS
data/samples/new/                                                  o......  !......  REVIEW_DATA
data/samples/<int:pk>/                                             ooo..oo  -        SEE_DRAFTS
data/samples/<int:pk>/correct/                                     o......  !......  REVIEW_DATA
data/samples/<int:pk>/report/                                      ooo..oo  -        SEE_DRAFTS
data/review/                                                       o......  -        REVIEW_DATA
data/review/judge/                                                 .......  .......
data/review/evidence/<int:pk>/                                     ooo..oo  -        SEE_DRAFTS
settlements/<str:code>/<int:year>/sign/                            ..>....  ..>....
settlements/<str:code>/<int:year>/confirm/                         ..>....  ..>....
settlements/<str:code>/<int:year>/refuse/                          ..>....  ..>....
settlements/<str:code>/<int:year>/remind/                          .......  .......
settlements/<str:code>/<int:year>/decide-silent/                   .......  .......
settlements/signatures/<int:pk>/scan/                              .......  -
refusals/<int:pk>/                                                 ooo..oo  -
refusals/<int:pk>/scan/                                            .......  -
refusals/<int:pk>/<str:event>/                                     ..o....  ..!....
settlements/<str:code>/<int:year>/prepare/                         >......  >......  CLOSE
settlements/<str:code>/<int:year>/return/                          >......  >......  CLOSE
settlements/<str:code>/<int:year>/close/                           >......  >......  CLOSE
adjustments/                                                       oooo.oo  -        SEE_DRAFTS
adjustments/stops/<int:pk>/                                        ooo..oo  -        SEE_DRAFTS
adjustments/stops/<int:pk>/<str:event>/                            o......  !......  ADJUST
adjustments/<int:pk>/                                              ooo..oo  -        SEE_DRAFTS
adjustments/<int:pk>/<str:event>/                                  >......  >......  ADJUST
funds/                                                             oooo..o  -
funds/export.<str:form>                                            oooo..o  -
funds/new/                                                         ..oo...  ..!!...  CONFIRM
funds/<int:pk>/                                                    ooo...o  -
funds/<int:pk>/spend/                                              ..o....  ..!....  CONFIRM
funds/<int:pk>/correct/                                            ..o....  ..!....  CONFIRM
funds/<int:pk>/reduce/                                             ..o....  ..!....  CONFIRM
funds/spendings/<int:pk>/file/                                     ooo...o  -
measures/                                                          oooo.oo  -        SEE_DRAFTS
measures/new/                                                      o......  !......  DECIDE
measures/<int:pk>/                                                 ooo..oo  -        SEE_DRAFTS
measures/<int:pk>/report/                                          ..o....  ..!....  CONFIRM
measures/<int:pk>/lift/                                            o......  !......  DECIDE
settlements/                                                       ooooooo  -        SEE_RESULTS
settlements/<str:code>/<int:year>/                                 oooo.oo  -        SEE_RESULTS
settlements/<str:code>/<int:year>/<int:month>/                     oooo.oo  -        SEE_RESULTS
accruals/<int:pk>/                                                 ooo..oo  -        SEE_RESULTS
ledger/                                                            ooooooo  -        SEE_LEDGER
ledger/accounts/<int:pk>/                                          ooo..oo  -        SEE_LEDGER
ledger/entries/<int:pk>/                                           ooo..oo  -        SEE_LEDGER
ledger/entries/<int:pk>/reverse/                                   .>.....  .>.....  RECORD_PAYMENT
ledger/arrears/                                                    ooooooo  -        SEE_LEDGER
ledger/demands/                                                    ooooooo  -        SEE_LEDGER
ledger/demands/<int:pk>/                                           ooo..oo  -        SEE_LEDGER
ledger/demands/<int:pk>/paper.<str:format>                         ooo..oo  -        SEE_LEDGER
ledger/export/<str:what>.<str:form>                                ooooooo  -        SEE_LEDGER
ledger/payments/                                                   ooooooo  -        SEE_LEDGER
ledger/payments/new/                                               .o.....  .!.....  RECORD_PAYMENT
ledger/payments/<int:pk>/                                          ooo..oo  .?.....  SEE_LEDGER
ledger/payments/<int:pk>/slips/                                    ^        .!.....  RECORD_PAYMENT
ledger/payments/<int:pk>/<str:event>/                              .......  .......
ledger/payments/<int:pk>/slips/<int:number>/                       ooo..oo  -        SEE_LEDGER
ledger/payments/<int:pk>/consents/<int:number>/                    .......  -
ledger/reversals/<int:pk>/                                         oo...oo  .?.....  SEE_LEDGER
ledger/statements/<int:pk>/correct/                                .o.....  .!.....  RECORD_PAYMENT
ledger/corrections/<int:pk>/                                       oo...oo  .?.....  SEE_LEDGER
ledger/carryovers/                                                 oo...oo  -        SEE_LEDGER
ledger/carryovers/new/<str:code>/                                  .o.....  .!.....  RECORD_PAYMENT
ledger/carryovers/<int:pk>/                                        oo...oo  .?.....  SEE_LEDGER
ledger/accounts/<int:pk>/close/                                    .o.....  .!.....  RECORD_PAYMENT
ledger/reconcile/                                                  ooooooo  -        SEE_LEDGER
ledger/reconcile/<int:pk>/                                         .oo....  .!!....  RECONCILE
ledger/verify/                                                     ooooooo  -        SEE_LEDGER
ledger/checks/                                                     oo....o  >>....>
ledger/opening/                                                    oo...oo  .!.....  SEE_LEDGER
ledger/opening/<int:pk>/                                           oo...oo  ??.....  SEE_LEDGER
data/                                                              o......  -        UPLOAD_READINGS
data/templates/<str:layout>.<str:format>                           o......  -        UPLOAD_READINGS
data/upload/                                                       o......  !......  UPLOAD_READINGS
data/uploads/<int:pk>/                                             o......  -        UPLOAD_READINGS
data/uploads/<int:pk>/columns/                                     ^        >......  UPLOAD_READINGS
data/uploads/<int:pk>/import/                                      ^        >......  UPLOAD_READINGS
data/uploads/<int:pk>/cancel/                                      ^        >......  UPLOAD_READINGS
data/uploads/<int:pk>/errors/                                      o......  -        UPLOAD_READINGS
data/batches/<int:pk>/                                             o......  -        UPLOAD_READINGS
data/batches/<int:pk>/undo/                                        o......  !......  UPLOAD_READINGS
data/stations/                                                     o......  !......  UPLOAD_READINGS
data/stations/<str:mn>/                                            o......  !......  UPLOAD_READINGS
data/stations/<str:mn>/factor/                                     o......  !......  UPLOAD_READINGS
data/stations/<str:mn>/replay/                                     ^        >......  UPLOAD_READINGS
data/letters/                                                      o......  -        UPLOAD_READINGS
data/letters/replay/                                               ^        >......  UPLOAD_READINGS
data/letters/dismiss/                                              o......  !......  UPLOAD_READINGS
data/letters/<int:pk>/                                             o......  -        UPLOAD_READINGS
sections/<str:code>/stations/                                      o......  -        UPLOAD_READINGS
data/export/                                                       ooooooo  !!!!!!!  SEE_RESULTS
data/export/<int:pk>/                                              o......  -
data/export/<int:pk>/cancel/                                       ^        >......
data/export/<int:pk>/file/                                         o......  -
data/observations/                                                 o....o.  -
data/observations/new/                                             o......  !......  REVIEW_DATA
data/observations/upload/                                          o......  !......  REVIEW_DATA
data/observations/record/                                          ^        >......  REVIEW_DATA
data/observations/template.csv                                     o......  -        REVIEW_DATA
data/observations/<int:pk>/                                        o....o.  -
data/water-bodies/                                                 o....o.  -
data/water-bodies/<str:code>/                                      o......  !......  REVIEW_DATA
rulings/                                                           oooo.oo  -        SEE_DRAFTS
rulings/new/                                                       o......  !......  REVIEW_DATA
rulings/<int:pk>/                                                  ooo..oo  o......  SEE_DRAFTS
rulings/<int:pk>/evidence/                                         ooo..oo  -        SEE_DRAFTS
rules/                                                             .....o.  -        EDIT_AGREEMENTS
rules/<str:code>/                                                  .....o.  .....!.  EDIT_AGREEMENTS
simulator/                                                         ooooooo  !!!!!!!  SEE_AGREEMENTS
simulator/runs/                                                    ^        >>>>>>>  SEE_AGREEMENTS
simulator/runs/<int:pk>/                                           o......  -
simulator/runs/<int:pk>/cancel/                                    ^        >......
simulator/s/<str:token>/                                           oooo.oo  -        SEE_AGREEMENTS
simulator/s/<str:token>/copy/                                      ^        >>>>.>>  SEE_AGREEMENTS
simulator/s/<str:token>/delete/                                    o......  >......
simulator/s/<str:token>/export.csv                                 oooo.oo  -        SEE_AGREEMENTS
simulator/s/<str:token>/export.xlsx                                oooo.oo  -        SEE_AGREEMENTS
simulator/s/<str:token>/terms/add/                                 ^        >......
simulator/s/<str:token>/terms/remove/                              ^        >......
simulator/s/<str:token>/terms/<int:number>/                        o......  o......
basis/                                                             ooooooo  -        SEE_RESULTS
basis/choose/                                                      .....>.  .....!.  EDIT_REFERENCE
basis/<int:pk>/withdraw/                                           .....>.  .....>.  EDIT_REFERENCE
calendar/                                                          ooooooo  -        SEE_RESULTS
calendar/announce/                                                 .....>.  .....!.  EDIT_REFERENCE
calendar/acts/<int:pk>/                                            .....o.  .....?.  EDIT_REFERENCE
calendar/day/                                                      .....>.  .....!.  EDIT_REFERENCE
calendar/template.csv                                              ooooooo  -        SEE_RESULTS
start/                                                             oo...oo  oo...oo  SEE_DRAFTS
start/place/                                                       .....o.  .....!.  EDIT_REFERENCE
start/map/                                                         .....o.  .....!.  EDIT_REFERENCE
reference/                                                         oo...oo  -        SEE_RESULTS
reference/<str:kind>/                                              oo...oo  -        SEE_RESULTS
reference/<str:kind>/new/                                          .....o.  .....!.  EDIT_REFERENCE
reference/<str:kind>/import/                                       .....o.  .....!.  EDIT_REFERENCE
reference/<str:kind>/errors.xlsx                                   ^        .....o.  EDIT_REFERENCE
reference/<str:kind>/template.xlsx                                 oo...oo  -        SEE_RESULTS
reference/<str:kind>/export.xlsx                                   oo...oo  -        SEE_RESULTS
reference/<str:kind>/item/<str:key>/                               oo...oo  -        SEE_RESULTS
reference/<str:kind>/item/<str:key>/change/                        .....o.  .....!.  EDIT_REFERENCE
reference/sections/item/<str:key>/<str:act>/                       .....o.  .....!.  EDIT_REFERENCE
reference/<str:kind>/item/<str:key>/<str:act>/                     .....o.  .....!.  EDIT_REFERENCE
people/                                                            .....oo  -        SEE_PEOPLE
people/new/                                                        .....o.  .....!.  EDIT_USERS
people/acts/                                                       .....oo  -        SEE_PEOPLE
people/acts/<int:pk>/                                              .....oo  .....>.  SEE_PEOPLE
people/<int:pk>/                                                   .....oo  -        SEE_PEOPLE
people/<int:pk>/<str:kind>/                                        .....o.  .....!.  EDIT_USERS
audit/                                                             o.....o  -        SEE_AUDIT
audit/access/                                                      ......o  -        SEE_AUDIT
audit/<int:pk>/                                                    ......o  -        SEE_AUDIT
statements/                                                        ooooooo  -        SEE_LEDGER
statements/preview/                                                ooo..oo  -        SEE_LEDGER
statements/issue/                                                  ^        >>.....
statements/exports/                                                ^        >>.....
statements/exports/check/                                          oo.....  -
statements/requests/<int:pk>/                                      oo.....  ??.....
statements/exports/<int:pk>/                                       o......  -
statements/exports/<int:pk>/cancel/                                ^        >......
statements/exports/<int:pk>/file/                                  o......  -
statements/<int:pk>/                                               ooo..oo  -        SEE_LEDGER
statements/<int:pk>/page.css                                       ooo..oo  -        SEE_LEDGER
statements/<int:pk>/paper.<str:format>                             ooo..oo  -        SEE_LEDGER
verify/                                                            ooooooo  !!!!!!!
verify/<str:code>/                                                 ooooooo  !!!!!!!
data/tokens/                                                       o......  -        UPLOAD_READINGS
data/tokens/new/                                                   o......  !......  UPLOAD_READINGS
data/tokens/<int:pk>/change/                                       o......  o......  UPLOAD_READINGS
data/tokens/<int:pk>/revoke/                                       o......  >......  UPLOAD_READINGS
api/v1/accruals/<int:pk>/explanation/                              ooo..oo  -        SEE_RESULTS
api/v1/settlements/<str:code>/<int:year>/<int:month>/explanation/  oooo.oo  -        SEE_RESULTS
api/v1/readings/                                                   ooooooo  xxxxxxx  SEE_RESULTS
api/v1/readings/latest/                                            ooooooo  -        SEE_RESULTS
api/v1/sections/                                                   ooooooo  -        SEE_RESULTS
api/                                                               ooooooo  -        SEE_RESULTS
api/schema/                                                        ooooooo  -
api/.+                                                             .......  -
account/                                                           ooooooo  -
account/password/                                                  >>>>>>>  !!!!!!!
account/sessions/<int:pk>/end/                                     ^        >......
help/                                                              ooooooo  -        SEE_RESULTS
help/<slug:slug>/                                                  ooooooo  -        SEE_RESULTS
about/                                                             ooooooo  -
patterns/                                                          .....o.  -        EDIT_REFERENCE
sign-in/                                                           >>>>>>>  >>>>>>>
session/                                                           ooooooo  -
sign-out/                                                          ^        >>>>>>>
"""
# Stations, people without a role and who has not signed in, where it is not 403, 403 and 302.
OPEN = {
    "/": (200, 200, 302),
    "about/": (200, 200, 302),
    "account/": (200, 200, 302),
    "account/password/": (302, 302, 302),
    "account/sessions/<int:pk>/end/": (302, 302, 302),
    "verify/": (200, 200, 200),
    "verify/<str:code>/": (200, 200, 200),
    "sign-in/": (302, 302, 200),
    "sign-out/": (302, 302, 302),
    "api/schema/": (200, 200, 401),
    "api/.+": (-404, -404, 401),
    "api/v1/readings/": (404, 404, 401),
    "api/v1/readings/latest/": (404, 404, 401),
    "api/v1/sections/": (404, 404, 401),
    "api/v1/accruals/<int:pk>/explanation/": (404, 404, 401),
    "api/v1/settlements/<str:code>/<int:year>/<int:month>/explanation/": (404, 404, 401),
}
# What is asked for beside the address, without which there is nothing to be refused.
GIVEN = {
    "notices/prepare/": {"month": "2024-08"},
    "statements/preview/": {"subject": f"agreement:{MAIN}:2023"},
    "statements/issue/": {"subject": f"agreement:{MAIN}:2023"},
    "statements/exports/": {"year": "2023"},
    "work/star/": {"kind": "agreement", "code": MAIN},
    "people/acts/<int:pk>/": {"action": "reject"},
    "reference/<str:kind>/errors.xlsx": {"rows": "河流代码,河流名称\nX,东河\n"},
}


def rows() -> dict[str, tuple[str, str, str]]:
    found = {}
    for row in ROWS.strip().splitlines():
        route, get, post, *act = row.split()
        found[route] = get, post, act[0] if act else ""
    return found


def part_of(route: str) -> str:
    return route.partition("/")[0] or "overview"


# Posts that try something and keep nothing, or choose what one sees.
NO_ACT = {"verify", "verify-code"}
PARTS = sorted({part_of(route) for route in rows()})


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """To be read: every request's changes are taken back."""
    folder = tmp_path_factory.mktemp("files")
    with (
        rolled_back(django_db_blocker),
        override_settings(VAR_DIR=folder, MEDIA_ROOT=folder, TEMPLATES=BLANK),
    ):
        world = Everything.make()
        with moved_to(TODAY):
            yield world


# Of these, even who may not see them learns that there is nothing.
OPENS_TO_NOBODY = {"api/.+"}


@pytest.fixture(scope="module")
def status(world) -> Callable[[str | None, str, str], int]:
    """The status of a method and address for a person; -404 where nothing noted the refusal."""
    keys = {}
    for who in (*ROLES, *OTHERS[:2], "bureau2", "treasury2"):
        client = Client()
        client.force_login(getattr(world.money.people, who))
        keys[who] = client.cookies[configured.SESSION_COOKIE_NAME].value
    client = Client()

    def status(who: str | None, method: str, address: str, **given) -> int:
        client.cookies = SimpleCookie()
        if who is not None:
            client.cookies[configured.SESSION_COOKIE_NAME] = keys[who]
        with transaction.atomic():
            answer = getattr(client, method)(address, given)
            if answer.streaming:  # a file: read to its end, it closes
                b"".join(answer.streaming_content)
            noted = AccessEvent.objects.filter(kind=AccessEvent.Kind.REFUSED).exists()
            transaction.set_rollback(True)
        refused = answer.status_code in (403, 404) and who is not None
        return answer.status_code if noted is refused else -answer.status_code

    return status


def test_every_address_has_its_row():
    assert {route or "/" for route in routes()} == set(rows())


@pytest.mark.parametrize("part", PARTS)
def test_an_address_opens_for_exactly_those_the_table_names(world, status, part):
    """As the words of the table, so that what differs is read at once."""
    letters = {code: letter for letter, code in STATUS.items() if code != 404} | {204: "o"}
    wrong = {}
    for route, (get, post, _) in rows().items():
        if part_of(route) != part:
            continue
        address = world.address(route.removeprefix("/"))
        for method, wanted in (("get", get), ("post", post)):
            given = GIVEN.get(route, {})
            found = ""
            missing = -404 if route in OPENS_TO_NOBODY else 404
            for who in ROLES if wanted not in ("-", "^") else ("auditor",):
                code = status(who, method, address, **given)
                found += "." if code == missing else letters.get(code, f"({code})")
            if found != (">" if wanted == "^" else wanted):
                wrong[f"{method} {route}"] = found
    assert wrong == {}


@pytest.mark.parametrize("part", PARTS)
def test_head_answers_wherever_get_does(world, status, part):
    """With the status that the table says of GET; which the test before this one holds."""
    for route, (get, _, _) in rows().items():
        if part_of(route) == part:
            who = next(
                (who for who, letter in zip(ROLES, get, strict=False) if letter != "."), None
            )
            address, given = world.address(route.removeprefix("/")), GIVEN.get(route, {})
            asked = status(who, "head", address, **given)
            if who is None or get == "^":
                assert asked == status(who, "get", address, **given), route
            else:
                letter = get if get == "-" else get[ROLES.index(who)]
                assert asked in {"o": (200, 204)}.get(letter, (STATUS[letter],)), route


@pytest.mark.parametrize("part", PARTS)
def test_who_has_no_pages_is_refused_in_one_way(world, status, part):
    for route, (get, _, _) in rows().items():
        if part_of(route) == part:
            address = world.address(route.removeprefix("/"))
            method = "post" if get in ("-", "^") and route not in OPEN else "get"
            found = tuple(status(who, method, address) for who in OTHERS)
            assert found == OPEN.get(route, (403, 403, 302)), route


def test_a_number_there_is_not_is_missing_for_whoever_sees_all_the_others(world, status):
    """So a refusal, 404 above, answers as what there is not."""
    tried = 0
    for route, (get, _, _) in rows().items():
        who = "bureau" if get.startswith("o") else "treasury"
        if "<int:pk>" in route and get[ROLES.index(who) : ROLES.index(who) + 1] == "o":
            address = world.address(route)
            number = next(part for part in address.split("/") if part.isdigit())
            missing = address.replace(f"/{number}/", "/99999999/", 1)
            assert status(who, "get", missing) == -404, route  # nothing was refused
            tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("route", "act", "letters"),
    [(route, Act[act], get if len(get) > 1 else post)
     for route, (get, post, act) in rows().items() if act],
)  # fmt: skip
def test_the_table_of_addresses_says_what_the_access_table_says(route, act, letters):
    """Open to all whose scope is all, closed to all who have none; a part is a part."""
    for who, letter in zip(ROLES, letters, strict=True):
        role = "district" if who == "stranger" else who
        scope = TABLE[act][PEOPLE.index(role)]
        if scope is Scope.ALL:
            assert letter != ".", who
        elif scope is Scope.NONE:
            assert letter == ".", who


def test_every_address_that_takes_an_act_says_in_words_what_it_is_for():
    """Else the trail says of it no more than 网页."""
    unsaid = {
        name
        for route, name in routes().items()
        if rows()[route or "/"][1] != "-"
        and not route.startswith(("api/", "account/", "simulator/"))
        if name not in ACTS and name not in OF_EVENTS
    }
    assert unsaid <= NO_ACT


# Always waited for, whatever else is the case; the others of WAITING wait by day or by what came
# after, and have tests of their own (tests/dashboard/work/test_work.py, tests/settlements).
WAITED_FOR = {
    "notice": (Notice, {"prepared"}),
    "objection": (Objection, {"raised", "answered", "remeasuring"}),
    "adjustment": (Adjustment, {"proposed", "reviewed", "declined"}),
    "settlement": (Settlement, {"confirmed", "prepared", "closed"}),
    "payment": (Payment, {"prepared"}),
    "reversal": (Reversal, {"prepared"}),
    "correction": (Correction, {"prepared"}),
    "carryover": (Carryover, {"prepared"}),
    "opening": (OpeningBatch, {"prepared"}),
    "issue_request": (IssueRequest, {"prepared"}),
    "fuse": (FuseTrip, {"tripped", "releasing", "dropping"}),
    "draft": (AgreementDraft, {"draft", "submitted"}),
}


def test_whatever_waits_for_somebody_stands_on_somebodys_list(world):
    people = world.money.people
    viewers = [viewer_of(getattr(people, who)) for who in (*ROLES, "bureau2", "treasury2")]
    AgreementDraft.objects.create(title="录入中", prepared_by=people.admin).preparers.add(
        people.admin
    )
    nowhere, walked = [], set()
    for thing, (model, states) in WAITED_FOR.items():
        for row in model.objects.filter(state__in=states):
            walked.add(thing)
            lists = [source for source in SOURCES if source.key in WAITING[thing, row.state]]
            stands = any(
                viewer.may(source.act) and source.rows(viewer).filter(pk=row.pk).exists()
                for source in lists
                for viewer in viewers
                if source.rows(viewer).model is model
            )
            if not stands:
                nowhere.append((thing, row.state, row.pk))
    assert nowhere == []
    # Those of which this world has none stand on the same list as those of which it has.
    assert set(WAITED_FOR) - walked <= {"adjustment", "notice"}


def test_whoever_is_told_of_something_can_open_the_page(world, status):
    """Every notification of this world, by the person it was sent to."""
    named = {getattr(world.money.people, who).pk: who for who in (*ROLES, "bureau2", "treasury2")}
    told = Notification.objects.exclude(link="").filter(user__in=named)
    wrong = {}
    for user, link in sorted(set(told.values_list("user", "link"))):
        path, _, query = link.partition("?")
        code = status(named[user], "get", path, **dict(parse_qsl(query)))
        if code not in (200, 302):
            wrong[named[user], link] = code
    assert wrong == {}
    assert told.values("key").distinct().count() > 20
