"""Terms may deviate from the 统计口径; stored ones follow it, as they always did."""

from django.db import migrations

from settlements.migrations._parameters import FOLLOWS, give_parameters

NEW = {
    rule: FOLLOWS
    for rule in (
        "class_vs_last_year",
        "baseline",
        "exceedance_steps",
        "percent_change",
        "pollutant_threshold",
        "pollution_load",
        "town_outflow",
        "p_index",
        "weighted_score",
        "joint_fund",
        "fixed_annual",
        "municipal_fill",
        "rank",
    )
}


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0008_assessment_basis"),
        ("settlements", "0024_shares_are_whole"),
    ]

    operations = [give_parameters(NEW)]
