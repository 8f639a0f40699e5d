"""Sections that imports made and whose names hint at standing water wait for the decision."""

from django.db import migrations

HINTS = ("水库", "湖", "库")
LISTED = ("鲁班岛", "花鱼洞", "贵铝泵房")


def say_what_was_assumed(apps, schema_editor):
    """The water stays what it is: another one would change classes and money."""
    Section = apps.get_model("monitoring", "Section")
    using = schema_editor.connection.alias
    for section in Section.objects.using(using).filter(source="导入时新建"):
        hint = next((word for word in HINTS if word in section.name), "")
        if not hint and section.name not in LISTED:
            continue
        named = f"名称含“{hint}”" if hint else "国家站名录"
        taken = "湖库" if section.water_body == "lake" else "河流"
        section.water_body_why = f"{named}，导入时按{taken}"
        section.save(update_fields=["water_body_why"])


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0010_section_water_body_decided")]

    operations = [migrations.RunPython(say_what_was_assumed, migrations.RunPython.noop)]
