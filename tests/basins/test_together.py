"""Several querysets by one SQL statement give what each gives by its own."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Max, Model, Prefetch, QuerySet, Sum

from basins.models import CalendarDay, Role
from basins.together import read_together
from settlements.models import Accrual, Agreement, Term, TermSection, Transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(border, people) -> Agreement:
    border.assessed("2022-06", "III")
    border.assessed("2023-06", "II")
    assert Transfer.objects.exists()
    return border.agreement


def asked(agreement: Agreement) -> list[QuerySet]:
    """Models and tuples; ranges, moments, amounts, JSON, truth and nothing at all."""
    return [
        Term.objects.filter(agreement=agreement).order_by("-number"),
        TermSection.objects.select_related("term", "section").order_by("-pk"),
        Accrual.objects.order_by("-period").only("period", "state"),
        Transfer.objects.order_by().values_list("payer_id").annotate(total=Sum("yuan")),
        Role.objects.order_by("-pk").values_list(
            "in_force", "user__date_joined", "user__is_active"
        ),
        agreement.parties.order_by("pk").values_list("since", flat=True),
        CalendarDay.objects.values_list("announced").annotate(last=Max("date")).order_by("last"),
        Agreement.objects.filter(pk__in=[]),
        Agreement.objects.filter(code="‘none’ %s"),
    ]


def content(row: object) -> object:
    """A model with all it holds, or the tuple."""
    if not isinstance(row, Model):
        return row
    fields = {name: value for name, value in vars(row).items() if name != "_state"}
    return fields | {name: content(own) for name, own in row._state.fields_cache.items()}


def test_it_gives_what_each_gives_by_its_own(agreement):
    alone = [list(each) for each in asked(agreement)]
    together = asked(agreement)
    read_together(*together)
    for one, other in zip(alone, together, strict=True):
        assert [content(row) for row in one] == [content(row) for row in other]
    assert [type(each) for each in alone[3][0]] == [int, Decimal]
    assert alone[5] == [None, None]


def test_it_is_one_statement_and_nothing_is_asked_again(agreement, django_assert_num_queries):
    together = asked(agreement)
    with django_assert_num_queries(1):
        read_together(*together)
    with django_assert_num_queries(0):
        for each in together:
            list(each)
        assert together[1][0].section.code
        assert together[1][0].term.parameters
        assert not together[7]


def test_values_are_of_the_types_that_the_driver_gives(agreement):
    terms = Term.objects.filter(agreement=agreement).order_by("number")
    days = CalendarDay.objects.filter(date=date(2024, 2, 10)).values_list("date", "kind")
    read_together(terms, days)
    assert list(days) == [(date(2024, 2, 10), "holiday")]
    [term, *_] = terms
    fresh = Term.objects.get(pk=term.pk)
    assert (term.in_force, term.parameters) == (fresh.in_force, fresh.parameters)


def test_prefetches_follow_and_a_refined_queryset_asks_anew(agreement, django_assert_num_queries):
    terms = Term.objects.filter(agreement=agreement).prefetch_related(
        Prefetch("sections", TermSection.objects.select_related("section"))
    )
    with django_assert_num_queries(2):
        read_together(terms)
    with django_assert_num_queries(0):
        assert [part.section.code for term in terms for part in term.sections.all()]
    with django_assert_num_queries(1):
        assert terms.filter(pk=0).count() == 0


def test_rows_are_not_locked_that_way(agreement):
    with pytest.raises(ValueError, match="locked"):
        read_together(Agreement.objects.select_for_update())
