"""行政区和河流的停用: a district that was merged, a river that is none any more.

The months before stay what they were. Agreements name their parties themselves and are revised from
that day; what stands on a district's accounts goes over in the ledger (区划结转).
"""

from datetime import date
from typing import TypeVar

from django.db import transaction

from basins.clock import today
from basins.links import to
from basins.models import Jurisdiction, ReferenceChange, River, User
from basins.reference.acts import note, paper_of, permit
from basins.refusals import Refused
from settlements.ledger.services.carryovers import carried_over, to_carry
from settlements.moving.telling import tell

P = TypeVar("P", bound="Jurisdiction | River")
Done = ReferenceChange.Act


@transaction.atomic
def end_place(*, place: P, on: date, source: str, by: User | None) -> P:
    """It is no more from that day on. Raises NotAllowed, Refused."""
    permit(by, "行政区和河流")
    place = _locked(place)
    said = paper_of(source)
    if isinstance(place, Jurisdiction) and place.level not in Jurisdiction.ENDING:
        raise Refused(f"{place.name}不是区县或乡镇，不能停用。")
    if place.ended_on is not None:
        raise Refused(f"{place.name}已于 {place.ended_on} 停用。")
    if on > today():
        raise Refused(f"{on} 还没有到；请到停用之后再登记。", field="on")
    place.ended_on, place.ended_why = on, said
    place.save(update_fields=["ended_on", "ended_why"])
    note(_kind(place), place, Done.ENDED, [["停用自", "", str(on)]], on, said, by)
    if isinstance(place, Jurisdiction) and to_carry(place):
        tell(
            "place.end", to("ledger-carryover-new", place.code), about=place.pk, by=by,
            place=place.name, on=on, source=said,
        )  # fmt: skip
    return place


@transaction.atomic
def take_back_end_of(*, place: P, source: str, by: User | None) -> P:
    """It had not ended: said by mistake. Raises NotAllowed, Refused."""
    permit(by, "行政区和河流")
    place = _locked(place)
    said = paper_of(source)
    if place.ended_on is None:
        raise Refused(f"{place.name}没有停用。")
    if isinstance(place, Jurisdiction) and (carried := carried_over(place)):
        raise Refused(f"{place.name}的账户余额{carried}；请先退回，或逐张冲销结转的凭证。")
    on = place.ended_on
    place.ended_on, place.ended_why = None, ""
    place.save(update_fields=["ended_on", "ended_why"])
    note(_kind(place), place, Done.CHANGED, [["停用自", str(on), ""]], on, said, by)
    return place


def _locked(place: P) -> P:
    found: P = type(place)._default_manager.select_for_update(of=("self",)).get(pk=place.pk)  # type: ignore[assignment]
    return found


def _kind(place: Jurisdiction | River) -> str:
    return "districts" if isinstance(place, Jurisdiction) else "rivers"
