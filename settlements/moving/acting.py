"""Who speaks for which party of an agreement.

A district's official speaks for the district. A party without a person in office here (a
township, the treasury as the city's side, a province across the border) signs on paper, and
the bureau enters that with the document's number (代为登记).
"""

from collections.abc import Sequence

from basins.access import Act, Scope, viewer_of
from basins.clock import today
from basins.models import Jurisdiction, Role, User
from settlements.models import Agreement
from settlements.moving.acts import NotAllowed, Refused


def party_signing(
    *, agreement: Agreement, by: User, party: Jurisdiction | None = None, document: str = ""
) -> Jurisdiction:
    """The party that `by` speaks for: its own, or `party` entered for by the bureau.

    Raises NotAllowed for somebody else's agreement, Refused where the bureau may not enter
    for the party, or names no document.
    """
    return parties_signing(agreement=agreement, by=by, parties=[party], document=document)[0]


def parties_signing(
    *,
    agreement: Agreement,
    by: User,
    parties: Sequence[Jurisdiction | None],
    document: str = "",
) -> list[Jurisdiction]:
    """As party_signing, for several parties of one document: 2 SQL queries whatever their number."""
    viewer = viewer_of(by)
    if viewer.scope(Act.CONFIRM) is Scope.OWN:
        own = Jurisdiction.objects.filter(
            pk=viewer.jurisdiction_id, parties__agreement=agreement
        ).first()
        if own is None:
            raise NotAllowed(f"{by} 不代表本协议的{parties[0] or '任何一方'}。")
        for party in parties:
            if party is not None and party.pk != own.pk:
                raise NotAllowed(f"{by} 不代表本协议的{party}。")
        return [own for _ in parties]
    named = [party for party in parties if party is not None]
    if not viewer.may(Act.CONFIRM_FOR) or len(named) < len(parties):
        raise NotAllowed(f"{by} 不代表本协议的任何一方。")
    inside = set(
        agreement.parties.filter(jurisdiction__in=named).values_list("jurisdiction", flat=True)
    )
    with_person = _with_own_person(named)
    for party in named:
        if party.pk not in inside:
            raise NotAllowed(f"{party} 不是本协议的一方。")
        if party.pk in with_person:
            raise Refused(f"{party}有自己的经办人，须由其本人办理，不能代为登记。")
        if not document.strip():
            raise Refused(f"代{party}登记须填写其书面文件的文号。")
    return named


def has_own_person(party: Jurisdiction) -> bool:
    """Whether somebody in office can act for the jurisdiction."""
    return bool(_with_own_person([party]))


def _with_own_person(parties: Sequence[Jurisdiction]) -> set[int]:
    """Ids of those for which somebody in office can act."""
    return set(
        Role.objects.filter(
            jurisdiction__in=parties,
            role=Role.Code.DISTRICT,
            in_force__contains=today(),
            user__is_active=True,
        ).values_list("jurisdiction", flat=True)
    )
