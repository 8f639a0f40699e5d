"""The kind of a state, for its badge, from the workflow table."""

from django import template

from settlements import workflow

register = template.Library()


@register.filter
def kind_of(state: str, thing: str) -> str:
    """{{ payment.state|kind_of:"payment" }}: what its badge is styled by (workflow.StateKind)."""
    return workflow.kind_of(thing, state)
