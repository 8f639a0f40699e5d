"""Where, who and when: jurisdictions, rivers, people and their roles, the calendar."""

from basins.models.audit import AccessEvent, AuditRecord
from basins.models.calendar import CalendarAct, CalendarChange, CalendarDay
from basins.models.data_marks import DataMark
from basins.models.jurisdictions import City, Jurisdiction
from basins.models.notifications import Delivery, Notification, Star
from basins.models.people import Role, User
from basins.models.person_acts import PersonAct
from basins.models.reference import ReferenceChange
from basins.models.rivers import River, RiverReach
from basins.models.seeding import Seeding
from basins.models.sign_in import SignInFailure, SignInSession

__all__ = [
    "AccessEvent",
    "AuditRecord",
    "CalendarAct",
    "CalendarChange",
    "CalendarDay",
    "City",
    "DataMark",
    "Delivery",
    "Jurisdiction",
    "Notification",
    "PersonAct",
    "ReferenceChange",
    "River",
    "RiverReach",
    "Role",
    "Seeding",
    "SignInFailure",
    "SignInSession",
    "Star",
    "User",
]
