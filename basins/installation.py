"""演示, 测试: what every page and sheet of a file from an installation that is not 正式 says."""

from typing import Any

from django.conf import settings

INSTALLATIONS = {"demo": "演示", "test": "测试", "production": "正式"}


def installation_mark() -> str:
    """演示 or 测试; '' where files are what they say."""
    installation = settings.INSTALLATION
    return "" if installation == "production" else INSTALLATIONS[installation]


def marked_title(title: str) -> str:
    """A sheet's title with the mark before it."""
    mark = installation_mark()
    return f"【{mark}】{title}" if mark else title


def mark_printed(sheet: Any) -> None:
    """The mark across the head of every printed page of a sheet (of xlsxwriter)."""
    if mark := installation_mark():
        sheet.set_header(f"&C&22&K9AA5AB{mark}数据　不作结算依据")
