"""Where and who: jurisdictions, rivers, people and their roles."""

from basins.models.jurisdictions import Jurisdiction
from basins.models.people import Role, User
from basins.models.rivers import River, RiverReach

__all__ = ["Jurisdiction", "River", "RiverReach", "Role", "User"]
