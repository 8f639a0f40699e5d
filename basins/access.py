"""Who may see and change what: the table of the people as data, and the questions asked of it.

One role at a time (the database holds that). A foreign object answers exactly as a missing
one: queries filter by the viewer's scope, and a view that finds nothing raises Http404.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import connection

from basins.models import Role, User
from basins.ranges import today


class Scope(StrEnum):
    """How far a permission reaches."""

    NONE = "none"
    OWN = "own"  # of the person's own jurisdiction, or an agreement it is party to
    PUBLISHED = "published"  # everything published, plus everything of OWN
    ALL = "all"


class Act(StrEnum):
    # seeing
    SEE_RESULTS = "see_results"  # basins, sections, classes, accruals, settlements
    SEE_DRAFTS = "see_drafts"  # what is not yet published
    SEE_LEDGER = "see_ledger"
    SEE_AGREEMENTS = "see_agreements"
    SEE_AUDIT = "see_audit"
    SEE_PEOPLE = "see_people"
    # changing
    REVIEW_DATA = "review_data"
    UPLOAD_READINGS = "upload_readings"
    PUBLISH = "publish"
    DECIDE = "decide"
    ADJUST = "adjust"  # corrections of published and closed periods
    CLOSE = "close"
    RECORD_PAYMENT = "record_payment"
    RECONCILE = "reconcile"  # a bureau enters the balance in its own books
    CONFIRM = "confirm"
    SIGN_YEAR = "sign_year"  # a year's data and amounts, or refuse these, for one's own side
    CONFIRM_FOR = "confirm_for"  # 代为登记: what a party said on paper
    OBJECT = "object"
    HANDLE_WORK_ORDER = "handle_work_order"
    EDIT_AGREEMENTS = "edit_agreements"
    EDIT_REFERENCE = "edit_reference"
    EDIT_USERS = "edit_users"


A, P, O, N = Scope.ALL, Scope.PUBLISHED, Scope.OWN, Scope.NONE  # noqa: E741
R = Role.Code
PEOPLE = (R.BUREAU, R.TREASURY, R.DISTRICT, R.TOWNSHIP, R.ADMIN, R.AUDITOR, R.STATION)

# The table of product.md, one row an act, one column a role in the order of PEOPLE.
TABLE: dict[Act, tuple[Scope, ...]] = {
    #                      bureau treas. distr. town. admin audit. station
    Act.SEE_RESULTS:       (A, A, P, O, A, A, N),
    Act.SEE_DRAFTS:        (A, A, O, N, A, A, N),
    Act.SEE_LEDGER:        (A, A, O, O, A, A, N),
    Act.SEE_AGREEMENTS:    (A, A, P, O, A, A, N),
    Act.SEE_AUDIT:         (O, N, N, N, N, A, N),
    Act.SEE_PEOPLE:        (N, N, N, N, A, A, N),
    Act.REVIEW_DATA:       (A, N, N, N, N, N, N),
    Act.UPLOAD_READINGS:   (A, N, N, N, N, N, O),
    Act.PUBLISH:           (A, N, N, N, N, N, N),
    Act.DECIDE:            (A, N, N, N, N, N, N),
    Act.ADJUST:            (A, N, N, N, N, N, N),
    Act.CLOSE:             (A, N, N, N, N, N, N),
    Act.RECORD_PAYMENT:    (N, A, N, N, N, N, N),
    Act.RECONCILE:         (N, A, O, O, N, N, N),
    Act.CONFIRM:           (N, N, O, N, N, N, N),
    Act.SIGN_YEAR:         (N, O, O, O, N, N, N),
    Act.CONFIRM_FOR:       (A, N, N, N, N, N, N),
    Act.OBJECT:            (N, N, O, N, N, N, N),
    Act.HANDLE_WORK_ORDER: (N, N, O, O, N, N, N),
    Act.EDIT_AGREEMENTS:   (N, N, N, N, A, N, N),
    Act.EDIT_REFERENCE:    (N, N, N, N, A, N, N),
    Act.EDIT_USERS:        (N, N, N, N, A, N, N),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person as the access table sees them on one day."""

    user_id: int
    role: str | None
    jurisdiction_id: int | None
    jurisdiction_code: str | None

    def scope(self, act: Act) -> Scope:
        """How far this person may go with `act`; NONE without a role in force."""
        if self.role is None:
            return Scope.NONE
        return TABLE[act][PEOPLE.index(R(self.role))]

    def may(self, act: Act) -> bool:
        return self.scope(act) is not Scope.NONE

    def sees_all(self, act: Act) -> bool:
        return self.scope(act) is Scope.ALL


# As SQL: asked with every page, and making the question took longer than answering it.
IN_FORCE = """
SELECT r.role, r.jurisdiction_id, j.code
FROM basins_role r LEFT JOIN basins_jurisdiction j ON j.id = r.jurisdiction_id
WHERE r.user_id = %s AND r.in_force @> %s::date
ORDER BY r.id LIMIT 1
"""


def viewer_of(user: User, on: date | None = None) -> Viewer:
    """The person's role in force on a day (default today): 1 SQL query, kept on the user."""
    day = on or today()
    kept = getattr(user, "_viewer", None)
    if kept is not None and kept[0] == day:
        return kept[1]
    role, place, code = None, None, None
    if user.is_authenticated and user.is_active:
        with connection.cursor() as cursor:
            cursor.execute(IN_FORCE, [user.pk, day])
            role, place, code = cursor.fetchone() or (None, None, None)
    viewer = Viewer(user_id=user.pk or 0, role=role, jurisdiction_id=place, jurisdiction_code=code)
    if user.is_authenticated:
        user._viewer = (day, viewer)  # type: ignore[attr-defined]
    return viewer
