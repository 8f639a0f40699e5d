"""The provinces a national release can name (GB/T 2260), so that an empty database takes one."""

from django.db import migrations

# code, name, short name, pinyin to sort by
PROVINCES = [
    ("110000", "北京市", "北京", "bei jing"),
    ("120000", "天津市", "天津", "tian jin"),
    ("130000", "河北省", "河北", "he bei"),
    ("140000", "山西省", "山西", "shan xi"),
    ("150000", "内蒙古自治区", "内蒙古", "nei meng gu"),
    ("210000", "辽宁省", "辽宁", "liao ning"),
    ("220000", "吉林省", "吉林", "ji lin"),
    ("230000", "黑龙江省", "黑龙江", "hei long jiang"),
    ("310000", "上海市", "上海", "shang hai"),
    ("320000", "江苏省", "江苏", "jiang su"),
    ("330000", "浙江省", "浙江", "zhe jiang"),
    ("340000", "安徽省", "安徽", "an hui"),
    ("350000", "福建省", "福建", "fu jian"),
    ("360000", "江西省", "江西", "jiang xi"),
    ("370000", "山东省", "山东", "shan dong"),
    ("410000", "河南省", "河南", "he nan"),
    ("420000", "湖北省", "湖北", "hu bei"),
    ("430000", "湖南省", "湖南", "hu nan"),
    ("440000", "广东省", "广东", "guang dong"),
    ("450000", "广西壮族自治区", "广西", "guang xi"),
    ("460000", "海南省", "海南", "hai nan"),
    ("500000", "重庆市", "重庆", "chong qing"),
    ("510000", "四川省", "四川", "si chuan"),
    ("520000", "贵州省", "贵州", "gui zhou"),
    ("530000", "云南省", "云南", "yun nan"),
    ("540000", "西藏自治区", "西藏", "xi zang"),
    ("610000", "陕西省", "陕西", "shaan xi"),
    ("620000", "甘肃省", "甘肃", "gan su"),
    ("630000", "青海省", "青海", "qing hai"),
    ("640000", "宁夏回族自治区", "宁夏", "ning xia"),
    ("650000", "新疆维吾尔自治区", "新疆", "xin jiang"),
    ("710000", "台湾省", "台湾", "tai wan"),
    ("810000", "香港特别行政区", "香港", "xiang gang"),
    ("820000", "澳门特别行政区", "澳门", "ao men"),
]


def fill(apps, schema_editor):
    jurisdiction = apps.get_model("basins", "Jurisdiction")
    jurisdiction.objects.bulk_create(
        jurisdiction(code=code, name=name, short_name=short, sort_key=key, level="province")
        for code, name, short, key in PROVINCES
    )


class Migration(migrations.Migration):
    dependencies = [("basins", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
