"""Running text written over several lines of a template and shown as one.

A browser shows a line break as a space, which Chinese text and neighbouring inline elements don't
want. `joined` is built in (config/settings.py): no template loads it.
"""

import re

from django import template
from django.template.base import Node, NodeList, TextNode

register = template.Library()

BREAK = r"[ \t\r\n]*\n[ \t\r\n]*"  # not \s: an ideographic space is text
MARK = re.compile(rf"""{BREAK}|<(?=[A-Za-z/]|\Z)|[>"']""")


@register.tag
def joined(parser, token) -> "Joined":
    """{% joined %}…{% endjoined %}: the lines between, without the breaks and their indentation.

    It works on the template's own text when the template is read: values and included templates
    stay as they are. A break inside an HTML tag, between attributes, becomes one space. A space
    that shall be seen stands within a line.
    """
    nodes = parser.parse(("endjoined",))
    parser.delete_first_token()
    joiner = Joiner()
    for text in nodes.get_nodes_by_type(TextNode):
        text.s = MARK.sub(joiner.replaced, text.s)
    return Joined(nodes)


class Joined(Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context) -> str:
        return self.nodelist.render(context)


class Joiner:
    """Reads the pieces of text in the order they are written; knows whether a tag is open."""

    def __init__(self) -> None:
        self.in_tag = False
        self.quote = ""

    def replaced(self, mark: re.Match) -> str:
        found = mark[0]
        if "\n" in found:
            return " " if self.in_tag else ""
        if self.quote:
            self.quote = "" if found == self.quote else self.quote
        elif found == "<":
            self.in_tag = True
        elif found == ">":
            self.in_tag = False
        elif self.in_tag:
            self.quote = found
        return found
