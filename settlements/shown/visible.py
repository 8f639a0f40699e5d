"""What of the money side a viewer may see; everything else does not exist for them.

Source: the table of the people in product.md, as data in basins.access.TABLE. A district
sees published results of all agreements, and drafts only of agreements it is party to.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Scope, Viewer
from settlements.models import Accrual, Agreement, LedgerAccount, Party, Settlement


def _is_party(agreement: str, viewer: Viewer) -> Exists:
    return Exists(
        Party.objects.filter(agreement=OuterRef(agreement), jurisdiction=viewer.jurisdiction_id)
    )


def visible_agreements(viewer: Viewer) -> QuerySet[Agreement]:
    """Agreements in force or ended for everyone who sees results; drafts for those who edit."""
    match viewer.scope(Act.SEE_AGREEMENTS):
        case Scope.ALL:
            return Agreement.objects.all()
        case Scope.PUBLISHED:
            return Agreement.objects.filter(
                ~Q(state=Agreement.State.DRAFT) | _is_party("pk", viewer)
            )
        case Scope.OWN:
            return Agreement.objects.filter(
                _is_party("pk", viewer), ~Q(state=Agreement.State.DRAFT)
            )
    return Agreement.objects.none()


def visible_accruals(viewer: Viewer) -> QuerySet[Accrual]:
    """Accruals by state: preliminary ones are drafts."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return Accrual.objects.all()
        case Scope.PUBLISHED:
            published = ~Q(state__in=Accrual.OPEN)
            if viewer.scope(Act.SEE_DRAFTS) is Scope.OWN:
                return Accrual.objects.filter(published | _is_party("term__agreement", viewer))
            return Accrual.objects.filter(published)
        case Scope.OWN:
            return Accrual.objects.filter(
                ~Q(state__in=Accrual.OPEN), _is_party("term__agreement", viewer)
            )
    return Accrual.objects.none()


def visible_settlements(viewer: Viewer) -> QuerySet[Settlement]:
    """Closed and cleared settlements are published; open ones are drafts of their parties."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return Settlement.objects.all()
        case Scope.PUBLISHED:
            return Settlement.objects.filter(
                Q(state__in=Settlement.FIXED) | _is_party("agreement", viewer)
            )
        case Scope.OWN:
            return Settlement.objects.filter(
                _is_party("agreement", viewer), state__in=Settlement.FIXED
            )
    return Settlement.objects.none()


def visible_accounts(viewer: Viewer) -> QuerySet[LedgerAccount]:
    """Ledger accounts: all, or the viewer's own jurisdiction's."""
    match viewer.scope(Act.SEE_LEDGER):
        case Scope.ALL:
            return LedgerAccount.objects.all()
        case Scope.PUBLISHED | Scope.OWN:
            return LedgerAccount.objects.filter(jurisdiction=viewer.jurisdiction_id)
    return LedgerAccount.objects.none()
