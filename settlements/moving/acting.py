"""Who speaks for which party of an agreement.

A district's official speaks for the district, a district's treasury (区财政) being a place of its
own with officials of its own. A year is also signed by a township's person for the township, and
by the municipal treasury's for the treasury where that is a party. A party without a person in
office here (a province across the border) signs on paper, and the bureau enters that with the
document's number (代为登记).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from basins.access import PEOPLE, TABLE, Act, Scope, Viewer, viewer_of
from basins.clock import today
from basins.models import Jurisdiction, Role, User
from basins.together import read_together
from settlements.models import Agreement
from settlements.moving.acts import NotAllowed, Refused


def speaks_for(viewer: Viewer, act: Act = Act.SIGN_YEAR) -> QuerySet[Jurisdiction]:
    """The places in whose name the person acts."""
    if viewer.scope(act) is not Scope.OWN:
        return Jurisdiction.objects.none()
    if viewer.role == Role.Code.TREASURY:
        return municipal_treasuries()
    return Jurisdiction.objects.filter(pk=viewer.jurisdiction_id)


def municipal_treasuries() -> QuerySet[Jurisdiction]:
    """The treasury of the city as a place, not those of districts."""
    level = Jurisdiction.Level
    return Jurisdiction.objects.filter(level=level.TREASURY, parent__level=level.PROVINCE)


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
    act: Act = Act.CONFIRM,
    overdue: bool = False,
) -> list[Jurisdiction]:
    """As party_signing, for several parties of one document: 2 SQL queries whatever their number.

    `overdue`: the deadline is over, and the bureau may enter the paper of a party whose own
    person did not act.
    """
    viewer = viewer_of(by)
    if viewer.scope(act) is Scope.OWN:
        own = speaks_for(viewer, act).filter(parties__agreement=agreement).first()
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
    with_person = set() if overdue else with_own_person(named, act)
    for party in named:
        if party.pk not in inside:
            raise NotAllowed(f"{party} 不是本协议的一方。")
        if party.pk in with_person:
            raise Refused(f"{party}有自己的经办人，须由其本人办理，不能代为登记。")
        if not document.strip():
            raise Refused(f"代{party}登记须填写其书面文件的文号。")
    return named


def with_own_person(parties: Iterable[Jurisdiction], act: Act = Act.CONFIRM) -> set[int]:
    """Ids of those for which somebody in office can act: 1 SQL query."""
    return set(persons_of([party.pk for party in parties], act))


@dataclass(frozen=True, slots=True)
class InOffice:
    """Who holds which role today, by user: 1 SQL query for all that is asked."""

    roles: tuple[tuple[str, int | None, int], ...]  # role, jurisdiction, user
    treasuries: tuple[int, ...]  # places whose people are the municipal treasury's

    @classmethod
    def now(cls) -> "InOffice":
        in_force = Role.objects.filter(in_force__contains=today(), user__is_active=True)
        roles = in_force.order_by("user").values_list("role", "jurisdiction_id", "user_id")
        treasuries = municipal_treasuries().values_list("pk", flat=True)
        read_together(roles, treasuries)
        return cls(tuple(roles), tuple(treasuries))

    def of_role(self, role: str) -> list[int]:
        """Ids of those who hold the role."""
        return [user for held, _, user in self.roles if held == role]

    def of_places(self, roles: Collection[str], places: Collection[int]) -> dict[int, list[int]]:
        """Jurisdiction id → ids of those who hold one of the roles there."""
        found: dict[int, list[int]] = defaultdict(list)
        for role, place, user in self.roles:
            if place is not None and place in places and role in roles:
                found[place].append(user)
        return dict(found)

    def persons_of(self, places: Iterable[int], act: Act = Act.SIGN_YEAR) -> dict[int, list[int]]:
        """Jurisdiction id → ids of the people who act for it."""
        wanted = set(places)
        own = [role for role in PEOPLE if TABLE[act][PEOPLE.index(role)] is Scope.OWN]
        found = defaultdict(list, self.of_places(own, wanted))
        cashiers = self.of_role(Role.Code.TREASURY) if Role.Code.TREASURY in own else []
        if cashiers:
            for place in wanted.intersection(self.treasuries):
                found[place] += cashiers
        return dict(found)


def persons_of(places: Iterable[int], act: Act = Act.SIGN_YEAR) -> dict[int, list[int]]:
    """Jurisdiction id → ids of the people in office today who act for it: 1 SQL query at most."""
    wanted = set(places)
    return InOffice.now().persons_of(wanted, act) if wanted else {}
