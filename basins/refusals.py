"""Why an act is not done: what every service that refuses one raises."""


class Refused(Exception):
    """The act is not possible now, or not for this person; says why and what to do (Chinese).

    `field` names what was filled in wrong, where it is one field.
    """

    field = ""

    def __init__(self, *args: object, field: str = "") -> None:
        super().__init__(*args)
        if field:
            self.field = field


class NotAllowed(Refused):
    """The person has no right to the act: answered like a missing page."""
