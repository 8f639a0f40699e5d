"""A small year on its way to its closing, for tests of what may happen to it on the way."""

from datetime import date

from basins.clock import moved_to
from settlements import tasks
from settlements.models import Settlement
from settlements.notices.services import months, notices
from settlements.years.services import closing, signing
from tests.simulation.scheme import Scheme

NOVEMBER, DECEMBER = date(2023, 11, 1), date(2023, 12, 1)
PUBLISHED, CLOSED = date(2024, 1, 16), date(2024, 2, 5)


def published_year(*which: date) -> Scheme:
    """Two months of class IV and II, computed; those named are published."""
    scheme = Scheme.make(NOVEMBER)
    with moved_to(PUBLISHED):
        scheme.measure(scheme.deals[0], NOVEMBER, 4)
        scheme.measure(scheme.deals[0], DECEMBER, 4)
        tasks.recompute()
        for month in which:
            notice = notices.prepare_notice(month=month, by=scheme.people.bureau)
            notices.sign_off_notice(notice=notice, by=scheme.people.bureau2)
    return scheme


def prepared_closing() -> tuple[Scheme, Settlement]:
    """Signed and confirmed by both parties, prepared by the bureau: one act from closed."""
    scheme = published_year(NOVEMBER, DECEMBER)
    people = scheme.people
    with moved_to(CLOSED):
        months.lapse_due()
        months.finalise_due()
        settlement = Settlement.objects.get(year=2023)
        for act in (signing.sign_data, signing.confirm_amounts):
            for by in (people.district, people.downstream):
                act(settlement=settlement, by=by)
        closing.prepare_closing(settlement=settlement, by=people.bureau)
    settlement.refresh_from_db()
    return scheme, settlement
