"""The indicators that stations and laboratories report (HJ 525; decimals as stations show)."""

from django.db import migrations

# code, name, factor of HJ 525, unit, decimals shown
INDICATORS = [
    ("WT", "水温", "w01010", "℃", 1),
    ("pH", "pH", "w01001", "", 2),
    ("DO", "溶解氧", "w01009", "mg/L", 2),
    ("EC", "电导率", "w01014", "μS/cm", 1),
    ("TURB", "浊度", "w01003", "NTU", 1),
    ("CODMn", "高锰酸盐指数", "w01019", "mg/L", 2),
    ("COD", "化学需氧量", "w01018", "mg/L", 1),
    ("BOD5", "五日生化需氧量", "w01017", "mg/L", 1),
    ("NH3-N", "氨氮", "w21003", "mg/L", 3),
    ("TP", "总磷", "w21011", "mg/L", 3),
    ("TN", "总氮", "w21001", "mg/L", 2),
    ("Cu", "铜", "", "mg/L", 4),
    ("Zn", "锌", "", "mg/L", 4),
    ("F", "氟化物", "", "mg/L", 2),
    ("Se", "硒", "", "mg/L", 4),
    ("As", "砷", "", "mg/L", 4),
    ("Hg", "汞", "", "mg/L", 5),
    ("Cd", "镉", "", "mg/L", 5),
    ("Cr6", "六价铬", "", "mg/L", 3),
    ("Pb", "铅", "", "mg/L", 4),
    ("CN", "氰化物", "", "mg/L", 3),
    ("VP", "挥发酚", "", "mg/L", 4),
    ("petroleum", "石油类", "", "mg/L", 2),
    ("LAS", "阴离子表面活性剂", "", "mg/L", 2),
    ("sulfide", "硫化物", "", "mg/L", 3),
    ("FC", "粪大肠菌群", "", "个/L", 0),
    ("sulfate", "硫酸盐", "", "mg/L", 1),
    ("chloride", "氯化物", "", "mg/L", 1),
    ("nitrate-N", "硝酸盐氮", "", "mg/L", 2),
    ("Fe", "铁", "", "mg/L", 3),
    ("Mn", "锰", "w20124", "mg/L", 4),
    ("Chla", "叶绿素a", "w01016", "mg/L", 3),
    ("algae", "藻密度", "", "cells/L", 0),
]


def fill(apps, schema_editor):
    apps.get_model("monitoring", "Indicator").objects.bulk_create(
        apps.get_model("monitoring", "Indicator")(
            code=code, name=name, factor=factor, unit=unit, decimals=decimals, order=order
        )
        for order, (code, name, factor, unit, decimals) in enumerate(INDICATORS, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_readings_partitioned")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
