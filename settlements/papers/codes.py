"""核验码: what is printed on every page of a paper, and found again by whoever holds it.

Fifteen random characters (75 bits: cannot be guessed) and one check character that catches any
single wrong character. The alphabet is Crockford's: no I, L, O, U; O is read as 0, I and L as 1.
"""

import secrets
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM = 15
READ_AS = str.maketrans("OIL", "011")


class BadCode(ValueError):
    """The text cannot be a code; the message (Chinese) says what is wrong."""


def new_code() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + check_character(body)


def check_character(body: str) -> str:
    """Luhn's check over the 32 characters (Luhn mod N)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def shown(code: str) -> str:
    """In groups of four: ABCD-EFGH-JKMN-PQRS."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def read_code(text: str) -> str:
    """The code as typed: lower case, full width, blanks and dashes do not matter.

    Raises BadCode.
    """
    plain = unicodedata.normalize("NFKC", text).upper().translate(READ_AS)
    code = "".join(c for c in plain if not c.isspace() and c not in "-‐‑–—")
    if len(code) != RANDOM + 1 or any(c not in ALPHABET for c in code):
        raise BadCode("核验码是 16 位字母和数字，印在每页页脚；请照抄。")
    if check_character(code[:-1]) != code[-1]:
        raise BadCode("核验码有一位不对；请对照纸面再输一次。")
    return code
