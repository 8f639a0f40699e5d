"""断面的停用与接替: a section ends, and another takes its place from the first day of a month.

The months before stay what they were; they are the new one's past (上年同期, 基准期). Agreements name
their sections themselves: they are revised from that day, by two persons, as any other change of them.
"""

from datetime import date

from django.db import transaction

from basins.clock import today
from basins.models import ReferenceChange, User
from basins.reference.acts import note, paper_of, permit
from basins.refusals import Refused
from jobs.wake import wake_on_commit
from monitoring.models import Section

KIND = "sections"
Done = ReferenceChange.Act


@transaction.atomic
def end_section(*, section: Section, on: date, source: str, by: User | None) -> Section:
    """It is measured no more from that day on. Raises NotAllowed, Refused."""
    permit(by, "断面")
    section = _locked(section)
    said = paper_of(source)
    if section.ended_on is not None:
        raise Refused(f"{section.name}断面已于 {section.ended_on} 停用。")
    _end(section, on, said)
    note(KIND, section, Done.ENDED, [["停用自", "", str(on)]], on, said, by)
    return section


@transaction.atomic
def replace_section(
    *, old: Section, new: Section, on: date, source: str, by: User | None
) -> Section:
    """`new` stands in the place of `old` from that day on, the first of a month; returns it.

    The months of `new` that compare with the past are computed again (the database marks them).
    Raises NotAllowed, Refused.
    """
    permit(by, "断面")
    old, new = _locked(old), _locked(new)
    said = paper_of(source)
    if on.day != 1:
        raise Refused("断面按月接替；请填某月 1 日，如 2026-03-01。", field="on")
    if old.pk == new.pk:
        raise Refused("接替的须是另一个断面。", field="new")
    if hasattr(old, "successor"):
        raise Refused(f"{old.name}断面已由{old.successor.name}断面接替。")
    if new.predecessor is not None:
        raise Refused(f"{new.name}断面已接替{new.predecessor.name}断面。", field="new")
    if new.ended_on is not None:
        raise Refused(f"{new.name}断面已于 {new.ended_on} 停用。", field="new")
    if new.pk in {each.pk for each in old.stood()}:
        raise Refused(f"{new.name}断面是{old.name}断面的前身。", field="new")
    if old.ended_on is not None and old.ended_on != on:
        raise Refused(
            f"{old.name}断面已于 {old.ended_on} 停用；接替的日期须是同一天，或先改停用日期。",
            field="on",
        )
    if old.ended_on is None:
        _end(old, on, said)
    new.predecessor, new.began_on = old, on
    new.save(update_fields=["predecessor", "began_on"])
    note(KIND, old, Done.SUCCEEDED, [["接替断面", "", new.name]], on, said, by)
    note(KIND, new, Done.CHANGED, [["前身断面", "", old.name]], on, said, by)
    wake_on_commit("settlements.recompute")
    return new


@transaction.atomic
def take_back_end(*, section: Section, source: str, by: User | None) -> Section:
    """It had not ended, nor been replaced: said by mistake. Raises NotAllowed, Refused."""
    permit(by, "断面")
    section = _locked(section)
    said = paper_of(source)
    if section.ended_on is None:
        raise Refused(f"{section.name}断面没有停用。")
    on, differences = section.ended_on, [["停用自", str(section.ended_on), ""]]
    if hasattr(section, "successor"):
        new = _locked(section.successor)
        new.predecessor = new.began_on = None
        new.save(update_fields=["predecessor", "began_on"])
        differences.append(["接替断面", new.name, ""])
        note(KIND, new, Done.CHANGED, [["前身断面", section.name, ""]], on, said, by)
        wake_on_commit("settlements.recompute")
    section.ended_on, section.ended_why = None, ""
    section.save(update_fields=["ended_on", "ended_why"])
    note(KIND, section, Done.CHANGED, differences, on, said, by)
    return section


def _end(section: Section, on: date, source: str) -> None:
    if on > today():
        raise Refused(f"{on} 还没有到；请到停用之后再登记。", field="on")
    section.ended_on, section.ended_why = on, source
    section.save(update_fields=["ended_on", "ended_why"])


def _locked(section: Section) -> Section:
    return Section.objects.select_for_update(of=("self",)).get(pk=section.pk)
