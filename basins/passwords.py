"""What a password must be, in our words; and passwords that people here choose by habit.

The habits stand beside Django's list of common passwords: 我爱你 in its spellings, lucky numbers,
rows of keys, the words of the trade and the names of the places, with a year or a few signs.
"""

import re

from django.contrib.auth import password_validation as django
from django.core.exceptions import ValidationError
from django.db.models import Q

from basins.city import home
from basins.models import Jurisdiction, User

LEAST = 4  # characters that must be left when the habits are taken out
_AS_LETTERS = str.maketrans({"@": "a", "$": "s", "0": "o", "3": "e", "!": "i", "|": "l"})
# Taken out of the letters: longest first, so that a word goes whole.
HABITS = (
    "woaini", "iloveyou", "aini", "baobei", "laopo", "laogong", "password", "passwd", "passwort",
    "mima", "admin", "administrator", "guanliyuan", "root", "system", "test", "ceshi", "demo",
    "yanshi", "user", "welcome", "hello", "nihao", "huanying", "zhongguo", "china", "abcd", "abc",
    "huanbao", "huanjing", "shengtai", "shuizhi", "jiance", "duanmian", "liuyu", "buchang",
    "caizheng", "shenji", "river", "water", "qwertyuiop", "qwerty", "qwert", "qwer", "asdfghjkl",
    "asdfgh", "asdf", "zxcvbnm", "zxcvbn", "zxcv", "qazwsx", "wsxedc", "qaz", "wsx", "edc", "poiuy",
)  # fmt: skip
_KEYS = re.compile(r"[1!][qQ][aA][zZ]|[2@][wW][sS][xX]|[3#][eE][dD][cC]|[4$][rR][fF][vV]")
# Lucky numbers, years and days, rows of digits.
_NUMBERS = re.compile(r"5201314|1314|520|521|(?:19|20)\d\d(?:[01]\d(?:[0-3]\d)?)?|8{3,}|6{3,}")
_ROWS = re.compile(r"(?:01234567890|1234567890|0987654321|9876543210|123456789|12345678|1234567"
                   r"|123456|12345|1234|123|654321|54321|4321|321)")  # fmt: skip


class MinimumLengthValidator(django.MinimumLengthValidator):
    def get_error_message(self) -> str:
        return f"密码至少 {self.min_length} 个字符；请加长。"


class UserAttributeSimilarityValidator(django.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return "密码与%(verbose_name)s太相似；请另换一个。"


class CommonPasswordValidator(django.CommonPasswordValidator):
    def get_error_message(self) -> str:
        return "密码是常见的密码；请另换一个。"


class NumericPasswordValidator(django.NumericPasswordValidator):
    def get_error_message(self) -> str:
        return "密码只有数字；请加上字母或汉字。"


class HabitPasswordValidator:
    """Refuses what is nothing but habits put together, and what has fewer than five characters
    in it that differ. Source of the kinds: GB/T 22239—2019 level 3, 8.1.4.1 a)."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(set(password)) < 5:
            raise ValidationError(
                "密码里不同的字符太少；请至少用五个不同的字符。", code="password_too_plain"
            )
        if len(self.remains(password, user)) < LEAST:
            raise ValidationError(
                "密码由常见的词、数字、键盘顺序、地名或用户名拼成，容易被猜到；"
                "请用几个互不相关的词，或一句话里各字拼音的头几个字母。",
                code="password_of_habits",
            )

    def remains(self, password: str, user: User | None = None) -> str:
        """What is left of the password when habits, names and signs are taken out, also with what
        parts the words taken out before (zhang.san is zhangsan); the least counts."""
        # The longest first; of equally long ones both ways, as minzhao taken out of zhaominzhaomin
        # leaves more than zhaomin does.
        words = sorted({*HABITS, *_names(user)})
        orders = (sorted(words, key=len)[::-1], sorted(words, key=len, reverse=True))
        apart, together = password, re.sub(r"[\W_]", "", password)
        return min(
            (_remains(each, order) for each in (apart, together) for order in orders), key=len
        )

    def get_help_text(self) -> str:
        return "不要用常见的词、键盘顺序、地名、用户名加数字拼成密码。"


def _remains(password: str, words: list[str]) -> str:
    text = _NUMBERS.sub(" ", _ROWS.sub(" ", _KEYS.sub(" ", password))).lower()
    for word in words:
        text = text.replace(word, " ")
    spelt = text.translate(_AS_LETTERS)
    for word in words:
        if len(word) >= 4 and word in spelt:
            at = spelt.index(word)
            text = text[:at] + " " * len(word) + text[at + len(word) :]
            spelt = text.translate(_AS_LETTERS)
    return re.sub(r"[\W_]", "", text)


def _names(user: User | None) -> set[str]:
    """Names of the installation's place, of the places in it, and of the person; 2 SQL queries."""
    city = home()
    found = {city.name, city.name.rstrip("市省")}
    own = ~Q(level=Jurisdiction.Level.PROVINCE) | Q(code=city.province)
    for names in Jurisdiction.objects.filter(own).values_list(
        "name", "short_name", "name_en", "sort_key"
    ):
        found |= set(names)
    if user is not None:
        from pypinyin import lazy_pinyin  # its tables take longer to load than most pages

        found |= {user.username, user.display_name, user.unit}
        # A name as it sounds, either way round: 李明 as liming and mingli.
        sounds = lazy_pinyin(user.display_name, errors="ignore")
        found |= {"".join(sounds), "".join([*sounds[1:], *sounds[:1]])}
    return {re.sub(r"[\s_-]", "", name).lower() for name in found if len(name) >= 2}
