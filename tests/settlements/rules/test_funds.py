"""Nets turned into payments, and the order of parties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlements.money import yuan
from settlements.rules import funds
from settlements.rules.base import MissingFact


def test_those_who_owe_pay_those_who_are_owed_in_the_order_given():
    nets = {"YN": yuan(-50), "GZ": yuan(30), "SC": yuan(-10), "CQ": yuan(30), "HB": yuan(0)}
    paid = [(t.payer, t.payee, t.yuan) for t in funds.net_transfers(nets, because="x")]
    assert paid == [("YN", "GZ", yuan(30)), ("YN", "CQ", yuan(20)), ("SC", "CQ", yuan(10))]


def test_nets_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="不为零"):
        funds.net_transfers({"YN": yuan(1)}, because="x")


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8))
def test_the_payments_give_everybody_the_net_and_nobody_pays_and_receives(fen):
    nets = {str(i): yuan(Decimal(n).scaleb(-2)) for i, n in enumerate([*fen, -sum(fen)])}
    transfers = funds.net_transfers(nets, because="x")
    for code, net in nets.items():
        paid = sum((t.yuan for t in transfers if t.payer == code), Decimal(0))
        received = sum((t.yuan for t in transfers if t.payee == code), Decimal(0))
        assert received - paid == net
        assert not (paid and received)
    assert len(transfers) < len(nets)


def test_parties_go_from_the_source_down_and_then_by_code():
    ratios = {"SC": Decimal(4), "YN": Decimal(1), "GZ": Decimal(5)}
    assert list(funds.in_order(ratios)) == ["GZ", "SC", "YN"]
    places = {"YN": Decimal(1), "SC": Decimal(2)}
    assert list(funds.in_order(ratios, places)) == ["YN", "SC", "GZ"]


def test_a_code_that_is_neither_role_nor_party_is_refused_by_name(border):
    facts = border.year("Ⅲ", parties={"YN": "云南省"})
    funds.require_parties(facts, ["YN", "upstream", "downstream", "treasury"])
    with pytest.raises(MissingFact, match=r"缺少“协议各方中的 GZ”（parties\.GZ）.*登记该方"):
        funds.require_parties(facts, ["YN", "GZ"])
