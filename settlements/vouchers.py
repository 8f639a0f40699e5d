"""付款凭证号 compared as people mean them: without case, blanks, widths and kinds of dash.

One bank slip typed as cqyh-2026-0001, CQYH－2026－0001 and cqyh——2026——0001 is one. The canonical
form stands twice, here and as an SQL expression (`key_of`, guards/journalentry.sql) that indexes are
made of; a test asks both about the same texts.
"""

import re
import unicodedata

from django.db.models import CharField, Expression, Func

DASHES = (
    "-\u2010\u2012\u2013\u2014\u2015\u2043\u2212\u2500"  # after NFKC, which makes － and ﹣ "-"
)
_DASHES = re.compile(f"[{DASHES}]+")
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def canonical(voucher: str) -> str:
    """CQYH-2026-0001, however it was typed."""
    half = unicodedata.normalize("NFKC", voucher).replace(" ", "")
    return _DASHES.sub("-", half).translate(_UPPER)


def key_of(expression: str | Expression) -> Func:
    """The same of a column."""
    return Func(
        expression,
        template=(
            "upper(regexp_replace(replace(normalize(%(expressions)s, NFKC), ' ', ''), "
            f"'[{DASHES}]+', '-', 'g') COLLATE \"C\")"
        ),
        output_field=CharField(),
    )
