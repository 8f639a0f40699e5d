"""What acts on a thing of the reference data share: who may, the paper, the line in its history."""

from datetime import date

from basins.access import Act, viewer_of
from basins.models import ReferenceChange, User
from basins.refusals import NotAllowed, Refused

LONGEST = 200


def permit(by: User | None, what: str) -> None:
    """Raises NotAllowed for who may not change the reference data; None is the command."""
    if by is not None and not viewer_of(by).may(Act.EDIT_REFERENCE):
        raise NotAllowed(f"{by} 不能更改{what}。")


def paper_of(source: str) -> str:
    """The paper as it is kept, on one line. Raises Refused, field `source`."""
    said = " ".join(source.split())
    if not said or len(said) > LONGEST:
        raise Refused(f"请写明依据（至多 {LONGEST} 字），如文件名称和文号。", field="source")
    return said


def note(
    kind: str,
    thing,
    act: str,
    differences: list[list[str]],
    on: date,
    why: str,
    by: User | None,
) -> None:
    """A line in the history of the thing, which has a code and a name."""
    ReferenceChange.objects.create(
        kind=kind, code=thing.code, name=thing.name, act=act, differences=differences,
        on=on, why=why, by=by,
    )  # fmt: skip
