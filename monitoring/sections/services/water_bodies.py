"""核定断面的水体: river or lake, with the day and the paper; its months are computed again.

The database marks the months (guards/section.sql); what is published stays and gets a
proposed adjustment.
"""

from datetime import date

from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import today
from basins.models import User
from jobs.wake import wake_on_commit
from monitoring.models import Section

LONGEST = 200


class WaterBodyRefused(ValueError):
    """A decision that cannot be kept; the message (Chinese) says why and what to do."""


@transaction.atomic
def decide_water_body(
    *, section: Section, water_body: str, on: date, source: str, by: User
) -> Section:
    """Set the water a section lies in; `on` and `source`: day and paper of the decision.

    The same decision again changes nothing. Raises WaterBodyRefused.
    """
    if not viewer_of(by).may(Act.REVIEW_DATA):
        raise WaterBodyRefused(f"{by} 不能核定断面的水体。")
    said = " ".join(source.split())
    if not said or len(said) > LONGEST:
        raise WaterBodyRefused(f"请写明核定的依据（至多 {LONGEST} 字），如文件名称和文号。")
    if on > today():
        raise WaterBodyRefused(f"核定日期 {on} 在今天之后；请填已过去的日期。")
    if water_body not in Section.Body.values:
        raise WaterBodyRefused("水体只能是河流或湖库。")
    section = Section.objects.select_for_update(of=("self",)).get(pk=section.pk)
    decided = (water_body, on, said)
    if decided == (section.water_body, section.water_body_on, section.water_body_source):
        return section
    changed = section.water_body != water_body
    section.water_body, section.water_body_on, section.water_body_source = decided
    section.save(update_fields=["water_body", "water_body_on", "water_body_source"])
    if changed:
        wake_on_commit("settlements.recompute")
    return section
