"""One act of a story (story.py, office.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tests.simulation.scheme import Scheme


@dataclass(frozen=True)
class Act:
    """`name`: the task or service it is. `before` happens once, in peace."""

    name: str
    on: date
    do: Callable[[Scheme], object]
    before: Callable[[Scheme], object] = lambda _: None
    several: bool = False  # several transactions: a full disk may stop it between two
    # Each time is another one, by the person's own will and apart from the books (a further
    # draft, a further copy): stopped half-way it leaves nothing, then it is done once.
    anew: bool = False
