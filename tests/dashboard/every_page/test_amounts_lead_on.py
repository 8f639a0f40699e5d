"""From any amount on any page, one click leads to how it came about, or to what it sums up."""

import pytest
from django.urls import resolve, reverse

from basins.clock import moved_to
from settlements import pipeline
from settlements.ledger.services.payments import Kind, prepare_payment
from settlements.models import Notice
from settlements.scenarios.services.scenarios import copy_agreement
from tests.money_links import links, unlinked
from tests.published import published
from tests.slips import approve_payment
from tests.worlds import close_year, month

# Every page that is to show amounts in this world: what the walk must have reached.
WITH_AMOUNTS = {
    *("overview", "basin-list", "basin", "district-list", "district", "agreement"),
    *("settlement-list", "settlement", "settlement-month", "notice", "scenario"),
    *("ledger", "ledger-account", "ledger-arrears", "ledger-payment-list"),
}


@pytest.fixture
def world(border, people) -> Notice:
    """2023 closed and half paid, a month of 2024 in a notice; better and worse months in both."""
    for when in border.months("2023-01", "2024-06"):
        border.measured(when, "IV" if when.endswith("5") else "II")
    pipeline.recompute()
    settlement = close_year(border.agreement, 2023, people, on=month("2024-02"))
    owed = {n.jurisdiction: n.yuan for n in settlement.nets.select_related("jurisdiction")}
    payer, payee = sorted(owed, key=lambda place: owed[place])
    payment = prepare_payment(
        agreement=border.agreement, settlement=settlement, kind=Kind.DIRECT, payer=payer,
        payee=payee, yuan=owed[payee] / 2, paid_on=month("2024-03"), voucher="CZ-1",
        by=people.treasury,
    )  # fmt: skip
    approve_payment(payment=payment, by=people.treasury2)
    with moved_to(month("2024-07")):
        notice = published(people, "2024-06")
    copy_agreement(agreement=border.agreement, name="加倍", by=people.bureau)
    return notice


def test_every_amount_of_every_page_is_inside_or_beside_a_link_that_explains_it(
    world, client, people
):
    """The pages of one month, and then one of each kind they lead to."""
    client.force_login(people.bureau)
    waiting = [
        *(f"/?month=2024-06&table={table}" for table in ("districts", "agreements")),
        "/basins/?month=2024-06",
        reverse("notice", args=[world.pk]),
        reverse("district", args=["500901"]) + "?year=2023",
    ]
    begun = len(waiting)
    seen: set[str] = set()
    shown: set[str] = set()
    found: dict[str, list[str]] = {}
    for at, address in enumerate(waiting):  # grows as it goes
        name = resolve(address.partition("?")[0].partition("#")[0]).url_name
        if name in seen and at >= begun:
            continue
        answer = client.get(address)
        if answer.streaming:  # a file: read to its end, it closes
            b"".join(answer.streaming_content)
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            continue
        seen.add(name)
        page = answer.content.decode()
        if nowhere := unlinked(page):
            found[address] = nowhere
        if 'class="money' in page:
            shown.add(name)
        waiting += [
            link
            for link in links(page, address)
            if link.startswith("/") and not link.startswith(("/api/", "/admin/", "/sign-out"))
        ]
    assert found == {}
    assert shown >= WITH_AMOUNTS


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<tr><td><span class="money">1.00</span></td></tr>', ["1.00"]),
        ('<tr><td><a href="/rules/"><span class="money">1.00</span></a></td></tr>', ["1.00"]),
        ('<p>共 <span class="money">1.00</span></p><p><a href="/accruals/1/">a</a></p>', ["1.00"]),
        ('<tr><td><a href="/accruals/1/"><span class="money">1.00</span></a></td></tr>', []),
        ('<tr><th><a href="/ledger/">a</a></th><td><span class="money">1.00</span></td></tr>', []),
        ('<tfoot><tr><td><span class="money">1.00</span></td></tr></tfoot>', []),
        ('<tr><td><span class="money muted">-</span></td></tr>', []),
        ('<tr><td><span class="money">0.00</span></td></tr>', []),
    ],
)
def test_what_leads_on_is_told_from_what_does_not(html, expected):
    assert unlinked(f"<table>{html}</table>") == expected
