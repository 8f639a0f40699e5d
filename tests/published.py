"""Published months for tests: the people it takes, and a notice from draft to publication."""

from datetime import date

from django.contrib.auth.hashers import make_password

from basins.models import Jurisdiction, Role, User
from basins.ranges import between
from settlements.models import AgreementMonth, Notice
from settlements.notices.services.notices import prepare_notice, sign_off_notice
from tests.past import established
from tests.worlds import Border, People, month


def person(name: str, role: str, jurisdiction: Jurisdiction | None = None, **more) -> User:
    """One more person of a role, in office since 2018."""
    user = User.objects.create(
        username=name, display_name=name, password=make_password(None), **more
    )
    with established():
        Role.objects.create(
            user=user, role=role, jurisdiction=jurisdiction, in_force=between(date(2018, 1, 1))
        )
    return user


def published(people: People, when: str, **options) -> Notice:
    """The month's notice, prepared by bureau and signed off by bureau2."""
    notice = prepare_notice(month=month(when), by=people.bureau, **options)
    return sign_off_notice(notice=notice, by=people.bureau2)


def agreement_month(border: Border, when: str) -> AgreementMonth:
    return AgreementMonth.objects.get(agreement=border.agreement, month=month(when))
