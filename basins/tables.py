"""A migration's operation that makes many tables at once."""

from typing import Any

from django.db.migrations import CreateModel, SeparateDatabaseAndState


class CreateTables(SeparateDatabaseAndState):
    """Every table of an app, as so many CreateModel, for its first migration.

    Django makes the classes of all related models anew after each CreateModel: for the seventy
    tables here that was most of the time an empty database took. These are made once for all.
    """

    def __init__(self, models: list[CreateModel]) -> None:
        super().__init__(state_operations=models)
        self.models = models

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.models], {}

    def describe(self) -> str:
        return f"Create {len(self.models)} tables"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)
