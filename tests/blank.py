"""Pages of empty templates, for tests that ask who gets one and not what it says."""

from django.test.utils import override_settings

BLANK = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": ["tests.every_page.Blank"]},
    }
]


def blank_pages() -> override_settings:
    """For a test or a part of one; the templates are read anew after it, so for many pages."""
    return override_settings(TEMPLATES=BLANK)
