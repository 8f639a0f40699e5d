"""What the frame of every page, and what asks again, need to know of the page before it is written."""

from django import template

from basins.city import governments
from dashboard.frame.polls import progress_version

register = template.Library()
register.filter(progress_version)
register.simple_tag(governments)


@register.simple_block_tag
def held(content: str) -> str:
    """{% held as name %}…{% endheld %}: what stands between, to be asked about and shown later."""
    return content
