"""A committed world in which everything that can change what is known has changed."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from basins.ranges import between
from monitoring.models import SamplingPlan, Target
from settlements import pipeline
from settlements.accruals.services.accruals import accrue_agreement
from settlements.accruals.services.rulings import revoke_ruling, rule_month
from tests.settlements.strands import Chain
from tests.worlds import Border, People, month, publish_year

AMMONIA = [{"indicator": "NH3-N", "limit": None, "unit_price": "100000", "mirror_price": None}]


class World:
    """Two agreements through everything that changes what is known, each change committed.

    `seen` holds a moment after every change, with everything worked in.
    """

    def __init__(self) -> None:
        self.people = People.make()
        self.seen: dict[str, datetime] = {"empty": timezone.now()}
        self.border = Border.make()
        self.chain = Chain.make("甲区", "乙区")
        self.first()
        self.correct_and_deliver_late()
        self.change_target_and_plan()
        self.rule_and_revoke()
        self.amend()
        self.publish_and_correct()

    def noted(self, name: str) -> None:
        pipeline.recompute()
        self.seen[name] = timezone.now()

    def first(self) -> None:
        for n, when in enumerate(self.border.months("2019-01", "2020-12")):
            self.border.measured(when, 1 + n % 5)
        for day in (5, 25):  # a third sample of another value: a mean that does not end
            at = datetime(2020, 7, day, 10, tzinfo=timezone.get_default_timezone())
            self.border.store(at, {"NH3-N": f"1.{day}"})
        term = self.chain.term("pollution_load", date(2023, 1, 1), date(2024, 1, 1),
                               indicators=AMMONIA, yearly_cap="3000000")  # fmt: skip
        assert term.pk
        for n in range(1, 13):
            self.chain.measured(f"2023-{n:02d}", "IV")
        self.chain.figures(*(f"S0 2023-{n:02d} 水量 12,500万m³" for n in range(1, 4)))
        self.noted("first")

    def correct_and_deliver_late(self) -> None:
        self.border.measured("2019-03", 5)
        self.noted("corrected")
        self.border.measured("2021-02", 2)
        self.noted("late")
        self.chain.figures("S0 2023-01 水量 25,000万m³")
        self.noted("figure")

    def change_target_and_plan(self) -> None:
        Target.objects.filter(section=self.border.section).update(water_class=2)
        self.noted("target")
        section = self.border.section
        with transaction.atomic():
            SamplingPlan.objects.create(section=section, per_day=12, in_force=between(None))
        self.noted("plan")

    def rule_and_revoke(self) -> None:
        ruling = rule_month(
            section=self.border.section, month=month("2020-06"), state="natural_no_flow",
            ground="drought", reason="断流", by=self.people.bureau,
        )  # fmt: skip
        self.noted("ruled")
        revoke_ruling(ruling=ruling, why="误判", by=self.people.bureau)
        self.noted("revoked")

    def amend(self) -> None:
        with transaction.atomic():
            old = self.border.agreement.terms.get(number=2)
            old.in_force = between(date(2023, 1, 1), date(2024, 1, 1))
            old.save()
            self.border.term("baseline", date(2024, 1, 1), baseline_class="II")
            accrue_agreement(agreement=self.border.agreement)
        self.noted("amended")

    def publish_and_correct(self) -> None:
        publish_year(self.border.agreement, 2020, self.people, on=date(2021, 2, 1))
        self.noted("published")
        self.border.measured("2020-05", 6)
        self.noted("proposed")
        self.border.measured("2020-05", 2)  # as it was: the proposal is withdrawn
        self.noted("withdrawn")
