"""Every kind of reference data by its code, in the order in which a city fills them in."""

from basins.reference.kind import Kind, Layout
from basins.reference.kinds import calendar, districts, people, rivers
from monitoring.reference import plans, sections, targets
from settlements.reference import opening

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        districts.KIND,
        rivers.KIND,
        sections.KIND,
        targets.KIND,
        plans.KIND,
        people.KIND,
        calendar.KIND,
    )
}
LAYOUTS: dict[str, Layout] = {**KINDS, opening.LAYOUT.code: opening.LAYOUT}
