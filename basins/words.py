"""Days and months as sentences say them: 2026年9月, 9月15日."""

from datetime import date

SYSTEM = "流域横向生态保护补偿"  # the system's name, as pages and mail say it


def month_words(month: date) -> str:
    return f"{month.year}年{month.month}月"


def day_words(day: date) -> str:
    return f"{day.month}月{day.day}日"


def period_words(period: date, yearly: bool) -> str:
    """A month, or the year as a whole that begins with it."""
    return f"{period.year}年" if yearly else month_words(period)
