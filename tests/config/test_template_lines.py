"""The check of `make lint` on the lines of templates."""

from config.template_lines import LONGEST, TEMPLATES, too_long


def test_a_long_line_is_named_by_file_number_and_length(tmp_path):
    page = tmp_path / "section" / "page.html"
    page.parent.mkdir()
    page.write_text("<p>短</p>\n" + "长" * LONGEST + "\n" + "长" * (LONGEST + 1) + "\n")
    assert list(too_long(tmp_path)) == [f"{page}:3: 121 characters, at most 120"]


def test_no_line_of_our_templates_is_too_long():
    assert list(too_long(TEMPLATES)) == []
