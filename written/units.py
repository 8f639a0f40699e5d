"""Units behind numbers, in headings and in columns of their own (单位)."""

from decimal import Decimal

from .text import plain

# 元 and what people write for many of them.
YUAN = {
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万元": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "千万元": Decimal(10_000_000),
    "亿元": Decimal(100_000_000),
}
YUAN |= {word.removesuffix("元"): scale for word, scale in YUAN.items() if len(word) > 1}
YUAN |= {"人民币元": Decimal(1), "rmb": Decimal(1), "cny": Decimal(1), "¥": Decimal(1)}


def yuan_in(unit: str) -> Decimal | None:
    """How many yuan one of the unit is; None for what is no unit of money."""
    return YUAN.get(plain(unit).lower())
