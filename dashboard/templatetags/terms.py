"""术语 where they stand on a page: explained on hover and focus (dashboard.help.glossary)."""

from django import template
from django.utils.html import conditional_escape, format_html

from dashboard.help.glossary import TERMS

register = template.Library()


@register.simple_tag
def term(words) -> str:
    """The words, with what they mean where the glossary has them; any others as they are.

    For labels of facts and headings: `{% term "条款期" %}`, `{% term fact.label %}`.
    """
    means = TERMS.get(str(words))
    if means is None:
        return conditional_escape(words)
    return format_html(
        '<dfn class="term" tabindex="0" aria-description="{}">{}'
        '<span class="tip" aria-hidden="true">{}</span></dfn>',
        means,
        words,
        means,
    )
