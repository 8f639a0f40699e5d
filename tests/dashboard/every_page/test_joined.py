"""Running text over several lines of a template."""

import pytest
from django.template import Context, Engine

ENGINE = Engine(builtins=["dashboard.templatetags.joined"])


def shown(source: str, **values) -> str:
    return ENGINE.from_string("{% joined %}" + source + "{% endjoined %}").render(Context(values))


def test_lines_are_joined_without_their_breaks_and_indentation():
    assert shown("\n  上游超标，\n  由上游\n  补偿下游。\n") == "上游超标，由上游补偿下游。"


def test_lines_within_conditions_and_loops_are_joined_too():
    source = """
      {% for n in all %}
        {% if n %}
          <b>{{ n }}</b>
        {% else %}
          无
        {% endif %}
      {% endfor %}
    """
    assert shown(source, all=[1, 0, 2]) == "<b>1</b>无<b>2</b>"


def test_spaces_within_a_line_stay():
    assert (
        shown("\n  第 {{ n }} 条　\n  <b>共</b> <i>十</i>\n", n=3) == "第 3 条　<b>共</b> <i>十</i>"
    )


@pytest.mark.parametrize("url", ["/a/", ""])
def test_a_break_between_the_attributes_of_a_tag_becomes_a_space(url):
    source = (
        '<a\n  class="x"{% if url %}\n  href="{{ url }}"{% endif %}\n  title="1 > 0">\n  甲\n</a>'
    )
    link = ' href="/a/"' if url else ""
    assert shown(source, url=url) == f'<a class="x"{link} title="1 > 0">甲</a>'


def test_the_lines_of_a_value_are_left_alone():
    assert (
        shown("<textarea>\n{{ text }}\n</textarea>", text="一\n二") == "<textarea>一\n二</textarea>"
    )


def test_a_sign_that_opens_no_tag_opens_none():
    assert shown("浓度 < 0.025\n且 > 0\n") == "浓度 < 0.025且 > 0"


def test_two_texts_of_one_page_are_joined_each_by_itself():
    source = "甲\n乙{% endjoined %}\n{% joined %}丙\n丁"
    assert shown(source) == "甲乙\n丙丁"
