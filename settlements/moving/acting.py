"""Who speaks for which party of an agreement.

A district's official speaks for the district. A party without a person in office here (a
township, the treasury as the city's side, a province across the border) signs on paper, and
the bureau enters that with the document's number (代为登记).
"""

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
    viewer = viewer_of(by)
    if viewer.scope(Act.CONFIRM) is Scope.OWN:
        own = Jurisdiction.objects.filter(
            pk=viewer.jurisdiction_id, parties__agreement=agreement
        ).first()
        if own is None or (party is not None and party.pk != own.pk):
            raise NotAllowed(f"{by} 不代表本协议的{party or '任何一方'}。")
        return own
    if not viewer.may(Act.CONFIRM_FOR) or party is None:
        raise NotAllowed(f"{by} 不代表本协议的任何一方。")
    if not agreement.parties.filter(jurisdiction=party).exists():
        raise NotAllowed(f"{party} 不是本协议的一方。")
    if has_own_person(party):
        raise Refused(f"{party}有自己的经办人，须由其本人办理，不能代为登记。")
    if not document.strip():
        raise Refused(f"代{party}登记须填写其书面文件的文号。")
    return party


def has_own_person(party: Jurisdiction) -> bool:
    """Whether somebody in office can act for the jurisdiction."""
    return Role.objects.filter(
        jurisdiction=party,
        role=Role.Code.DISTRICT,
        in_force__contains=today(),
        user__is_active=True,
    ).exists()
