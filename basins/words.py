"""Days and months as sentences say them: 2026年9月, 9月15日."""

from datetime import date


def month_words(month: date) -> str:
    return f"{month.year}年{month.month}月"


def day_words(day: date) -> str:
    return f"{day.month}月{day.day}日"
