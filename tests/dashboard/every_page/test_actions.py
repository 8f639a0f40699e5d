"""A button's word nobody knows does nothing: it never falls through to the last act of a view."""

from pathlib import Path

import pytest

from settlements.models import JournalEntry, OpeningBatch, Payment, Reversal
from tests.told_once import World, of_told, told_once, with_ledger

ROOT = Path(__file__).parents[3]


def waiting() -> World:
    """A payment, an opening and a reversal that wait for a second person."""
    world = with_ledger()
    ledger = world["ledger"]
    entry = ledger.owe("1000000")
    ledger.prepare("5")
    Reversal.objects.create(
        entry=ledger.pay("5"), why="x", prepared_by=world["people"].treasury,
        prepared_at="2024-03-21T00:00Z",
    )  # fmt: skip
    OpeningBatch.objects.create(
        on="2023-12-31", filename="期初.csv", sha256="0" * 64, rows=[], prepared_at=entry.booked_at,
        prepared_by=world["people"].treasury,
    )  # fmt: skip
    return world


told = told_once(waiting)
people, ledger = of_told("people"), of_told("ledger")


@pytest.mark.parametrize("action", ["aprove", "Reject", "", None])
@pytest.mark.parametrize("what", [Payment, Reversal, OpeningBatch])
def test_a_misspelt_decision_neither_approves_nor_rejects(client, people, ledger, what, action):
    found = what.objects.filter(state="prepared").earliest("pk")
    page = {Payment: "payments", Reversal: "reversals", OpeningBatch: "opening"}[what]
    client.force_login(people.treasury2)
    typed = {"why": "金额有误"} | ({} if action is None else {"action": action})
    answer = client.post(f"/ledger/{page}/{found.pk}/", typed)
    assert answer.status_code == 400
    assert "什么都没有改动" in answer.content.decode()
    found.refresh_from_db()
    assert found.state == "prepared"


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("treasury", "/ledger/payments/new/"),
        ("treasury", "/ledger/reconcile/{account}/"),
        ("treasury", "/ledger/entries/{entry}/reverse/"),
        ("bureau", "/rulings/new/"),
        ("bureau", "/data/joint-samples/new/"),
        ("bureau", "/data/samples/new/"),
        ("bureau", "/data/observations/new/"),
        ("bureau", "/measures/new/"),
    ],
)
def test_a_word_no_button_has_is_refused_on_every_page_that_takes_one(
    client, people, ledger, who, address
):
    ids = {"account": ledger.account(ledger.up).pk, "entry": JournalEntry.objects.earliest("pk").pk}
    client.force_login(getattr(people, who))
    answer = client.post(address.format(**ids), {"action": "approve"})
    assert answer.status_code == 400


def test_no_view_reads_a_buttons_word_by_itself():
    views = [p for p in (ROOT / "dashboard").rglob("*.py") if p.name != "actions.py"]
    found = [str(p) for p in views if 'POST.get("action"' in p.read_text(encoding="utf-8")]
    assert not found
