"""The kinds of states, as badges colour them."""

from settlements.models import Accrual, Settlement

KINDS = {
    Accrual.State.PRELIMINARY: "waiting",
    Accrual.State.PUBLISHED: "open",
    Accrual.State.SETTLED: "final",
    Settlement.State.OPEN: "waiting",
    Settlement.State.SIGNED: "open",
    Settlement.State.CONFIRMED: "open",
    Settlement.State.PREPARED: "open",
    Settlement.State.CLOSED: "final",
    Settlement.State.CLEARED: "final",
}
