"""What the frame of every page needs to know of the page before it is written."""

from django import template

register = template.Library()


@register.simple_block_tag
def held(content: str) -> str:
    """{% held as name %}…{% endheld %}: what stands between, to be asked about and shown later."""
    return content
