"""术语 are explained where they stand: on labels of facts and on headings, for hover and focus."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from dashboard.help.glossary import TERMS

TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
NAMED = re.compile(r'{% term "([^"]+)" %}')


def rendered(words: str) -> str:
    return Template("{% load terms %}{% term words %}").render(Context({"words": words}))


def test_a_term_carries_what_it_means_for_eyes_and_ears():
    shown = rendered("条款期")
    means = TERMS["条款期"]
    assert f'aria-description="{means}"' in shown
    assert f'<span class="tip" aria-hidden="true">{means}</span>' in shown
    assert 'tabindex="0"' in shown


def test_other_words_stay_as_they_are():
    assert rendered("甲 & 乙") == "甲 &amp; 乙"


def test_every_term_a_template_names_is_in_the_glossary():
    named = {word for path in TEMPLATES for word in NAMED.findall(path.read_text("utf-8"))}
    assert named - set(TERMS) == set()
    assert len(named) > 15


@pytest.mark.parametrize("tag", ["h2", "dt"])
def test_a_term_as_a_label_or_heading_is_explained_wherever_it_stands(tag):
    plain = re.compile(rf"<{tag}>({'|'.join(map(re.escape, TERMS))})</{tag}>")
    bare = {
        f"{path.name}: {word}"
        for path in TEMPLATES
        if "help" not in path.parts
        for word in plain.findall(path.read_text("utf-8"))
    }
    assert bare == set()
