"""A model of one agreement's one month and year: what may happen next, by whom.

It predicts from settlements.workflow, the table of the people (basins.access) and the guards in
the table's words; it never asks the database. Tests let it walk beside the services.
"""

from dataclasses import dataclass, field

from basins.access import PEOPLE, TABLE, Act, Scope
from basins.models import Role
from settlements.workflow import MOVES, Move, move_of

# Everybody who tries: their role, and for which party they speak.
ROLES = {
    "bureau": "bureau", "bureau2": "bureau", "treasury": "treasury", "treasury2": "treasury",
    "district": "district", "downstream": "district", "stranger": "district",
    "township": "township", "admin": "admin", "auditor": "auditor", "station": "station",
    "nobody": "",
}  # fmt: skip
PARTIES = ("district", "downstream")
PENDING = ("proposed", "reviewed", "declined")


def may(who: str, act: Act) -> bool:
    """Whether the table of the people gives the person's role the act."""
    role = ROLES[who]
    if not role:
        return False
    return TABLE[act][PEOPLE.index(Role.Code(role))] is not Scope.NONE


@dataclass
class Model:
    """States by thing, as the workflow names them; "" where there is none yet."""

    state: dict[str, str] = field(
        default_factory=lambda: {
            "notice": "", "month": "", "objection": "", "adjustment": "",
            "settlement": "open", "payment": "",
        }
    )  # fmt: skip
    last: dict[str, str] = field(default_factory=dict)  # "thing event" → who did it last
    confirmed: set[str] = field(default_factory=set)
    signed: dict[str, set[str]] = field(default_factory=lambda: {"data": set(), "amount": set()})
    raiser: str = ""
    measured: bool = False
    over: bool = False  # the objection period
    data: int = 4  # the class the readings give: 4 or 2
    prepared_data: int = 0  # what a prepared notice says
    held: int = 4  # the class what is published, or was adjusted, holds
    proposals: list[list] = field(default_factory=list)  # [class, state], oldest first
    closed_with: int = 0
    owed: int = 0  # millions 上游区 owes 下游区 in the ledger; negative the other way
    paying: int = 0  # of the payment recorded last
    paid: bool = False  # and booked, not reversed

    # What may be -------------------------------------------------------------------------

    def allows(self, thing: str, event: str, who: str) -> bool:
        # A further payment begins like the first one.
        state = "" if (thing, event) == ("payment", "record") else self.state[thing]
        move = move_of(thing, event, state)
        if move is None or move.who is None or not may(who, move.who):
            return False
        if self._same_person(thing, move, who):
            return False
        guard = getattr(self, f"_{thing}_{event}", None)
        return guard is None or guard(who)

    def _same_person(self, thing: str, move: Move, who: str) -> bool:
        return any(self.last.get(f"{thing} {event}") == who for event in move.not_by)

    def _notice_prepare(self, who: str) -> bool:
        return self.state["month"] == ""

    def _notice_sign_off(self, who: str) -> bool:
        return self.data == self.prepared_data

    def _month_confirm(self, who: str) -> bool:
        return who in PARTIES

    def _objection_raise(self, who: str) -> bool:
        return (
            who in PARTIES
            and self.state["month"] in ("published", "objected")
            and not self.over
            and who not in self.confirmed
        )

    def unclear(self, thing: str, event: str, who: str) -> bool:
        """What the model does not keep: a second objection, and confirming again (nothing)."""
        if (thing, event) == ("objection", "raise"):
            return self.state["month"] == "objected" and who in PARTIES and who != self.raiser
        return (thing, event) == ("month", "confirm") and who in self.confirmed

    def _payment_decline(self, who: str) -> bool:
        return False  # of offsets alone, and none is recorded here

    def _objection_withdraw(self, who: str) -> bool:
        return who == self.raiser

    def _objection_answer(self, who: str) -> bool:
        return who in PARTIES and who != self.raiser and not self.over

    def _objection_accept(self, who: str) -> bool:
        return self.state["objection"] != "remeasuring" or self.measured

    def _objection_reject(self, who: str) -> bool:
        return self.state["objection"] != "remeasuring" or self.measured

    def _ready(self) -> bool:
        return self.state["month"] == "final" and self.state["adjustment"] not in PENDING

    def _settlement_sign_data(self, who: str) -> bool:
        return who in PARTIES and self._ready() and who not in self.signed["data"]

    def _settlement_confirm(self, who: str) -> bool:
        return who in PARTIES and who not in self.signed["amount"]

    def _settlement_prepare(self, who: str) -> bool:
        return self._ready()

    _settlement_close = _settlement_prepare

    def _payment_record(self, who: str) -> bool:
        return self.state["settlement"] in ("closed", "cleared") and self.owed != 0

    def _payment_approve(self, who: str) -> bool:
        return self.paying * self.owed > 0 and abs(self.paying) <= abs(self.owed)

    # What then is ------------------------------------------------------------------------

    def happens(self, thing: str, event: str, who: str) -> None:
        """The event was allowed and done."""
        self.last[f"{thing} {event}"] = who
        after = getattr(self, f"_after_{thing}_{event}", None)
        if after is not None:
            after(who)
        elif (move := move_of(thing, event, self.state[thing])) is not None:
            self.state[thing] = move.target

    def _after_notice_prepare(self, who: str) -> None:
        self.state["notice"], self.prepared_data = "prepared", self.data

    def _after_notice_sign_off(self, who: str) -> None:
        self.state["notice"], self.state["month"], self.held = "published", "published", self.data

    def _after_notice_return(self, who: str) -> None:
        self.state["notice"] = ""

    def _after_month_confirm(self, who: str) -> None:
        self.confirmed.add(who)
        if self.confirmed >= set(PARTIES):
            self.state["month"] = "confirmed"

    def _after_objection_raise(self, who: str) -> None:
        self.state["objection"], self.state["month"] = "raised", "objected"
        self.raiser, self.measured = who, False

    def _after_objection_withdraw(self, who: str) -> None:
        self.state["objection"], self.state["month"] = "", "published"

    def _after_objection_reject(self, who: str) -> None:
        self.state["objection"], self.state["month"] = "rejected", "decided"

    def _after_objection_accept(self, who: str) -> None:
        self.state["objection"], self.state["month"] = "accepted", "decided"
        self.corrected()

    def corrected(self) -> None:
        """The readings give the other class now, and all is recomputed."""
        self.data = 6 - self.data
        if self.state["month"] == "":
            return
        live = [p for p in self.proposals if p[1] != "withdrawn"]
        if self.data == self.held:
            for one in live:
                if one[1] in PENDING:
                    one[1] = "withdrawn"
        elif not (live and live[-1][0] == self.data and live[-1][1] in (*PENDING, "dismissed")):
            for one in live:
                if one[1] in PENDING:
                    one[1] = "withdrawn"
            self.proposals.append([self.data, "proposed"])
            self.last = {k: w for k, w in self.last.items() if not k.startswith("adjustment")}
        self._show_proposal()

    def _show_proposal(self) -> None:
        self.state["adjustment"] = self.proposals[-1][1] if self.proposals else ""

    def _adjusted(self, state: str) -> None:
        self.proposals[-1][1] = state
        self._show_proposal()

    def _after_adjustment_review(self, who: str) -> None:
        self._adjusted("reviewed")

    def _after_adjustment_return(self, who: str) -> None:
        self._adjusted("proposed")

    def _after_adjustment_decline(self, who: str) -> None:
        self._adjusted("declined")

    def _after_adjustment_dismiss(self, who: str) -> None:
        self._adjusted("dismissed")

    def _after_adjustment_approve(self, who: str) -> None:
        self._adjusted("approved")
        self.held = self.proposals[-1][0]
        if self.state["settlement"] in ("closed", "cleared"):
            self.owed += 2 if self.held == 4 else -2
            # A cleared year is open again where something is owed after it.
            self.state["settlement"] = "closed" if self.owed else "cleared"
        else:
            self._void()

    def _void(self) -> None:
        self.state["settlement"] = "open"
        self.signed = {"data": set(), "amount": set()}

    def _after_settlement_sign_data(self, who: str) -> None:
        self.signed["data"].add(who)
        if self.signed["data"] >= set(PARTIES):
            self.state["settlement"] = "signed"

    def _after_settlement_confirm(self, who: str) -> None:
        self.signed["amount"].add(who)
        if self.signed["amount"] >= set(PARTIES):
            self.state["settlement"] = "confirmed"

    def _after_settlement_close(self, who: str) -> None:
        self.state["settlement"], self.owed = "closed", 1 if self.held == 4 else -1

    def _after_payment_record(self, who: str) -> None:
        self.state["payment"], self.paying, self.paid = "prepared", self.owed, False

    def _after_payment_approve(self, who: str) -> None:
        self.state["payment"], self.paid = "approved", True
        self.owed -= self.paying
        if self.owed == 0:
            self.state["settlement"] = "cleared"

    def taken_back(self) -> None:
        """The booked payment is reversed."""
        self.owed += self.paying
        self.paid = False
        self.state["settlement"] = "closed" if self.owed else "cleared"

    def daily(self) -> None:
        """The daily round."""
        if self.state["month"] == "published" and self.over:
            self.state["month"] = "confirmed"
        if self.state["month"] in ("confirmed", "decided") and (
            self.state["adjustment"] not in PENDING
        ):
            self.state["month"] = "final"


THINGS = ("notice", "month", "objection", "adjustment", "settlement", "payment")
# Every event a person can cause, of every thing but the fuse (its own tests).
EVENTS: tuple[tuple[str, str], ...] = tuple(
    dict.fromkeys(
        (m.thing, m.event)
        for m in MOVES
        if m.who is not None and m.thing in THINGS
        and (m.thing, m.event) not in {
            ("month", "publish"), ("month", "object"), ("month", "withdraw"), ("month", "decide"),
        }  # they follow from a notice or an objection
    )
)  # fmt: skip
